//! `allOf`, `anyOf`, `oneOf`, and lists of types.

use super::context::{Context, Found};
use super::{JsonSchema, NodeId};
use crate::jsonschema::model::{Criterion, Kind};

fn parts(schema: &JsonSchema, id: NodeId) -> Option<(Criterion, &[NodeId])> {
    if let Kind::Combined(criterion, parts) = &schema.node(id).kind {
        Some((*criterion, parts))
    } else {
        None
    }
}

/// One of the two is combined, the other is not. Says whether that settled it.
pub(super) fn compare_with_combined(context: &mut Context<'_>, original: NodeId, update: NodeId) -> bool {
    let (writer, reader) = (context.writer, context.reader);
    match (parts(writer, original), parts(reader, update)) {
        (None, Some((_, [only]))) => context.pair(original, *only).is_empty(),
        // It is enough to be one of the choices.
        (None, Some((Criterion::Any | Criterion::One, choices))) => {
            choices.iter().any(|choice| context.pair(original, *choice).is_empty())
        }
        (Some((_, [only])), None) => context.pair(*only, update).is_empty(),
        // It is enough that one of the demands is kept.
        (Some((Criterion::All, demands)), None) => {
            demands.iter().any(|demand| context.pair(*demand, update).is_empty())
        }
        _ => false,
    }
}

/// Both are combined.
pub(super) fn compare_combined(context: &mut Context<'_>, original: NodeId, update: NodeId) {
    let (writer, reader) = (context.writer, context.reader);
    let (Some((old, olds)), Some((new, news))) = (parts(writer, original), parts(reader, update)) else {
        return;
    };
    let extended = new == Criterion::Any
        || (olds.len() == 1 && (news.len() == 1 || new == Criterion::One))
        || (news.len() == 1 && old == Criterion::All);
    if old != new && !extended {
        context.wrong("COMBINED_TYPE_CHANGED");
        return;
    }
    if olds.len() < news.len() && new == Criterion::All {
        context.wrong("PRODUCT_TYPE_EXTENDED");
    } else if olds.len() > news.len() && old != Criterion::All {
        context.wrong("SUM_TYPE_NARROWED");
    }
    // Each part of the smaller side needs one of the other for itself.
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(olds.len());
    for original in olds {
        let mut goes = Vec::new();
        for (index, update) in news.iter().enumerate() {
            let found: Found = context.pair(*original, *update);
            if found.is_empty() {
                goes.push(index);
            }
            if context.is_exhausted() {
                return;
            }
        }
        edges.push(goes);
    }
    if matched(&edges, news.len()) < olds.len().min(news.len()) {
        context.wrong("COMBINED_TYPE_SUBSCHEMAS_CHANGED");
    }
}

/// The size of the largest matching of a bipartite graph, by augmenting paths (Kuhn); without recursion.
fn matched(edges: &[Vec<usize>], right: usize) -> usize {
    let mut taken: Vec<Option<usize>> = vec![None; right];
    let mut size = 0;
    for start in 0..edges.len() {
        let mut seen = vec![false; right];
        // The way so far: a node on the left, the next edge to try, and the node on the right it came to.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((left, next)) = way.last_mut() {
            let Some(&to) = edges[*left].get(*next) else {
                way.pop();
                continue;
            };
            *next += 1;
            if std::mem::replace(&mut seen[to], true) {
                continue;
            }
            if let Some(owner) = taken[to] {
                way.push((owner, 0));
                continue;
            }
            // Free: everyone on the way takes what they last tried.
            for (left, next) in &way {
                taken[edges[*left][*next - 1]] = Some(*left);
            }
            size += 1;
            break;
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use super::matched;

    #[test]
    fn the_largest_matching() {
        assert_eq!(matched(&[vec![0, 1], vec![0]], 2), 2);
        assert_eq!(matched(&[vec![0], vec![0]], 2), 1);
        assert_eq!(matched(&[vec![0, 1], vec![0, 2], vec![0]], 3), 3);
        assert_eq!(matched(&[vec![], vec![1]], 2), 1);
        assert_eq!(matched(&[vec![1], vec![0, 1], vec![0, 2], vec![2, 3]], 4), 4);
    }
}

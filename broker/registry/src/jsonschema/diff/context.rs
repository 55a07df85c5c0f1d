//! What has been compared, where we are, and what was found.

use std::collections::HashMap;
use std::rc::Rc;

use highway_types::limits::{SCHEMA_COMPARE_MAX_DEPTH, SCHEMA_COMPARE_MAX_PAIRS};

use super::words::description;
use super::{JsonSchema, compare_nodes};
use crate::compat::{Difference, Policy};
use crate::jsonschema::model::{Kind, NodeId};

/// Differences kept of one pair; more help nobody, and pairs that meet in many places would multiply them.
const KEPT: usize = 50;
/// Rounds until recursive schemas must have settled.
const ROUNDS: usize = 20;

/// A difference and its path below the pair.
pub(super) type Found = Rc<Vec<(&'static str, String)>>;

type Pairs = HashMap<(NodeId, NodeId), Found>;

pub(super) struct Context<'a> {
    pub writer: &'a JsonSchema,
    pub reader: &'a JsonSchema,
    policy: Policy,
    path: Vec<String>,
    found: Vec<(&'static str, String)>,
    /// Compared; nothing while it is being compared.
    known: HashMap<(NodeId, NodeId), Option<Found>>,
    /// Found to be incompatible in an earlier round.
    incompatible: Pairs,
    /// Whether a pair was met within itself and taken as compatible.
    assumed: bool,
    depth: usize,
    exhausted: bool,
}

/// Compares until what was assumed of recursive pairs has proved right.
pub(super) fn run(policy: Policy, writer: &JsonSchema, reader: &JsonSchema) -> Vec<Difference> {
    let mut incompatible = Pairs::new();
    for _ in 0..ROUNDS {
        let mut context = Context::new(policy, writer, reader, incompatible);
        let found = context.pair(writer.root, reader.root);
        if context.exhausted {
            break;
        }
        let before = context.incompatible.len();
        let mut known = context.incompatible;
        known.extend(
            context
                .known
                .into_iter()
                .filter_map(|(pair, found)| Some((pair, found.filter(|f| !f.is_empty())?))),
        );
        if !context.assumed || known.len() == before {
            return found.iter().map(|(of, path)| difference(of, path)).collect();
        }
        incompatible = known;
    }
    vec![Difference::too_complex()]
}

fn difference(of: &'static str, path: &str) -> Difference {
    Difference { error_type: of.to_owned(), description: description(of, &format!("#/{path}")), info: None }
}

impl<'a> Context<'a> {
    fn new(policy: Policy, writer: &'a JsonSchema, reader: &'a JsonSchema, incompatible: Pairs) -> Self {
        Self {
            writer,
            reader,
            policy,
            path: Vec::new(),
            found: Vec::new(),
            known: HashMap::new(),
            incompatible,
            assumed: false,
            depth: 0,
            exhausted: false,
        }
    }

    /// Notes what is never compatible.
    pub fn wrong(&mut self, of: &'static str) {
        if self.found.len() < KEPT {
            self.found.push((of, self.path.join("/")));
        }
    }

    /// Notes what a lenient policy lets pass.
    pub fn strict(&mut self, of: &'static str) {
        if self.policy == Policy::Strict {
            self.wrong(of);
        }
    }

    /// Whether the comparison has been given up.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Goes a step down.
    pub fn at(&mut self, step: &str, then: impl FnOnce(&mut Self)) {
        self.path.push(step.to_owned());
        then(self);
        self.path.pop();
    }

    /// Adds what was found of a pair, below where we are.
    pub fn extend(&mut self, found: &Found) {
        for (of, path) in found.iter() {
            if self.found.len() >= KEPT {
                return;
            }
            let mut full = self.path.join("/");
            if !full.is_empty() && !path.is_empty() {
                full.push('/');
            }
            full.push_str(path);
            self.found.push((of, full));
        }
    }

    /// What there is of a pair, which is compared but once.
    pub fn pair(&mut self, original: NodeId, update: NodeId) -> Found {
        let (Some(original), Some(update)) = (target(self.writer, original), target(self.reader, update))
        else {
            return Rc::new(vec![("TYPE_CHANGED", String::new())]);
        };
        if self.exhausted {
            return Rc::default();
        }
        match self.known.get(&(original, update)) {
            Some(Some(found)) => return found.clone(),
            Some(None) => {
                if let Some(found) = self.incompatible.get(&(original, update)) {
                    return found.clone();
                }
                self.assumed = true;
                return Rc::default();
            }
            None => {}
        }
        if self.depth > SCHEMA_COMPARE_MAX_DEPTH || self.known.len() > SCHEMA_COMPARE_MAX_PAIRS {
            self.exhausted = true;
            return Rc::default();
        }
        self.known.insert((original, update), None);
        self.depth += 1;
        let (path, outer) = (std::mem::take(&mut self.path), std::mem::take(&mut self.found));
        compare_nodes(self, original, update);
        self.path = path;
        let found = Rc::new(std::mem::replace(&mut self.found, outer));
        self.depth -= 1;
        self.known.insert((original, update), Some(found.clone()));
        found
    }

    /// Whether the writer's node takes all that the reader's does: the other way round.
    pub fn reversed(&mut self, original: NodeId, update: NodeId) -> bool {
        let mut context = Context::new(self.policy, self.reader, self.writer, Pairs::new());
        context.depth = self.depth + 1;
        let found = context.pair(original, update);
        self.exhausted |= context.exhausted;
        found.is_empty()
    }
}

/// The node behind references; nothing when they go round.
fn target(schema: &JsonSchema, mut id: NodeId) -> Option<NodeId> {
    for _ in 0..64 {
        match schema.node(id).kind {
            Kind::Reference(next) => id = next,
            _ => return Some(id),
        }
    }
    None
}

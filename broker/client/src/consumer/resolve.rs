//! From "the last ten" or "since noon" to offsets.

use std::collections::{BTreeMap, BTreeSet};

use highway_types::{Offset, TopicName, TopicPartition};

use super::config::Position;
use crate::admin::OffsetSpec;
use crate::cluster::Client;
use crate::error::ClientError;

/// The offset that each position means now.
///
/// # Errors
/// A partition does not exist, or its leader does not answer.
pub async fn resolve_positions(
    client: &Client,
    wanted: &[(TopicPartition, Position)],
) -> Result<BTreeMap<TopicPartition, Offset>, ClientError> {
    let mut found = BTreeMap::new();
    let topics: BTreeSet<&TopicName> = wanted.iter().map(|(p, _)| &p.topic).collect();
    for topic in topics {
        let of_topic = || wanted.iter().filter(|(p, _)| p.topic == *topic);
        let ask = |spec: fn(Position) -> Option<OffsetSpec>| -> Vec<(i32, OffsetSpec)> {
            of_topic().filter_map(|(p, at)| Some((p.partition.0, spec(*at)?))).collect()
        };
        let earliest =
            ask(|at| matches!(at, Position::Earliest | Position::Tail(_)).then_some(OffsetSpec::Earliest));
        let latest = ask(|at| {
            matches!(at, Position::Latest | Position::Tail(_) | Position::Since(_))
                .then_some(OffsetSpec::Latest)
        });
        let since = ask(|at| match at {
            Position::Since(time) => Some(OffsetSpec::At(time)),
            _ => None,
        });
        let earliest = client.list_offsets(topic, &earliest).await?;
        let latest = client.list_offsets(topic, &latest).await?;
        let since = client.list_offsets(topic, &since).await?;
        for (partition, at) in of_topic() {
            let index = partition.partition.0;
            let begin = || earliest.get(&index).map_or(Offset::ZERO, |l| l.offset);
            let end = || latest.get(&index).map_or(Offset::ZERO, |l| l.offset);
            let offset = match at {
                Position::Earliest => begin(),
                Position::Latest => end(),
                Position::At(offset) => *offset,
                Position::Tail(count) => begin().max(end() + -*count),
                Position::Since(_) => {
                    since.get(&index).map(|l| l.offset).filter(|o| *o != Offset::NONE).unwrap_or_else(end)
                }
            };
            found.insert(partition.clone(), offset);
        }
    }
    Ok(found)
}

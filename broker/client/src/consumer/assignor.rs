//! How partitions are shared out in a group: Kafka's `range` and `roundrobin`.

use std::collections::BTreeMap;

use highway_types::{PartitionIndex, TopicName, TopicPartition};

/// A member's id (its instance id first, so that static members keep their place) with the topics it wants.
pub(super) type Wishes = BTreeMap<(Option<String>, String), Vec<TopicName>>;

/// The assignors that are offered, best first.
pub(super) const ASSIGNORS: [&str; 2] = ["range", "roundrobin"];

/// Shares out; by member id.
pub(super) fn assign(
    assignor: &str,
    wishes: &Wishes,
    partitions: &BTreeMap<TopicName, i32>,
) -> BTreeMap<String, Vec<TopicPartition>> {
    let mut shares: BTreeMap<String, Vec<TopicPartition>> =
        wishes.keys().map(|(_, id)| (id.clone(), Vec::new())).collect();
    let mut give = |member: &(Option<String>, String), topic: &TopicName, partition: i32| {
        let share = TopicPartition { topic: topic.clone(), partition: PartitionIndex(partition) };
        shares.entry(member.1.clone()).or_default().push(share);
    };
    let mut turn = 0;
    let all: Vec<_> = wishes.keys().collect();
    for (topic, count) in partitions {
        let takers: Vec<_> =
            wishes.iter().filter(|(_, topics)| topics.contains(topic)).map(|(m, _)| m).collect();
        if takers.is_empty() {
            continue;
        }
        if assignor == "roundrobin" {
            for partition in 0..*count {
                while !takers.contains(&all[turn % all.len()]) {
                    turn += 1;
                }
                give(all[turn % all.len()], topic, partition);
                turn += 1;
            }
            continue;
        }
        let members = i32::try_from(takers.len()).unwrap_or(i32::MAX);
        let (each, more) = (count / members, count % members);
        let mut next = 0;
        for (n, member) in (0..).zip(&takers) {
            let share = each + i32::from(n < more);
            (next..next + share).for_each(|partition| give(member, topic, partition));
            next += share;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(members: &[(&str, &[&str])]) -> Wishes {
        let topics = |names: &[&str]| names.iter().map(|t| TopicName::new(t)).collect();
        members.iter().map(|(id, names)| ((None, (*id).to_owned()), topics(names))).collect()
    }

    fn shown(shares: BTreeMap<String, Vec<TopicPartition>>) -> Vec<String> {
        let join = |ps: Vec<TopicPartition>| ps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        shares.into_iter().map(|(id, ps)| format!("{id}: {}", join(ps))).collect()
    }

    #[test]
    fn range_gives_the_first_members_one_more() {
        let counts = BTreeMap::from([(TopicName::new("t"), 3), (TopicName::new("u"), 3)]);
        let shares = assign("range", &wishes(&[("a", &["t", "u"]), ("b", &["t", "u"])]), &counts);
        assert_eq!(shown(shares), ["a: t-0 t-1 u-0 u-1", "b: t-2 u-2"]);
    }

    #[test]
    fn round_robin_goes_on_over_topics_and_past_those_who_do_not_want() {
        let counts = BTreeMap::from([(TopicName::new("t"), 3), (TopicName::new("u"), 2)]);
        let shares =
            assign("roundrobin", &wishes(&[("a", &["t", "u"]), ("b", &["t", "u"]), ("c", &["u"])]), &counts);
        assert_eq!(shown(shares), ["a: t-0 t-2", "b: t-1 u-0", "c: u-1"]);
    }

    #[test]
    fn every_partition_has_one_reader() {
        for assignor in ASSIGNORS {
            let counts = BTreeMap::from([(TopicName::new("t"), 7)]);
            let shares = assign(assignor, &wishes(&[("a", &["t"]), ("b", &["t"]), ("c", &["x"])]), &counts);
            let mut all: Vec<_> = shares.values().flatten().map(|p| p.partition.0).collect();
            all.sort_unstable();
            assert_eq!(all, (0..7).collect::<Vec<_>>(), "{assignor}");
        }
    }
}

//! Offsets that go by themselves: retention, and topics that are deleted.

use std::collections::BTreeSet;
use std::time::Duration;

use highway_types::{GroupId, PartitionIndex, Timestamp, TopicName};

use super::{GroupShard, Phase};
use crate::effect::Effect;
use crate::group::context::{Out, TimerAction, TimerKey};
use crate::group::{ClassicGroup, GroupState};
use crate::offsets::CommittedOffset;

impl GroupShard {
    /// Forgets what was committed for topics that no longer exist. Call it when topics are deleted, and
    /// after loading for those of [`committed_topics`](Self::committed_topics) that are gone: the process may
    /// have ended between the two.
    #[must_use]
    pub fn topics_deleted(&mut self, now: Duration, wall: Timestamp, topics: &[TopicName]) -> Vec<Effect> {
        self.set_time(now, wall);
        if self.phase != Phase::Active {
            return Vec::new();
        }
        let mut out = Out::default();
        let mut gone: Vec<(GroupId, TopicName, PartitionIndex)> = Vec::new();
        for (group, offsets) in &self.offsets {
            for topic in topics {
                let partitions = offsets.topic(topic).into_iter().flat_map(|all| all.keys());
                gone.extend(partitions.map(|p| (group.clone(), topic.clone(), *p)));
            }
        }
        gone.sort();
        for (group, topic, partition) in gone {
            self.forget_offset(&group, &topic, partition, &mut out);
        }
        self.finish(out, None)
    }

    /// Every topic that some group has committed offsets for.
    #[must_use]
    pub fn committed_topics(&self) -> BTreeSet<TopicName> {
        self.offsets.values().flat_map(|o| o.topics().map(|(topic, _)| topic.clone())).collect()
    }

    pub(super) fn schedule_expiry(&mut self) {
        let at = self.now.saturating_add(self.config.offsets_retention_check_interval);
        self.timers.set(TimerKey::Retention, at, TimerAction::Retention);
    }

    /// Forgets expired offsets, and empty groups that have none left.
    pub(super) fn expire_offsets(&mut self, out: &mut Out) {
        let mut ids: Vec<GroupId> = self.groups.keys().cloned().collect();
        ids.sort();
        for id in ids {
            let Some(group) = self.groups.get(&id) else { continue };
            let mut expired: Vec<(TopicName, PartitionIndex)> = Vec::new();
            for (topic, partitions) in self.offsets.get(&id).into_iter().flat_map(|o| o.topics()) {
                let old = |(p, c): (&PartitionIndex, &CommittedOffset)| {
                    self.is_expired(group, topic, c).then(|| (topic.clone(), *p))
                };
                expired.extend(partitions.iter().filter_map(old));
            }
            for (topic, partition) in expired {
                self.forget_offset(&id, &topic, partition, out);
            }
            let removable = self
                .groups
                .get(&id)
                .is_some_and(|g| g.state() == GroupState::Empty && !g.has_pending_members());
            if removable && !self.offsets.contains_key(&id) {
                self.delete_group(&id, out);
            }
        }
        self.schedule_expiry();
    }

    /// Kafka's `ClassicGroup.offsetExpirationCondition` (KIP-211): offsets of an empty group go together, a
    /// time after it became empty; a stable consumer group loses those of topics it no longer reads, and a
    /// group without members ever, each a time after its commit.
    fn is_expired(&self, group: &ClassicGroup, topic: &TopicName, committed: &CommittedOffset) -> bool {
        let since = if group.protocol_type.is_none() {
            committed.commit_timestamp
        } else if group.state() == GroupState::Empty {
            group.state_timestamp.unwrap_or(committed.commit_timestamp)
        } else if group.state() == GroupState::Stable && group.is_consumer() && group.knows_subscription() {
            committed.commit_timestamp
        } else {
            return false;
        };
        if group.is_subscribed_to(topic) {
            return false;
        }
        match committed.expire_timestamp {
            Some(expire) => self.wall >= expire,
            None => {
                let age = self.wall.0.saturating_sub(since.0);
                u128::try_from(age).is_ok_and(|age| age >= self.config.offsets_retention.as_millis())
            }
        }
    }
}

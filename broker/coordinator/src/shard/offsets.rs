//! OffsetCommit, OffsetFetch, OffsetDelete.

use std::sync::Arc;

use highway_types::{LeaderEpoch, Offset, PartitionIndex, Timestamp, TopicName};

use super::GroupShard;
use crate::effect::{RequestId, Token};
use crate::error::GroupError;
use crate::group::context::Out;
use crate::group::{ClassicGroup, GroupState};
use crate::offsets::CommittedOffset;
use crate::records;
use crate::request::{Command, OffsetCommit, OffsetCommitPartition, OffsetDelete, OffsetFetch};
use crate::response::{FetchedOffset, OffsetDeleteResponse, OffsetFetchResponse, Response, TopicErrors};

/// From this version on a commit of an unknown group with a generation says so (KIP-848).
const NOT_FOUND_FROM: i16 = 9;

impl GroupShard {
    pub(super) fn offset_commit(&mut self, from: RequestId, commit: OffsetCommit, out: &mut Out) {
        if let Err(error) = self.validate_commit(&commit) {
            out.reply(from, Response::refuse(Command::OffsetCommit(commit), error));
            return;
        }
        let OffsetCommit { group, member_id, retention_time_ms, topics, .. } = commit;
        self.with_group(&group, out, |g, cx| {
            if matches!(g.state(), GroupState::Stable | GroupState::PreparingRebalance) {
                g.renew_session(cx, &member_id);
            }
        });
        let expire = (retention_time_ms >= 0)
            .then(|| Timestamp(self.wall.0.saturating_add(retention_time_ms)))
            .filter(|t| t.0 >= 0);
        let mut answers: TopicErrors = Vec::with_capacity(topics.len());
        for (topic, partitions) in topics {
            let mut errors = Vec::with_capacity(partitions.len());
            for partition in partitions {
                let index = partition.partition;
                let error = match self.accept(partition, expire) {
                    Ok(committed) => {
                        out.records
                            .push((group.clone(), records::offset_commit(&group, &topic, index, &committed)));
                        self.offsets.entry(group.clone()).or_default().put(topic.clone(), index, committed);
                        GroupError::None
                    }
                    Err(error) => error,
                };
                errors.push((index, error));
            }
            answers.push((topic, errors));
        }
        if !out.records.is_empty() && !self.groups.contains_key(&group) {
            // A group that only holds offsets: its first commit is its record.
            self.groups.insert(group.clone(), ClassicGroup::new(group, self.wall));
        }
        out.reply(from, Response::OffsetCommit(answers));
    }

    /// Kafka's `ClassicGroup.validateOffsetCommit`.
    fn validate_commit(&self, commit: &OffsetCommit) -> Result<(), GroupError> {
        let generation = commit.generation;
        let Some(group) = self.groups.get(&commit.group) else {
            return match generation.0 {
                ..0 => Ok(()),
                _ if commit.api_version >= NOT_FOUND_FROM => Err(GroupError::GroupIdNotFound),
                _ => Err(GroupError::IllegalGeneration),
            };
        };
        if generation.0 < 0 && group.state() == GroupState::Empty {
            return Ok(());
        }
        if generation.0 < 0 && commit.member_id.is_empty() && commit.instance_id.is_none() {
            return Err(GroupError::UnknownMemberId);
        }
        group.validate_member(&commit.member_id, commit.instance_id.as_ref())?;
        if generation != group.generation {
            return Err(GroupError::IllegalGeneration);
        }
        // The member knows this generation but not yet its assignment: it must not commit now.
        if group.state() == GroupState::CompletingRebalance {
            return Err(GroupError::RebalanceInProgress);
        }
        Ok(())
    }

    fn accept(
        &self,
        partition: OffsetCommitPartition,
        expire_timestamp: Option<Timestamp>,
    ) -> Result<CommittedOffset, GroupError> {
        if let Some(error) = partition.refused {
            return Err(error);
        }
        let metadata = partition.metadata.unwrap_or_default();
        // Kafka counts as Java does; a record's string has room for 32,767 bytes whatever the setting says.
        if metadata.encode_utf16().count() > self.config.offset_metadata_max
            || metadata.len() > i16::MAX as usize
        {
            return Err(GroupError::OffsetMetadataTooLarge);
        }
        Ok(CommittedOffset {
            offset: partition.offset,
            // The record version that has an expiry has no room for an epoch, nor have the requests.
            leader_epoch: if expire_timestamp.is_some() { LeaderEpoch::NONE } else { partition.leader_epoch },
            metadata: Arc::from(metadata),
            commit_timestamp: self.wall,
            expire_timestamp,
        })
    }

    pub(super) fn offset_fetch(
        &mut self,
        from: RequestId,
        fetch: OffsetFetch,
        out: &mut Out,
    ) -> Option<Token> {
        let gate = self.gate_of(&fetch.group);
        let offsets = self.offsets.get(&fetch.group);
        let found = |partition: PartitionIndex, committed: Option<&CommittedOffset>| match committed {
            Some(c) => FetchedOffset {
                partition,
                offset: c.offset,
                leader_epoch: c.leader_epoch,
                metadata: c.metadata.clone(),
                error: GroupError::None,
            },
            None => FetchedOffset {
                partition,
                offset: Offset::NONE,
                leader_epoch: LeaderEpoch::NONE,
                metadata: Arc::from(""),
                error: GroupError::None,
            },
        };
        let topics: Vec<(TopicName, Vec<FetchedOffset>)> = match fetch.topics {
            Some(topics) => topics
                .into_iter()
                .map(|(topic, partitions)| {
                    let of = |p| found(p, offsets.and_then(|o| o.get(&topic, p)));
                    let fetched = partitions.into_iter().map(of).collect();
                    (topic, fetched)
                })
                .collect(),
            None => offsets
                .into_iter()
                .flat_map(|o| o.topics())
                .map(|(topic, all)| (topic.clone(), all.iter().map(|(p, c)| found(*p, Some(c))).collect()))
                .collect(),
        };
        let error = GroupError::None;
        out.reply(from, Response::OffsetFetch(OffsetFetchResponse { group: fetch.group, error, topics }));
        gate
    }

    pub(super) fn offset_delete(
        &mut self,
        from: RequestId,
        delete: OffsetDelete,
        out: &mut Out,
    ) -> Option<Token> {
        let OffsetDelete { group: id, topics } = delete;
        let gate = self.gate_of(&id);
        let refused = match self.groups.get(&id) {
            None => Some(GroupError::GroupIdNotFound),
            // Of other protocols the coordinator cannot know what a group with members reads.
            Some(group) if group.state() != GroupState::Empty && !group.is_consumer() => {
                Some(GroupError::NonEmptyGroup)
            }
            Some(_) => None,
        };
        let mut answers: TopicErrors = Vec::with_capacity(topics.len());
        if refused.is_none() {
            for (topic, partitions) in topics {
                let subscribed = self.groups.get(&id).is_some_and(|g| g.is_subscribed_to(&topic));
                let mut errors = Vec::with_capacity(partitions.len());
                for p in partitions {
                    let error = match p.refused {
                        Some(error) => error,
                        None if subscribed => GroupError::GroupSubscribedToTopic,
                        None => {
                            self.forget_offset(&id, &topic, p.partition, out);
                            GroupError::None
                        }
                    };
                    errors.push((p.partition, error));
                }
                answers.push((topic, errors));
            }
        }
        let error = refused.unwrap_or(GroupError::None);
        out.reply(from, Response::OffsetDelete(OffsetDeleteResponse { error, topics: answers }));
        gate
    }

    /// Removes a committed offset, if there is one, and emits its tombstone.
    pub(super) fn forget_offset(
        &mut self,
        group: &highway_types::GroupId,
        topic: &TopicName,
        partition: PartitionIndex,
        out: &mut Out,
    ) {
        let Some(offsets) = self.offsets.get_mut(group) else { return };
        if offsets.get(topic, partition).is_none() {
            return;
        }
        offsets.remove(topic, partition);
        if offsets.is_empty() {
            self.offsets.remove(group);
        }
        out.records.push((group.clone(), records::offset_tombstone(group, topic, partition)));
    }
}

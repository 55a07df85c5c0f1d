//! Loading a shard from its partition.

use std::time::Duration;

use highway_types::{Offset, Timestamp};

use super::{GroupShard, Phase};
use crate::effect::Effect;
use crate::group::ClassicGroup;
use crate::group::context::Out;
use crate::ids::MemberId;
use crate::records::{GroupMetadataValue, OffsetCommitValue, RecordError, RecordKey};

/// A record that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the group record at offset {offset} cannot be read: {error}")]
pub struct ReplayError {
    /// Where.
    pub offset: Offset,
    /// Why.
    #[source]
    pub error: RecordError,
}

/// What became of a replayed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It is part of the state now.
    Applied,
    /// A kind of record that this version does not know; Kafka passes over those, too.
    Ignored {
        /// The first two bytes of its key.
        kind: i16,
    },
}

impl GroupShard {
    /// One record of the partition, in order. Only before [`loaded`](Self::loaded).
    ///
    /// # Errors
    /// Bytes that are not what their kind says. The state is as before then; whether to go on is the
    /// shell's choice.
    pub fn replay(
        &mut self,
        key: &[u8],
        value: Option<&[u8]>,
        offset: Offset,
    ) -> Result<Replayed, ReplayError> {
        assert_eq!(self.phase, Phase::Loading, "records are replayed before the shard is loaded");
        self.apply(key, value).map_err(|error| ReplayError { offset, error })
    }

    fn apply(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<Replayed, RecordError> {
        match RecordKey::decode(key)? {
            RecordKey::OffsetCommit { group, topic, partition } => match value {
                Some(value) => {
                    let committed = OffsetCommitValue::decode(value)?.into();
                    if !self.groups.contains_key(&group) {
                        self.groups.insert(group.clone(), ClassicGroup::new(group.clone(), self.wall));
                    }
                    self.offsets.entry(group).or_default().put(topic, partition, committed);
                }
                None => {
                    if let Some(offsets) = self.offsets.get_mut(&group) {
                        offsets.remove(&topic, partition);
                        if offsets.is_empty() {
                            self.offsets.remove(&group);
                        }
                    }
                }
            },
            RecordKey::GroupMetadata { group } => match value {
                Some(value) => {
                    let value = GroupMetadataValue::decode(value)?;
                    let loaded = ClassicGroup::from_value(group.clone(), value, self.wall)?;
                    self.groups.insert(group, loaded);
                }
                None => {
                    self.groups.remove(&group);
                }
            },
            RecordKey::Other(kind) => return Ok(Replayed::Ignored { kind }),
        }
        Ok(Replayed::Applied)
    }

    /// All records are replayed: members' sessions start now, and the shard answers from here on.
    #[must_use]
    pub fn loaded(&mut self, now: Duration, wall: Timestamp) -> Vec<Effect> {
        assert_eq!(self.phase, Phase::Loading, "a shard is loaded once");
        self.set_time(now, wall);
        self.phase = Phase::Active;
        self.schedule_expiry();
        let mut ids: Vec<_> = self.groups.keys().cloned().collect();
        ids.sort();
        let mut out = Out::default();
        for id in ids {
            self.with_group(&id, &mut out, |group, cx| {
                let members: Vec<MemberId> = group.members.keys().cloned().collect();
                for member in &members {
                    group.renew_session(cx, member);
                }
                if members.len() > cx.config.max_size {
                    // The setting has shrunk: the members rejoin, and the last ones stay out.
                    group.prepare_rebalance(cx);
                }
            });
        }
        self.finish(out, None)
    }
}

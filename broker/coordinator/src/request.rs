//! Requests, without their wire format.
//!
//! Requests that name several groups (OffsetFetch v8+, DescribeGroups, DeleteGroups) are split by the
//! shell so that each shard sees its own groups only.

use std::sync::Arc;

use bytes::Bytes;
use highway_types::{GroupId, LeaderEpoch, Offset, PartitionIndex, TopicName};

use crate::error::GroupError;
use crate::ids::{Generation, InstanceId, MemberId};

/// A protocol that a member supports, in the order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// For consumers the assignor's name.
    pub name: Arc<str>,
    /// For consumers the subscription; opaque for everybody else.
    pub metadata: Bytes,
}

/// JoinGroup.
#[derive(Clone, Debug)]
pub struct JoinGroup {
    /// The group.
    pub group: GroupId,
    /// Empty on the first try.
    pub member_id: MemberId,
    /// v5+.
    pub instance_id: Option<InstanceId>,
    /// From the request header; empty if null.
    pub client_id: Arc<str>,
    /// As Java prints an address: `/127.0.0.1`.
    pub client_host: Arc<str>,
    /// Milliseconds.
    pub session_timeout_ms: i32,
    /// Milliseconds; ignored on v0, where the session timeout stands for it.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, `sr`, ...
    pub protocol_type: Arc<str>,
    /// In the order of preference.
    pub protocols: Vec<Protocol>,
    /// Decides whether a member id is required (4+) and whether the assignment may be skipped (9+).
    pub api_version: i16,
    /// A random UUID: the end of the member's id if one has to be made.
    pub fresh_id: u128,
}

/// The leader's assignment for one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberAssignment {
    /// The member.
    pub member_id: MemberId,
    /// Opaque.
    pub assignment: Bytes,
}

/// SyncGroup.
#[derive(Clone, Debug)]
pub struct SyncGroup {
    /// The group.
    pub group: GroupId,
    /// The generation of the JoinGroup answer.
    pub generation: Generation,
    /// The member.
    pub member_id: MemberId,
    /// v3+.
    pub instance_id: Option<InstanceId>,
    /// v5+.
    pub protocol_type: Option<Arc<str>>,
    /// v5+.
    pub protocol_name: Option<Arc<str>>,
    /// Empty unless the member leads.
    pub assignments: Vec<MemberAssignment>,
}

/// Heartbeat.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The group.
    pub group: GroupId,
    /// The member's generation.
    pub generation: Generation,
    /// The member.
    pub member_id: MemberId,
    /// v3+.
    pub instance_id: Option<InstanceId>,
}

/// One member that leaves.
#[derive(Clone, Debug)]
pub struct LeavingMember {
    /// Empty when only the instance id is known.
    pub member_id: MemberId,
    /// v3+.
    pub instance_id: Option<InstanceId>,
}

/// LeaveGroup; v0-2 name one member.
#[derive(Clone, Debug)]
pub struct LeaveGroup {
    /// The group.
    pub group: GroupId,
    /// Who leaves.
    pub members: Vec<LeavingMember>,
}

/// DescribeGroups.
#[derive(Clone, Debug)]
pub struct DescribeGroups {
    /// This shard's groups of the request.
    pub groups: Vec<GroupId>,
    /// From 6 on an unknown group is an error (KIP-1043).
    pub api_version: i16,
}

/// ListGroups.
#[derive(Clone, Debug, Default)]
pub struct ListGroups {
    /// v4+: names of states; empty for all; case does not matter.
    pub states: Vec<String>,
    /// v5+: `classic`, `consumer`, ...; empty for all; case does not matter.
    pub types: Vec<String>,
}

/// DeleteGroups.
#[derive(Clone, Debug)]
pub struct DeleteGroups {
    /// This shard's groups of the request.
    pub groups: Vec<GroupId>,
}

/// One partition of an OffsetCommit.
#[derive(Clone, Debug)]
pub struct OffsetCommitPartition {
    /// The partition.
    pub partition: PartitionIndex,
    /// The offset to read next.
    pub offset: Offset,
    /// v6+; otherwise [`LeaderEpoch::NONE`].
    pub leader_epoch: LeaderEpoch,
    /// `None` is stored as the empty string.
    pub metadata: Option<String>,
    /// The shell's own verdict (unknown partition, no permission): answered in place, nothing is stored.
    pub refused: Option<GroupError>,
}

/// OffsetCommit.
#[derive(Clone, Debug)]
pub struct OffsetCommit {
    /// The group.
    pub group: GroupId,
    /// [`Generation::NONE`] for commits outside of group management.
    pub generation: Generation,
    /// Empty for commits outside of group management.
    pub member_id: MemberId,
    /// v7+.
    pub instance_id: Option<InstanceId>,
    /// v2-4: milliseconds that these offsets are kept; -1 for the broker's setting.
    pub retention_time_ms: i64,
    /// What to commit.
    pub topics: Vec<(TopicName, Vec<OffsetCommitPartition>)>,
    /// From 9 on an unknown group with a generation is GROUP_ID_NOT_FOUND (KIP-848).
    pub api_version: i16,
}

/// OffsetFetch of one group.
#[derive(Clone, Debug)]
pub struct OffsetFetch {
    /// The group.
    pub group: GroupId,
    /// `None` for all that is committed.
    pub topics: Option<Vec<(TopicName, Vec<PartitionIndex>)>>,
    /// v7+: fail partitions with offsets of open transactions. There are none yet.
    pub require_stable: bool,
}

/// One partition of an OffsetDelete.
#[derive(Clone, Debug)]
pub struct OffsetDeletePartition {
    /// The partition.
    pub partition: PartitionIndex,
    /// The shell's own verdict: answered in place.
    pub refused: Option<GroupError>,
}

/// OffsetDelete.
#[derive(Clone, Debug)]
pub struct OffsetDelete {
    /// The group.
    pub group: GroupId,
    /// What to forget.
    pub topics: Vec<(TopicName, Vec<OffsetDeletePartition>)>,
}

/// A request to a shard.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // each variant is its one field
pub enum Command {
    JoinGroup(JoinGroup),
    SyncGroup(SyncGroup),
    Heartbeat(Heartbeat),
    LeaveGroup(LeaveGroup),
    DescribeGroups(DescribeGroups),
    ListGroups(ListGroups),
    DeleteGroups(DeleteGroups),
    OffsetCommit(OffsetCommit),
    OffsetFetch(OffsetFetch),
    OffsetDelete(OffsetDelete),
}

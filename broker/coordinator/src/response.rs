//! Answers, without their wire format.

use std::sync::Arc;

use bytes::Bytes;
use highway_types::{GroupId, LeaderEpoch, Offset, PartitionIndex, TopicName};

use crate::error::GroupError;
use crate::group::GroupState;
use crate::ids::{Generation, InstanceId, MemberId};
use crate::request::Command;

/// A member as the leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedMember {
    /// The member.
    pub member_id: MemberId,
    /// Written on v5+ only.
    pub instance_id: Option<InstanceId>,
    /// Its metadata for the chosen protocol.
    pub metadata: Bytes,
}

/// JoinGroup's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinGroupResponse {
    /// The error.
    pub error: GroupError,
    /// -1 with an error.
    pub generation: Generation,
    /// v7+.
    pub protocol_type: Option<Arc<str>>,
    /// `None` is written as the empty string below v7.
    pub protocol_name: Option<Arc<str>>,
    /// Empty with an error.
    pub leader: MemberId,
    /// v9+: the leader must not compute an assignment.
    pub skip_assignment: bool,
    /// The member this answers to.
    pub member_id: MemberId,
    /// Empty unless the member leads.
    pub members: Vec<JoinedMember>,
}

impl JoinGroupResponse {
    pub(crate) fn error(error: GroupError, member_id: MemberId) -> Self {
        Self {
            error,
            generation: Generation::NONE,
            protocol_type: None,
            protocol_name: None,
            leader: MemberId::unknown(),
            skip_assignment: false,
            member_id,
            members: Vec::new(),
        }
    }
}

/// SyncGroup's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncGroupResponse {
    /// The error.
    pub error: GroupError,
    /// v5+.
    pub protocol_type: Option<Arc<str>>,
    /// v5+.
    pub protocol_name: Option<Arc<str>>,
    /// Empty if the leader gave none.
    pub assignment: Bytes,
}

impl SyncGroupResponse {
    pub(crate) fn error(error: GroupError) -> Self {
        Self { error, protocol_type: None, protocol_name: None, assignment: Bytes::new() }
    }
}

/// Heartbeat's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatResponse {
    /// The error.
    pub error: GroupError,
}

/// What became of one leaving member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftMember {
    /// As in the request.
    pub member_id: MemberId,
    /// As in the request.
    pub instance_id: Option<InstanceId>,
    /// The error.
    pub error: GroupError,
}

/// LeaveGroup's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveGroupResponse {
    /// An error of the whole request.
    pub error: GroupError,
    /// In the order of the request; v3+.
    pub members: Vec<LeftMember>,
}

impl LeaveGroupResponse {
    /// The one error that v0-2 can carry.
    #[must_use]
    pub fn single_error(&self) -> GroupError {
        match self.members.as_slice() {
            [one] if self.error.is_none() => one.error,
            _ => self.error,
        }
    }
}

/// A member as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedMember {
    /// The member.
    pub member_id: MemberId,
    /// v4+.
    pub instance_id: Option<InstanceId>,
    /// The client's id.
    pub client_id: Arc<str>,
    /// The client's address, `/127.0.0.1`.
    pub client_host: Arc<str>,
    /// Empty unless the group is stable.
    pub metadata: Bytes,
    /// Empty unless the group is stable.
    pub assignment: Bytes,
}

/// A group as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedGroup {
    /// The error.
    pub error: GroupError,
    /// v6+.
    pub error_message: Option<String>,
    /// The group.
    pub group: GroupId,
    /// [`GroupState::Dead`] if there is no such group; the empty string on the wire with any other error.
    pub state: GroupState,
    /// Empty if none.
    pub protocol_type: Arc<str>,
    /// The chosen protocol; empty unless stable.
    pub protocol: Arc<str>,
    /// All members.
    pub members: Vec<DescribedMember>,
}

impl DescribedGroup {
    pub(crate) fn error(group: GroupId, error: GroupError, error_message: Option<String>) -> Self {
        Self {
            error,
            error_message,
            group,
            state: GroupState::Dead,
            protocol_type: Arc::from(""),
            protocol: Arc::from(""),
            members: Vec::new(),
        }
    }
}

/// A group as ListGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// The group.
    pub group: GroupId,
    /// Empty for groups that only hold offsets.
    pub protocol_type: Arc<str>,
    /// v4+.
    pub state: GroupState,
    /// v5+.
    pub group_type: &'static str,
}

/// ListGroups' answer of one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListGroupsResponse {
    /// The error; the shell leaves out shards that answer NOT_COORDINATOR, as Kafka does.
    pub error: GroupError,
    /// The shard's groups.
    pub groups: Vec<ListedGroup>,
}

/// Errors per partition, in the order of the request.
pub type TopicErrors = Vec<(TopicName, Vec<(PartitionIndex, GroupError)>)>;

/// One partition of an OffsetFetch answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedOffset {
    /// The partition.
    pub partition: PartitionIndex,
    /// [`Offset::NONE`] if nothing is committed; that is not an error.
    pub offset: Offset,
    /// v5+.
    pub leader_epoch: LeaderEpoch,
    /// Empty if none.
    pub metadata: Arc<str>,
    /// The error.
    pub error: GroupError,
}

/// OffsetFetch's answer for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetFetchResponse {
    /// The group.
    pub group: GroupId,
    /// An error of the whole group.
    pub error: GroupError,
    /// In the order of the request, or sorted by name if all were asked for.
    pub topics: Vec<(TopicName, Vec<FetchedOffset>)>,
}

/// OffsetDelete's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetDeleteResponse {
    /// An error of the whole request; then there are no topics.
    pub error: GroupError,
    /// In the order of the request.
    pub topics: TopicErrors,
}

/// An answer; the variant is that of the [`Command`].
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // each variant is its one field
pub enum Response {
    JoinGroup(JoinGroupResponse),
    SyncGroup(SyncGroupResponse),
    Heartbeat(HeartbeatResponse),
    LeaveGroup(LeaveGroupResponse),
    DescribeGroups(Vec<DescribedGroup>),
    ListGroups(ListGroupsResponse),
    DeleteGroups(Vec<(GroupId, GroupError)>),
    OffsetCommit(TopicErrors),
    OffsetFetch(OffsetFetchResponse),
    OffsetDelete(OffsetDeleteResponse),
}

impl Response {
    /// The answer to `command` when `error` befalls all of it. The shell uses it for groups whose shard it
    /// does not host.
    #[must_use]
    pub fn refuse(command: Command, error: GroupError) -> Self {
        match command {
            Command::JoinGroup(join) => Self::JoinGroup(JoinGroupResponse::error(error, join.member_id)),
            Command::SyncGroup(_) => Self::SyncGroup(SyncGroupResponse::error(error)),
            Command::Heartbeat(_) => Self::Heartbeat(HeartbeatResponse { error }),
            Command::LeaveGroup(_) => Self::LeaveGroup(LeaveGroupResponse { error, members: Vec::new() }),
            Command::DescribeGroups(describe) => Self::DescribeGroups(
                describe.groups.into_iter().map(|group| DescribedGroup::error(group, error, None)).collect(),
            ),
            Command::ListGroups(_) => Self::ListGroups(ListGroupsResponse { error, groups: Vec::new() }),
            Command::DeleteGroups(delete) => {
                Self::DeleteGroups(delete.groups.into_iter().map(|group| (group, error)).collect())
            }
            Command::OffsetCommit(commit) => Self::OffsetCommit(
                commit
                    .topics
                    .into_iter()
                    .map(|(topic, partitions)| {
                        let errors = partitions.iter().map(|p| (p.partition, p.refused.unwrap_or(error)));
                        (topic, errors.collect())
                    })
                    .collect(),
            ),
            Command::OffsetFetch(fetch) => {
                Self::OffsetFetch(OffsetFetchResponse { group: fetch.group, error, topics: Vec::new() })
            }
            Command::OffsetDelete(_) => {
                Self::OffsetDelete(OffsetDeleteResponse { error, topics: Vec::new() })
            }
        }
    }

    /// The same answer after the append that it waited for was lost.
    pub(crate) fn lost(self, error: GroupError) -> Self {
        let all = |topics: TopicErrors| {
            topics
                .into_iter()
                .map(|(topic, partitions)| (topic, partitions.into_iter().map(|(p, _)| (p, error)).collect()))
                .collect()
        };
        match self {
            Self::JoinGroup(r) => Self::JoinGroup(JoinGroupResponse::error(error, r.member_id)),
            Self::SyncGroup(_) => Self::SyncGroup(SyncGroupResponse::error(error)),
            Self::Heartbeat(_) => Self::Heartbeat(HeartbeatResponse { error }),
            Self::LeaveGroup(_) => Self::LeaveGroup(LeaveGroupResponse { error, members: Vec::new() }),
            Self::DescribeGroups(groups) => Self::DescribeGroups(
                groups.into_iter().map(|g| DescribedGroup::error(g.group, error, None)).collect(),
            ),
            Self::ListGroups(_) => Self::ListGroups(ListGroupsResponse { error, groups: Vec::new() }),
            Self::DeleteGroups(groups) => {
                Self::DeleteGroups(groups.into_iter().map(|(group, _)| (group, error)).collect())
            }
            Self::OffsetCommit(topics) => Self::OffsetCommit(all(topics)),
            Self::OffsetFetch(r) => {
                Self::OffsetFetch(OffsetFetchResponse { group: r.group, error, topics: Vec::new() })
            }
            Self::OffsetDelete(_) => Self::OffsetDelete(OffsetDeleteResponse { error, topics: Vec::new() }),
        }
    }
}

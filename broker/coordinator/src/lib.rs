//! Highway's group coordinator: classic consumer groups and committed offsets, as a machine without I/O.
//!
//! One [`GroupShard`] holds every group of one `__consumer_offsets` partition. The shell feeds it
//! commands, time and the fate of its appends; it returns [`Effect`]s. Nothing here reads a clock, makes a
//! random number, or knows the wire protocol. The records are Kafka's, byte for byte, so that Kafka's
//! tools can read the topic.
//!
//! State steps when a record is appended; an answer leaves only when everything it depends on is
//! committed.

mod config;
mod consumer_protocol;
mod effect;
mod error;
mod group;
mod ids;
mod offsets;
mod partition;
pub mod records;
mod request;
mod response;
mod shard;
#[cfg(test)]
mod tests;
mod timer;

pub use config::GroupConfig;
pub use effect::{Effect, Record, RequestId, Token};
pub use error::GroupError;
pub use group::GroupState;
pub use ids::{Generation, InstanceId, MemberId};
pub use offsets::CommittedOffset;
pub use partition::partition_for;
pub use request::{
    Command, DeleteGroups, DescribeGroups, Heartbeat, JoinGroup, LeaveGroup, LeavingMember, ListGroups,
    MemberAssignment, OffsetCommit, OffsetCommitPartition, OffsetDelete, OffsetDeletePartition, OffsetFetch,
    Protocol, SyncGroup,
};
pub use response::{
    DescribedGroup, DescribedMember, FetchedOffset, HeartbeatResponse, JoinGroupResponse, JoinedMember,
    LeaveGroupResponse, LeftMember, ListGroupsResponse, ListedGroup, OffsetDeleteResponse,
    OffsetFetchResponse, Response, SyncGroupResponse, TopicErrors,
};
pub use shard::{GroupShard, ReplayError, Replayed};

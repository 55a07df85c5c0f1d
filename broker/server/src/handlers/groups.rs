//! What the group APIs share: ids out of requests, errors out of answers.

use std::sync::Arc;

use highway_coordinator::{InstanceId, MemberId};
use highway_types::GroupId;
use kafka_protocol::messages as m;
use kafka_protocol::protocol::StrBytes;

/// A group's id, copied out of the frame.
pub fn group_id(id: &m::GroupId) -> GroupId {
    GroupId::new(id.as_str())
}

/// A member's id, copied out of the frame.
pub fn member_id(id: &StrBytes) -> MemberId {
    MemberId::new(id.as_str())
}

/// A static member's name, copied out of the frame.
pub fn instance_id(id: Option<&StrBytes>) -> Option<InstanceId> {
    id.map(|id| InstanceId::new(id.as_str()))
}

/// Text for an answer.
pub fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Optional text for an answer.
pub fn optional(text: Option<&Arc<str>>) -> Option<StrBytes> {
    text.map(|t| StrBytes::from_string(t.to_string()))
}

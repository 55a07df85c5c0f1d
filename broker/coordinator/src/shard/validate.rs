//! What is refused before any group is looked at.

use highway_types::GroupId;

use crate::config::GroupConfig;
use crate::error::GroupError;
use crate::group::context::millis;
use crate::request::{Command, JoinGroup};

/// Strings are stored with an int16 length.
const STRING_MAX: usize = i16::MAX as usize;

/// The error that befalls all of `command`, if one does. Kafka refuses the empty group id for members and
/// for OffsetDelete, but still takes commits, fetches, descriptions and deletions of it.
pub(super) fn refusal(config: &GroupConfig, command: &Command) -> Option<GroupError> {
    match command {
        Command::JoinGroup(join) => bad_id(&join.group).or_else(|| bad_join(config, join)),
        Command::SyncGroup(sync) => bad_id(&sync.group),
        Command::Heartbeat(heartbeat) => bad_id(&heartbeat.group),
        Command::LeaveGroup(leave) => bad_id(&leave.group),
        Command::OffsetDelete(delete) => bad_id(&delete.group),
        Command::OffsetCommit(commit) => {
            let topics = commit.topics.iter().map(|(topic, _)| topic.as_str());
            (commit.group.as_str().len() > STRING_MAX || too_long(topics))
                .then_some(GroupError::InvalidRequest)
        }
        Command::DescribeGroups(_)
        | Command::ListGroups(_)
        | Command::DeleteGroups(_)
        | Command::OffsetFetch(_) => None,
    }
}

fn bad_id(group: &GroupId) -> Option<GroupError> {
    (group.as_str().is_empty() || group.as_str().len() > STRING_MAX).then_some(GroupError::InvalidGroupId)
}

fn bad_join(config: &GroupConfig, join: &JoinGroup) -> Option<GroupError> {
    let session = millis(join.session_timeout_ms);
    if session < config.min_session_timeout || session > config.max_session_timeout {
        return Some(GroupError::InvalidSessionTimeout);
    }
    let texts = [&*join.client_id, &*join.client_host, &*join.protocol_type].into_iter();
    let instance = join.instance_id.iter().map(|i| i.as_str());
    let protocols = join.protocols.iter().map(|p| &*p.name);
    too_long(texts.chain(instance).chain(protocols)).then_some(GroupError::InvalidRequest)
}

fn too_long<'a>(mut texts: impl Iterator<Item = &'a str>) -> bool {
    texts.any(|text| text.len() > STRING_MAX)
}

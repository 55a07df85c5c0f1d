//! DescribeGroups, ListGroups, DeleteGroups.

use std::sync::Arc;

use bytes::Bytes;
use highway_types::GroupId;

use super::GroupShard;
use crate::effect::{RequestId, Token};
use crate::error::GroupError;
use crate::group::context::Out;
use crate::group::{ClassicGroup, GroupState, Member};
use crate::records;
use crate::request::{DeleteGroups, DescribeGroups, ListGroups};
use crate::response::{DescribedGroup, DescribedMember, ListGroupsResponse, ListedGroup, Response};

/// The type of the groups here.
const CLASSIC: &str = "classic";
/// From this version on an unknown group is an error (KIP-1043).
const NOT_FOUND_FROM: i16 = 6;

impl GroupShard {
    pub(super) fn describe_groups(
        &mut self,
        from: RequestId,
        describe: DescribeGroups,
        out: &mut Out,
    ) -> Option<Token> {
        let gate = describe.groups.iter().filter_map(|group| self.gate_of(group)).max();
        let version = describe.api_version;
        let described = describe.groups.into_iter().map(|id| match self.groups.get(&id) {
            Some(group) => describe_group(group),
            None if version >= NOT_FOUND_FROM => {
                let message = format!("Group {id} not found.");
                DescribedGroup::error(id, GroupError::GroupIdNotFound, Some(message))
            }
            None => DescribedGroup::error(id, GroupError::None, None),
        });
        out.reply(from, Response::DescribeGroups(described.collect()));
        gate
    }

    pub(super) fn list_groups(&mut self, from: RequestId, list: &ListGroups, out: &mut Out) -> Option<Token> {
        let matches = |filter: &[String], name: &str| {
            filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        let mut groups: Vec<ListedGroup> = Vec::new();
        if matches(&list.types, CLASSIC) {
            let listed = self.groups.values().filter(|g| matches(&list.states, g.state().as_str()));
            groups.extend(listed.map(|g| ListedGroup {
                group: g.id.clone(),
                protocol_type: g.protocol_type.clone().unwrap_or_else(|| Arc::from("")),
                state: g.state(),
                group_type: CLASSIC,
            }));
            groups.sort_by(|a, b| a.group.cmp(&b.group));
        }
        out.reply(from, Response::ListGroups(ListGroupsResponse { error: GroupError::None, groups }));
        self.pending.last_key_value().map(|(token, _)| *token)
    }

    pub(super) fn delete_groups(
        &mut self,
        from: RequestId,
        delete: DeleteGroups,
        out: &mut Out,
    ) -> Option<Token> {
        let gate = delete.groups.iter().filter_map(|group| self.gate_of(group)).max();
        let mut results: Vec<(GroupId, GroupError)> = Vec::with_capacity(delete.groups.len());
        for id in delete.groups {
            let error = match self.groups.get(&id).map(ClassicGroup::state) {
                None | Some(GroupState::Dead) => GroupError::GroupIdNotFound,
                Some(GroupState::Empty) => {
                    self.delete_group(&id, out);
                    GroupError::None
                }
                Some(_) => GroupError::NonEmptyGroup,
            };
            results.push((id, error));
        }
        out.reply(from, Response::DeleteGroups(results));
        gate
    }

    /// Removes an empty group and its offsets: the offsets' tombstones first, the group's last.
    pub(super) fn delete_group(&mut self, id: &GroupId, out: &mut Out) {
        if let Some(offsets) = self.offsets.remove(id) {
            for (topic, partitions) in offsets.topics() {
                for partition in partitions.keys() {
                    out.records.push((id.clone(), records::offset_tombstone(id, topic, *partition)));
                }
            }
        }
        self.groups.remove(id);
        out.records.push((id.clone(), records::group_tombstone(id)));
    }
}

fn describe_group(group: &ClassicGroup) -> DescribedGroup {
    let stable = group.state() == GroupState::Stable;
    let protocol = group.protocol_name.clone().filter(|_| stable).unwrap_or_else(|| Arc::from(""));
    let describe_member = |m: &Member| DescribedMember {
        member_id: m.id.clone(),
        instance_id: m.instance_id.clone(),
        client_id: m.client_id.clone(),
        client_host: m.client_host.clone(),
        metadata: if stable { m.metadata(&protocol) } else { Bytes::new() },
        assignment: if stable { m.assignment.clone() } else { Bytes::new() },
    };
    let members = group.members.values().map(describe_member).collect();
    DescribedGroup {
        error: GroupError::None,
        error_message: None,
        group: group.id.clone(),
        state: group.state(),
        protocol_type: group.protocol_type.clone().unwrap_or_else(|| Arc::from("")),
        protocol,
        members,
    }
}

//! A group as a record, and back.

use std::sync::Arc;

use bytes::Bytes;
use highway_types::{GroupId, Timestamp};

use super::{ClassicGroup, GroupState, Member};
use crate::ids::{Generation, InstanceId, MemberId};
use crate::records::{GroupMetadataValue, MemberMetadata, RecordError};
use crate::request::Protocol;

impl ClassicGroup {
    /// The group's record; `assignment` says what each member's is in it.
    pub(crate) fn to_value(&self, assignment: impl Fn(&Member) -> Bytes) -> GroupMetadataValue {
        let protocol = self.protocol_name.as_deref().unwrap_or("");
        GroupMetadataValue {
            protocol_type: self.protocol_type.as_deref().unwrap_or("").to_owned(),
            generation: self.generation.0,
            protocol: self.protocol_name.as_deref().map(str::to_owned),
            leader: self.leader.as_ref().map(|l| l.as_str().to_owned()),
            state_timestamp: self.state_timestamp.unwrap_or(Timestamp::NONE).0,
            members: self
                .members
                .values()
                .map(|m| MemberMetadata {
                    member_id: m.id.as_str().to_owned(),
                    instance_id: m.instance_id.as_ref().map(|i| i.as_str().to_owned()),
                    client_id: m.client_id.as_ref().to_owned(),
                    client_host: m.client_host.as_ref().to_owned(),
                    rebalance_timeout_ms: m.rebalance_timeout_ms,
                    session_timeout_ms: m.session_timeout_ms,
                    subscription: m.metadata(protocol),
                    assignment: assignment(m),
                })
                .collect(),
        }
    }

    /// The group of a record. Members know only the chosen protocol then, as in Kafka.
    pub(crate) fn from_value(
        id: GroupId,
        value: GroupMetadataValue,
        now: Timestamp,
    ) -> Result<Self, RecordError> {
        let mut group = Self::new(id, now);
        group.generation = Generation(value.generation);
        group.state_timestamp = (value.state_timestamp >= 0).then_some(Timestamp(value.state_timestamp));
        let protocol_type: Option<Arc<str>> =
            (!value.protocol_type.is_empty()).then(|| Arc::from(value.protocol_type));
        group.protocol_type.clone_from(&protocol_type);
        group.protocol_name = value.protocol.map(Arc::from);
        if !value.members.is_empty() {
            let (Some(kind), Some(protocol)) = (protocol_type, group.protocol_name.clone()) else {
                return Err(RecordError::MembersWithoutProtocol);
            };
            group.state = GroupState::Stable;
            let leader = value.leader.as_deref().map(MemberId::new);
            for m in value.members {
                let member = Member {
                    id: MemberId::new(&m.member_id),
                    instance_id: m.instance_id.as_deref().map(InstanceId::new),
                    client_id: Arc::from(m.client_id),
                    client_host: Arc::from(m.client_host),
                    session_timeout_ms: m.session_timeout_ms,
                    rebalance_timeout_ms: if m.rebalance_timeout_ms < 0 {
                        m.session_timeout_ms
                    } else {
                        m.rebalance_timeout_ms
                    },
                    protocols: vec![Protocol { name: protocol.clone(), metadata: m.subscription }],
                    assignment: m.assignment,
                    awaiting_join: None,
                    awaiting_sync: None,
                    is_new: false,
                };
                let twice = group.members.contains_key(&member.id)
                    || member.instance_id.as_ref().is_some_and(|i| group.static_members.contains_key(i));
                if twice {
                    return Err(RecordError::DuplicateMember { member: member.id.as_str().to_owned() });
                }
                group.add(member, &kind);
            }
            if let Some(leader) = leader.filter(|l| group.members.contains_key(l)) {
                group.leader = Some(leader);
            }
        }
        group.refresh_subscription();
        Ok(group)
    }
}

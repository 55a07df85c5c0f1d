//! Consumer groups: who is in them, what they committed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use highway_types::PartitionIndex;
use highway_types::{GroupId, Offset, TopicName, TopicPartition};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    ListGroupsRequest, ListGroupsResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest,
    OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse,
};

use super::topics::nothing_said;
use crate::cluster::{Client, group_id, text, topic_name};
use crate::consumer::protocol;
use crate::error::{ClientError, ErrorCode};
use crate::transport::{Lane, TypedRequest};

/// A group by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupListing {
    /// Its id.
    pub id: GroupId,
    /// `consumer` for consumers.
    pub protocol_type: String,
    /// `Stable`, `Empty`, ...
    pub state: String,
    /// `Classic` or `Consumer`; empty before Kafka 3.8.
    pub kind: String,
}

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Its id.
    pub id: GroupId,
    /// `Stable`, `Empty`, `Dead`, ...
    pub state: String,
    /// `consumer` for consumers.
    pub protocol_type: String,
    /// The assignor they agreed on.
    pub assignor: String,
    /// Who is in it.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// Given by the coordinator.
    pub id: String,
    /// Of a static member.
    pub instance_id: Option<String>,
    /// As the client calls itself.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// What it has to read.
    pub assignment: Vec<TopicPartition>,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next record to be read.
    pub offset: Offset,
    /// What the consumer wrote beside it.
    pub metadata: String,
}

const DESCRIBE: RangeInclusive<i16> = 3..=6;

impl Client {
    async fn group_call<Q: TypedRequest + Clone>(
        &self,
        group: &GroupId,
        request: Q,
        versions: RangeInclusive<i16>,
        refused: impl Fn(&Q::Response) -> Option<ErrorCode>,
    ) -> Result<Q::Response, ClientError> {
        let timeout = self.config().request_timeout;
        self.call_coordinator(group, request, versions, Lane::Control, timeout, refused).await
    }

    /// Every group of every broker.
    ///
    /// # Errors
    /// A broker does not answer, or refuses.
    pub async fn list_groups(&self) -> Result<Vec<GroupListing>, ClientError> {
        let view = self.refresh(Some(&[]), false).await?;
        let mut groups = BTreeSet::new();
        for node in view.nodes.values() {
            let listed = self
                .retrying(|| async {
                    let request = ListGroupsRequest::default();
                    let answer: ListGroupsResponse =
                        self.call(&node.endpoint, request, 3..=5, Lane::Control).await?;
                    match ErrorCode::of(answer.error_code) {
                        Some(code) => {
                            Err(ClientError::broker(format_args!("groups of broker {}", node.id), code, None))
                        }
                        None => Ok(answer.groups),
                    }
                })
                .await?;
            groups.extend(listed.into_iter().map(|g| GroupListing {
                id: GroupId::new(g.group_id.as_str()),
                protocol_type: g.protocol_type.to_string(),
                state: g.group_state.to_string(),
                kind: g.group_type.to_string(),
            }));
        }
        Ok(groups.into_iter().collect())
    }

    /// One group; a group that nobody knows has the state `Dead`.
    ///
    /// # Errors
    /// The coordinator does not answer, or refuses.
    pub async fn describe_group(&self, group: &GroupId) -> Result<GroupDescription, ClientError> {
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id(group)]);
        let refused = |a: &DescribeGroupsResponse| a.groups.first().and_then(|g| ErrorCode::of(g.error_code));
        let answer: DescribeGroupsResponse = self.group_call(group, request, DESCRIBE, refused).await?;
        let subject = format!("group {group}");
        let found = answer.groups.into_iter().next().ok_or_else(|| nothing_said(&subject))?;
        match ErrorCode::of(found.error_code) {
            // KIP-1043: from version 6 on a group that is not there is an error.
            Some(ErrorCode::GROUP_ID_NOT_FOUND) | None => {}
            Some(code) => return Err(ClientError::broker(subject, code, found.error_message.as_deref())),
        }
        let members = found.members.into_iter().map(|m| GroupMember {
            id: m.member_id.to_string(),
            instance_id: m.group_instance_id.map(|i| i.to_string()),
            client_id: m.client_id.to_string(),
            host: m.client_host.trim_start_matches('/').to_owned(),
            assignment: protocol::read_assignment(&m.member_assignment).unwrap_or_default(),
        });
        let state =
            if found.group_state.is_empty() { "Dead".to_owned() } else { found.group_state.to_string() };
        Ok(GroupDescription {
            id: group.clone(),
            state,
            protocol_type: found.protocol_type.to_string(),
            assignor: found.protocol_data.to_string(),
            members: members.collect(),
        })
    }

    /// Deletes a group with its offsets.
    ///
    /// # Errors
    /// It has members, does not exist, or nobody answers.
    pub async fn delete_group(&self, group: &GroupId) -> Result<(), ClientError> {
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group_id(group)]);
        let refused = |a: &DeleteGroupsResponse| a.results.first().and_then(|g| ErrorCode::of(g.error_code));
        let answer: DeleteGroupsResponse = self.group_call(group, request, 1..=2, refused).await?;
        match answer.results.first().and_then(|g| ErrorCode::of(g.error_code)) {
            Some(code) => Err(ClientError::broker(format_args!("group {group}"), code, None)),
            None => Ok(()),
        }
    }

    /// Everything that a group committed.
    ///
    /// # Errors
    /// The coordinator does not answer, or refuses.
    pub async fn committed(
        &self,
        group: &GroupId,
    ) -> Result<BTreeMap<TopicPartition, CommittedOffset>, ClientError> {
        let wanted = OffsetFetchRequestGroup::default().with_group_id(group_id(group)).with_topics(None);
        let request = OffsetFetchRequest::default().with_groups(vec![wanted]);
        let refused = |a: &OffsetFetchResponse| a.groups.first().and_then(|g| ErrorCode::of(g.error_code));
        let answer: OffsetFetchResponse = self.group_call(group, request, 8..=9, refused).await?;
        let subject = format!("group {group}");
        let found = answer.groups.into_iter().next().ok_or_else(|| nothing_said(&subject))?;
        if let Some(code) = ErrorCode::of(found.error_code) {
            return Err(ClientError::broker(subject, code, None));
        }
        let mut offsets = BTreeMap::new();
        for topic in found.topics {
            let name = TopicName::new(topic.name.as_str());
            for p in topic.partitions.into_iter().filter(|p| p.error_code == 0 && p.committed_offset >= 0) {
                let partition =
                    TopicPartition { topic: name.clone(), partition: PartitionIndex(p.partition_index) };
                let metadata = p.metadata.map(|m| m.to_string()).unwrap_or_default();
                offsets.insert(partition, CommittedOffset { offset: Offset(p.committed_offset), metadata });
            }
        }
        Ok(offsets)
    }

    /// Commits offsets for a group without members.
    ///
    /// # Errors
    /// It has members (`UNKNOWN_MEMBER_ID`), a topic does not exist, or nobody answers.
    pub async fn set_offsets(
        &self,
        group: &GroupId,
        offsets: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<(), ClientError> {
        self.commit(group, -1, "", None, offsets).await
    }

    /// Commits, as a member or as nobody.
    pub(crate) async fn commit(
        &self,
        group: &GroupId,
        generation: i32,
        member: &str,
        instance: Option<&str>,
        offsets: &BTreeMap<TopicPartition, Offset>,
    ) -> Result<(), ClientError> {
        let mut topics: BTreeMap<&TopicName, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
        for (partition, offset) in offsets {
            let row = OffsetCommitRequestPartition::default()
                .with_partition_index(partition.partition.0)
                .with_committed_offset(offset.0)
                .with_committed_metadata(Some(text("")));
            topics.entry(&partition.topic).or_default().push(row);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            OffsetCommitRequestTopic::default().with_name(topic_name(topic)).with_partitions(partitions)
        });
        let request = OffsetCommitRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id_or_member_epoch(generation)
            .with_member_id(text(member))
            .with_group_instance_id(instance.map(text))
            .with_topics(topics.collect());
        let first = |a: &OffsetCommitResponse| {
            a.topics.iter().flat_map(|t| &t.partitions).find_map(|p| ErrorCode::of(p.error_code))
        };
        let timeout = self.config().request_timeout;
        let answer: OffsetCommitResponse =
            self.call_coordinator(group, request, 7..=9, Lane::Heartbeat, timeout, first).await?;
        match first(&answer) {
            Some(code) => Err(ClientError::broker(format_args!("commit of group {group}"), code, None)),
            None => Ok(()),
        }
    }

    /// Deletes committed offsets of partitions.
    ///
    /// # Errors
    /// A member reads that topic, the group does not exist, or nobody answers.
    pub async fn delete_offsets(
        &self,
        group: &GroupId,
        topic: &TopicName,
        partitions: &[i32],
    ) -> Result<(), ClientError> {
        let rows =
            partitions.iter().map(|p| OffsetDeleteRequestPartition::default().with_partition_index(*p));
        let row =
            OffsetDeleteRequestTopic::default().with_name(topic_name(topic)).with_partitions(rows.collect());
        let request = OffsetDeleteRequest::default().with_group_id(group_id(group)).with_topics(vec![row]);
        let answer: OffsetDeleteResponse = self
            .group_call(group, request, 0..=0, |a: &OffsetDeleteResponse| ErrorCode::of(a.error_code))
            .await?;
        let of_partition =
            answer.topics.iter().flat_map(|t| &t.partitions).find_map(|p| ErrorCode::of(p.error_code));
        match ErrorCode::of(answer.error_code).or(of_partition) {
            Some(code) => {
                Err(ClientError::broker(format_args!("offsets of group {group} in {topic}"), code, None))
            }
            None => Ok(()),
        }
    }
}

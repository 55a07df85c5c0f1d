//! Requests of one topic, one partition, one group, for tests that need no more.

use bytes::Bytes;
use highway_tests::eventually;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::*;
use std::time::Duration;
use uuid::Uuid;

use crate::client::text;
use crate::conn::Conn;

/// A name in a request.
pub fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

/// Makes a topic; its id.
pub fn make(conn: &mut Conn, name: &str, partitions: i32, configs: &[(&str, &str)]) -> Uuid {
    let configs = configs
        .iter()
        .map(|(k, v)| CreatableTopicConfig::default().with_name(text(k)).with_value(Some(text(v))))
        .collect();
    let request = CreateTopicsRequest::default().with_timeout_ms(30_000).with_topics(vec![
        CreatableTopic::default()
            .with_name(topic(name))
            .with_num_partitions(partitions)
            .with_replication_factor(1)
            .with_configs(configs),
    ]);
    let answer = conn.call(7, &request);
    assert_eq!(answer.topics[0].error_code, 0, "{name}: {:?}", answer.topics[0].error_message);
    answer.topics[0].topic_id
}

/// Asks for topics by name.
pub fn metadata(names: &[&str], create: bool) -> MetadataRequest {
    let topics = names.iter().map(|n| MetadataRequestTopic::default().with_name(Some(topic(n)))).collect();
    MetadataRequest::default().with_topics(Some(topics)).with_allow_auto_topic_creation(create)
}

/// What Metadata says of a topic.
pub fn described(conn: &mut Conn, name: &str) -> MetadataResponseTopic {
    conn.call(12, &metadata(&[name], false)).topics.remove(0)
}

/// Records for one partition of a topic that is named.
pub fn produce(name: &str, partition: i32, acks: i16, records: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    ProduceRequest::default().with_acks(acks).with_timeout_ms(30_000).with_topic_data(vec![
        TopicProduceData::default().with_name(topic(name)).with_partition_data(vec![partition]),
    ])
}

/// Produces with acks=all, version 9.
pub fn produced(conn: &mut Conn, name: &str, records: Bytes) -> PartitionProduceResponse {
    conn.call(9, &produce(name, 0, -1, records)).responses.remove(0).partition_responses.remove(0)
}

/// A Fetch of partition 0 of a topic that is named, without session.
pub fn fetch(name: &str, offset: i64, max_wait_ms: i32, min_bytes: i32) -> FetchRequest {
    fetch_of(&[(name, 0, offset)], max_wait_ms, min_bytes)
}

/// A Fetch of (topic, partition, offset)s.
pub fn fetch_of(parts: &[(&str, i32, i64)], max_wait_ms: i32, min_bytes: i32) -> FetchRequest {
    let topics = parts.iter().map(|&(name, partition, offset)| {
        FetchTopic::default().with_topic(topic(name)).with_partitions(vec![
            FetchPartition::default()
                .with_partition(partition)
                .with_fetch_offset(offset)
                .with_partition_max_bytes(1 << 20),
        ])
    });
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(min_bytes)
        .with_max_bytes(50 << 20)
        .with_topics(topics.collect())
}

/// Fetches partition 0 with version 11, without waiting.
pub fn fetched(conn: &mut Conn, name: &str, offset: i64) -> PartitionData {
    let mut answer = conn.call(11, &fetch(name, offset, 0, 0));
    answer.responses.remove(0).partitions.remove(0)
}

/// ListOffsets of partition 0: error, offset, timestamp.
pub fn listed(conn: &mut Conn, name: &str, timestamp: i64) -> (i16, i64, i64) {
    let part = ListOffsetsPartition::default().with_partition_index(0).with_timestamp(timestamp);
    let request = ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_topics(vec![ListOffsetsTopic::default().with_name(topic(name)).with_partitions(vec![part])]);
    let answer = conn.call(7, &request);
    let p = &answer.topics[0].partitions[0];
    (p.error_code, p.offset, p.timestamp)
}

/// A JoinGroup of a consumer that knows `protocols`.
pub fn join(group: &str, member: &str, protocols: &[&str]) -> JoinGroupRequest {
    let protocols = protocols
        .iter()
        .map(|p| {
            JoinGroupRequestProtocol::default()
                .with_name(text(p))
                .with_metadata(Bytes::from_static(b"\0\0\0\0\0\0\xff\xff\xff\xff"))
        })
        .collect();
    JoinGroupRequest::default()
        .with_group_id(GroupId(text(group)))
        .with_member_id(text(member))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(10_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(protocols)
}

/// Waits until the coordinator of groups answers.
pub fn coordinated(conn: &mut Conn) {
    let find = FindCoordinatorRequest::default().with_key(text("any"));
    let there = eventually(Duration::from_secs(20), || (conn.call(3, &find).error_code == 0).then_some(()));
    assert!(there.is_some(), "there is a coordinator");
}

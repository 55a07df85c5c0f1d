//! Requests about records, and offsets within partitions: their fields in wire order, and versions.
//!
//! Facts: Kafka's message definitions, as the codec (kafka-protocol 0.18) has them; the tests compare the two.

use kafka_protocol::messages::{self, ApiKey};

use super::Kind::{Fixed, Of};
use super::{Request, Struct, array, bytes, int8, int16, int32, int64, of, text, uuid};

const PRODUCE_PARTITION_PRODUCE_DATA: Struct =
    Struct::new::<messages::produce_request::PartitionProduceData>(&[
        int32("index"),
        bytes("records").nullable(),
    ]);

const PRODUCE_TOPIC_PRODUCE_DATA: Struct = Struct::new::<messages::produce_request::TopicProduceData>(&[
    text("name").until(12),
    uuid("topic_id").since(13),
    array("partition_data", &Of(&PRODUCE_PARTITION_PRODUCE_DATA)),
]);

const PRODUCE: Struct = Struct::new::<messages::ProduceRequest>(&[
    text("transactional_id").nullable(),
    int16("acks"),
    int32("timeout_ms"),
    array("topic_data", &Of(&PRODUCE_TOPIC_PRODUCE_DATA)),
]);

/// Produce, key 0, versions 3 to 13.
pub(super) const PRODUCE_REQUEST: Request =
    Request { key: ApiKey::Produce, min: 3, max: 13, flexible: 9, body: &PRODUCE };

const FETCH_PARTITION: Struct = Struct::new::<messages::fetch_request::FetchPartition>(&[
    int32("partition"),
    int32("current_leader_epoch").since(9),
    int64("fetch_offset"),
    int32("last_fetched_epoch").since(12),
    int64("log_start_offset").since(5),
    int32("partition_max_bytes"),
    uuid("replica_directory_id").tag(0).since(17),
    int64("high_watermark").tag(1).since(18),
]);

const FETCH_TOPIC: Struct = Struct::new::<messages::fetch_request::FetchTopic>(&[
    text("topic").until(12),
    uuid("topic_id").since(13),
    array("partitions", &Of(&FETCH_PARTITION)),
]);

const FETCH_FORGOTTEN_TOPIC: Struct = Struct::new::<messages::fetch_request::ForgottenTopic>(&[
    text("topic").since(7).until(12),
    uuid("topic_id").since(13),
    array("partitions", &Fixed(4)).since(7),
]);

const FETCH_REPLICA_STATE: Struct = Struct::new::<messages::fetch_request::ReplicaState>(&[
    int32("replica_id").since(15),
    int64("replica_epoch").since(15),
]);

const FETCH: Struct = Struct::new::<messages::FetchRequest>(&[
    int32("replica_id").until(14),
    int32("max_wait_ms"),
    int32("min_bytes"),
    int32("max_bytes"),
    int8("isolation_level"),
    int32("session_id").since(7),
    int32("session_epoch").since(7),
    array("topics", &Of(&FETCH_TOPIC)),
    array("forgotten_topics_data", &Of(&FETCH_FORGOTTEN_TOPIC)).since(7),
    text("rack_id").since(11),
    text("cluster_id").nullable().tag(0),
    of("replica_state", &FETCH_REPLICA_STATE).tag(1).since(15),
]);

/// Fetch, key 1, versions 4 to 18.
pub(super) const FETCH_REQUEST: Request =
    Request { key: ApiKey::Fetch, min: 4, max: 18, flexible: 12, body: &FETCH };

const LIST_OFFSETS_PARTITION: Struct =
    Struct::new::<messages::list_offsets_request::ListOffsetsPartition>(&[
        int32("partition_index"),
        int32("current_leader_epoch").since(4),
        int64("timestamp"),
    ]);

const LIST_OFFSETS_TOPIC: Struct = Struct::new::<messages::list_offsets_request::ListOffsetsTopic>(&[
    text("name"),
    array("partitions", &Of(&LIST_OFFSETS_PARTITION)),
]);

const LIST_OFFSETS: Struct = Struct::new::<messages::ListOffsetsRequest>(&[
    int32("replica_id"),
    int8("isolation_level").since(2),
    array("topics", &Of(&LIST_OFFSETS_TOPIC)),
    int32("timeout_ms").since(10),
]);

/// ListOffsets, key 2, versions 1 to 10.
pub(super) const LIST_OFFSETS_REQUEST: Request =
    Request { key: ApiKey::ListOffsets, min: 1, max: 10, flexible: 6, body: &LIST_OFFSETS };

const OFFSET_FOR_LEADER_EPOCH_OFFSET_FOR_LEADER_PARTITION: Struct =
    Struct::new::<messages::offset_for_leader_epoch_request::OffsetForLeaderPartition>(&[
        int32("partition"),
        int32("current_leader_epoch"),
        int32("leader_epoch"),
    ]);

const OFFSET_FOR_LEADER_EPOCH_OFFSET_FOR_LEADER_TOPIC: Struct =
    Struct::new::<messages::offset_for_leader_epoch_request::OffsetForLeaderTopic>(&[
        text("topic"),
        array("partitions", &Of(&OFFSET_FOR_LEADER_EPOCH_OFFSET_FOR_LEADER_PARTITION)),
    ]);

const OFFSET_FOR_LEADER_EPOCH: Struct = Struct::new::<messages::OffsetForLeaderEpochRequest>(&[
    int32("replica_id").since(3),
    array("topics", &Of(&OFFSET_FOR_LEADER_EPOCH_OFFSET_FOR_LEADER_TOPIC)),
]);

/// OffsetForLeaderEpoch, key 23, versions 2 to 4.
pub(super) const OFFSET_FOR_LEADER_EPOCH_REQUEST: Request = Request {
    key: ApiKey::OffsetForLeaderEpoch,
    min: 2,
    max: 4,
    flexible: 4,
    body: &OFFSET_FOR_LEADER_EPOCH,
};

const DELETE_RECORDS_PARTITION: Struct = Struct::new::<
    messages::delete_records_request::DeleteRecordsPartition,
>(&[int32("partition_index"), int64("offset")]);

const DELETE_RECORDS_TOPIC: Struct = Struct::new::<messages::delete_records_request::DeleteRecordsTopic>(&[
    text("name"),
    array("partitions", &Of(&DELETE_RECORDS_PARTITION)),
]);

const DELETE_RECORDS: Struct = Struct::new::<messages::DeleteRecordsRequest>(&[
    array("topics", &Of(&DELETE_RECORDS_TOPIC)),
    int32("timeout_ms"),
]);

/// DeleteRecords, key 21, versions 0 to 2.
pub(super) const DELETE_RECORDS_REQUEST: Request =
    Request { key: ApiKey::DeleteRecords, min: 0, max: 2, flexible: 2, body: &DELETE_RECORDS };

const DESCRIBE_PRODUCERS_TOPIC: Struct =
    Struct::new::<messages::describe_producers_request::TopicRequest>(&[
        text("name"),
        array("partition_indexes", &Fixed(4)),
    ]);

const DESCRIBE_PRODUCERS: Struct =
    Struct::new::<messages::DescribeProducersRequest>(&[array("topics", &Of(&DESCRIBE_PRODUCERS_TOPIC))]);

/// DescribeProducers, key 61, versions 0 to 0.
pub(super) const DESCRIBE_PRODUCERS_REQUEST: Request =
    Request { key: ApiKey::DescribeProducers, min: 0, max: 0, flexible: 0, body: &DESCRIBE_PRODUCERS };

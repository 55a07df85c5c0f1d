//! Requests about topics and partitions: their fields in wire order, and versions.
//!
//! Facts: Kafka's message definitions, as the codec (kafka-protocol 0.18) has them; the tests compare the two.

use kafka_protocol::messages::{self, ApiKey};

use super::Kind::{Fixed, Of, Text};
use super::{Request, Struct, array, int8, int16, int32, maybe, text, uuid};

const METADATA_TOPIC: Struct = Struct::new::<messages::metadata_request::MetadataRequestTopic>(&[
    uuid("topic_id").since(10),
    text("name").nullable(),
]);

const METADATA: Struct = Struct::new::<messages::MetadataRequest>(&[
    array("topics", &Of(&METADATA_TOPIC)).nullable(),
    int8("allow_auto_topic_creation").since(4),
    int8("include_cluster_authorized_operations").since(8).until(10),
    int8("include_topic_authorized_operations").since(8),
]);

/// Metadata, key 3, versions 0 to 13.
pub(super) const METADATA_REQUEST: Request =
    Request { key: ApiKey::Metadata, min: 0, max: 13, flexible: 9, body: &METADATA };

const CREATE_TOPICS_CREATABLE_REPLICA_ASSIGNMENT: Struct =
    Struct::new::<messages::create_topics_request::CreatableReplicaAssignment>(&[
        int32("partition_index"),
        array("broker_ids", &Fixed(4)),
    ]);

const CREATE_TOPICS_CREATABLE_TOPIC_CONFIG: Struct = Struct::new::<
    messages::create_topics_request::CreatableTopicConfig,
>(&[text("name"), text("value").nullable()]);

const CREATE_TOPICS_CREATABLE_TOPIC: Struct =
    Struct::new::<messages::create_topics_request::CreatableTopic>(&[
        text("name"),
        int32("num_partitions"),
        int16("replication_factor"),
        array("assignments", &Of(&CREATE_TOPICS_CREATABLE_REPLICA_ASSIGNMENT)),
        array("configs", &Of(&CREATE_TOPICS_CREATABLE_TOPIC_CONFIG)),
    ]);

const CREATE_TOPICS: Struct = Struct::new::<messages::CreateTopicsRequest>(&[
    array("topics", &Of(&CREATE_TOPICS_CREATABLE_TOPIC)),
    int32("timeout_ms"),
    int8("validate_only"),
]);

/// CreateTopics, key 19, versions 2 to 7.
pub(super) const CREATE_TOPICS_REQUEST: Request =
    Request { key: ApiKey::CreateTopics, min: 2, max: 7, flexible: 5, body: &CREATE_TOPICS };

const DELETE_TOPICS_DELETE_TOPIC_STATE: Struct =
    Struct::new::<messages::delete_topics_request::DeleteTopicState>(&[
        text("name").nullable().since(6),
        uuid("topic_id").since(6),
    ]);

const DELETE_TOPICS: Struct = Struct::new::<messages::DeleteTopicsRequest>(&[
    array("topics", &Of(&DELETE_TOPICS_DELETE_TOPIC_STATE)).since(6),
    array("topic_names", &Text).until(5),
    int32("timeout_ms"),
]);

/// DeleteTopics, key 20, versions 1 to 6.
pub(super) const DELETE_TOPICS_REQUEST: Request =
    Request { key: ApiKey::DeleteTopics, min: 1, max: 6, flexible: 4, body: &DELETE_TOPICS };

const CREATE_PARTITIONS_ASSIGNMENT: Struct = Struct::new::<
    messages::create_partitions_request::CreatePartitionsAssignment,
>(&[array("broker_ids", &Fixed(4))]);

const CREATE_PARTITIONS_TOPIC: Struct =
    Struct::new::<messages::create_partitions_request::CreatePartitionsTopic>(&[
        text("name"),
        int32("count"),
        array("assignments", &Of(&CREATE_PARTITIONS_ASSIGNMENT)).nullable(),
    ]);

const CREATE_PARTITIONS: Struct = Struct::new::<messages::CreatePartitionsRequest>(&[
    array("topics", &Of(&CREATE_PARTITIONS_TOPIC)),
    int32("timeout_ms"),
    int8("validate_only"),
]);

/// CreatePartitions, key 37, versions 0 to 3.
pub(super) const CREATE_PARTITIONS_REQUEST: Request =
    Request { key: ApiKey::CreatePartitions, min: 0, max: 3, flexible: 2, body: &CREATE_PARTITIONS };

const LIST_PARTITION_REASSIGNMENTS_TOPICS: Struct = Struct::new::<
    messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics,
>(&[text("name"), array("partition_indexes", &Fixed(4))]);

const LIST_PARTITION_REASSIGNMENTS: Struct = Struct::new::<messages::ListPartitionReassignmentsRequest>(&[
    int32("timeout_ms"),
    array("topics", &Of(&LIST_PARTITION_REASSIGNMENTS_TOPICS)).nullable(),
]);

/// ListPartitionReassignments, key 46, versions 0 to 0.
pub(super) const LIST_PARTITION_REASSIGNMENTS_REQUEST: Request = Request {
    key: ApiKey::ListPartitionReassignments,
    min: 0,
    max: 0,
    flexible: 0,
    body: &LIST_PARTITION_REASSIGNMENTS,
};

const DESCRIBE_TOPIC_PARTITIONS_TOPIC: Struct =
    Struct::new::<messages::describe_topic_partitions_request::TopicRequest>(&[text("name")]);

const DESCRIBE_TOPIC_PARTITIONS_CURSOR: Struct = Struct::new::<
    messages::describe_topic_partitions_request::Cursor,
>(&[text("topic_name"), int32("partition_index")]);

const DESCRIBE_TOPIC_PARTITIONS: Struct = Struct::new::<messages::DescribeTopicPartitionsRequest>(&[
    array("topics", &Of(&DESCRIBE_TOPIC_PARTITIONS_TOPIC)),
    int32("response_partition_limit"),
    maybe("cursor", &DESCRIBE_TOPIC_PARTITIONS_CURSOR),
]);

/// DescribeTopicPartitions, key 75, versions 0 to 0.
pub(super) const DESCRIBE_TOPIC_PARTITIONS_REQUEST: Request = Request {
    key: ApiKey::DescribeTopicPartitions,
    min: 0,
    max: 0,
    flexible: 0,
    body: &DESCRIBE_TOPIC_PARTITIONS,
};

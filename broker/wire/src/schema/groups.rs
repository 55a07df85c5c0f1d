//! Requests about groups and their offsets: their fields in wire order, and versions.
//!
//! Facts: Kafka's message definitions, as the codec (kafka-protocol 0.18) has them; the tests compare the two.

use kafka_protocol::messages::{self, ApiKey};

use super::Kind::{Fixed, Of, Text};
use super::{NEVER, Request, Struct, array, bytes, int8, int32, int64, text, uuid};

const OFFSET_COMMIT_PARTITION: Struct =
    Struct::new::<messages::offset_commit_request::OffsetCommitRequestPartition>(&[
        int32("partition_index"),
        int64("committed_offset"),
        int32("committed_leader_epoch").since(6),
        text("committed_metadata").nullable(),
    ]);

const OFFSET_COMMIT_TOPIC: Struct =
    Struct::new::<messages::offset_commit_request::OffsetCommitRequestTopic>(&[
        text("name"),
        array("partitions", &Of(&OFFSET_COMMIT_PARTITION)),
    ]);

const OFFSET_COMMIT: Struct = Struct::new::<messages::OffsetCommitRequest>(&[
    text("group_id"),
    int32("generation_id_or_member_epoch"),
    text("member_id"),
    text("group_instance_id").nullable().since(7),
    int64("retention_time_ms").until(4),
    array("topics", &Of(&OFFSET_COMMIT_TOPIC)),
]);

/// OffsetCommit, key 8, versions 2 to 9.
pub(super) const OFFSET_COMMIT_REQUEST: Request =
    Request { key: ApiKey::OffsetCommit, min: 2, max: 9, flexible: 8, body: &OFFSET_COMMIT };

const OFFSET_FETCH_TOPIC: Struct = Struct::new::<messages::offset_fetch_request::OffsetFetchRequestTopic>(&[
    text("name").until(7),
    array("partition_indexes", &Fixed(4)).until(7),
]);

const OFFSET_FETCH_TOPICS: Struct =
    Struct::new::<messages::offset_fetch_request::OffsetFetchRequestTopics>(&[
        text("name").since(8),
        array("partition_indexes", &Fixed(4)).since(8),
    ]);

const OFFSET_FETCH_GROUP: Struct = Struct::new::<messages::offset_fetch_request::OffsetFetchRequestGroup>(&[
    text("group_id").since(8),
    text("member_id").nullable().since(9),
    int32("member_epoch").since(9),
    array("topics", &Of(&OFFSET_FETCH_TOPICS)).nullable().since(8),
]);

const OFFSET_FETCH: Struct = Struct::new::<messages::OffsetFetchRequest>(&[
    text("group_id").until(7),
    array("topics", &Of(&OFFSET_FETCH_TOPIC)).nullable().until(7),
    array("groups", &Of(&OFFSET_FETCH_GROUP)).since(8),
    int8("require_stable").since(7),
]);

/// OffsetFetch, key 9, versions 1 to 9.
pub(super) const OFFSET_FETCH_REQUEST: Request =
    Request { key: ApiKey::OffsetFetch, min: 1, max: 9, flexible: 6, body: &OFFSET_FETCH };

const FIND_COORDINATOR: Struct = Struct::new::<messages::FindCoordinatorRequest>(&[
    text("key").until(3),
    int8("key_type").since(1),
    array("coordinator_keys", &Text).since(4),
]);

/// FindCoordinator, key 10, versions 0 to 6.
pub(super) const FIND_COORDINATOR_REQUEST: Request =
    Request { key: ApiKey::FindCoordinator, min: 0, max: 6, flexible: 3, body: &FIND_COORDINATOR };

const JOIN_GROUP_PROTOCOL: Struct =
    Struct::new::<messages::join_group_request::JoinGroupRequestProtocol>(&[text("name"), bytes("metadata")]);

const JOIN_GROUP: Struct = Struct::new::<messages::JoinGroupRequest>(&[
    text("group_id"),
    int32("session_timeout_ms"),
    int32("rebalance_timeout_ms").since(1),
    text("member_id"),
    text("group_instance_id").nullable().since(5),
    text("protocol_type"),
    array("protocols", &Of(&JOIN_GROUP_PROTOCOL)),
    text("reason").nullable().since(8),
]);

/// JoinGroup, key 11, versions 0 to 9.
pub(super) const JOIN_GROUP_REQUEST: Request =
    Request { key: ApiKey::JoinGroup, min: 0, max: 9, flexible: 6, body: &JOIN_GROUP };

const HEARTBEAT: Struct = Struct::new::<messages::HeartbeatRequest>(&[
    text("group_id"),
    int32("generation_id"),
    text("member_id"),
    text("group_instance_id").nullable().since(3),
]);

/// Heartbeat, key 12, versions 0 to 4.
pub(super) const HEARTBEAT_REQUEST: Request =
    Request { key: ApiKey::Heartbeat, min: 0, max: 4, flexible: 4, body: &HEARTBEAT };

const LEAVE_GROUP_MEMBER_IDENTITY: Struct = Struct::new::<messages::leave_group_request::MemberIdentity>(&[
    text("member_id").since(3),
    text("group_instance_id").nullable().since(3),
    text("reason").nullable().since(5),
]);

const LEAVE_GROUP: Struct = Struct::new::<messages::LeaveGroupRequest>(&[
    text("group_id"),
    text("member_id").until(2),
    array("members", &Of(&LEAVE_GROUP_MEMBER_IDENTITY)).since(3),
]);

/// LeaveGroup, key 13, versions 0 to 5.
pub(super) const LEAVE_GROUP_REQUEST: Request =
    Request { key: ApiKey::LeaveGroup, min: 0, max: 5, flexible: 4, body: &LEAVE_GROUP };

const SYNC_GROUP_ASSIGNMENT: Struct =
    Struct::new::<messages::sync_group_request::SyncGroupRequestAssignment>(&[
        text("member_id"),
        bytes("assignment"),
    ]);

const SYNC_GROUP: Struct = Struct::new::<messages::SyncGroupRequest>(&[
    text("group_id"),
    int32("generation_id"),
    text("member_id"),
    text("group_instance_id").nullable().since(3),
    text("protocol_type").nullable().since(5),
    text("protocol_name").nullable().since(5),
    array("assignments", &Of(&SYNC_GROUP_ASSIGNMENT)),
]);

/// SyncGroup, key 14, versions 0 to 5.
pub(super) const SYNC_GROUP_REQUEST: Request =
    Request { key: ApiKey::SyncGroup, min: 0, max: 5, flexible: 4, body: &SYNC_GROUP };

const DESCRIBE_GROUPS: Struct = Struct::new::<messages::DescribeGroupsRequest>(&[
    array("groups", &Text),
    int8("include_authorized_operations").since(3),
]);

/// DescribeGroups, key 15, versions 0 to 6.
pub(super) const DESCRIBE_GROUPS_REQUEST: Request =
    Request { key: ApiKey::DescribeGroups, min: 0, max: 6, flexible: 5, body: &DESCRIBE_GROUPS };

const LIST_GROUPS: Struct = Struct::new::<messages::ListGroupsRequest>(&[
    array("states_filter", &Text).since(4),
    array("types_filter", &Text).since(5),
]);

/// ListGroups, key 16, versions 0 to 5.
pub(super) const LIST_GROUPS_REQUEST: Request =
    Request { key: ApiKey::ListGroups, min: 0, max: 5, flexible: 3, body: &LIST_GROUPS };

const DELETE_GROUPS: Struct = Struct::new::<messages::DeleteGroupsRequest>(&[array("groups_names", &Text)]);

/// DeleteGroups, key 42, versions 0 to 2.
pub(super) const DELETE_GROUPS_REQUEST: Request =
    Request { key: ApiKey::DeleteGroups, min: 0, max: 2, flexible: 2, body: &DELETE_GROUPS };

const OFFSET_DELETE_PARTITION: Struct =
    Struct::new::<messages::offset_delete_request::OffsetDeleteRequestPartition>(&[int32("partition_index")]);

const OFFSET_DELETE_TOPIC: Struct =
    Struct::new::<messages::offset_delete_request::OffsetDeleteRequestTopic>(&[
        text("name"),
        array("partitions", &Of(&OFFSET_DELETE_PARTITION)),
    ]);

const OFFSET_DELETE: Struct = Struct::new::<messages::OffsetDeleteRequest>(&[
    text("group_id"),
    array("topics", &Of(&OFFSET_DELETE_TOPIC)),
]);

/// OffsetDelete, key 47, versions 0 to 0.
pub(super) const OFFSET_DELETE_REQUEST: Request =
    Request { key: ApiKey::OffsetDelete, min: 0, max: 0, flexible: NEVER, body: &OFFSET_DELETE };

const CONSUMER_GROUP_HEARTBEAT_TOPIC_PARTITIONS: Struct =
    Struct::new::<messages::consumer_group_heartbeat_request::TopicPartitions>(&[
        uuid("topic_id"),
        array("partitions", &Fixed(4)),
    ]);

const CONSUMER_GROUP_HEARTBEAT: Struct = Struct::new::<messages::ConsumerGroupHeartbeatRequest>(&[
    text("group_id"),
    text("member_id"),
    int32("member_epoch"),
    text("instance_id").nullable(),
    text("rack_id").nullable(),
    int32("rebalance_timeout_ms"),
    array("subscribed_topic_names", &Text).nullable(),
    text("subscribed_topic_regex").nullable().since(1),
    text("server_assignor").nullable(),
    array("topic_partitions", &Of(&CONSUMER_GROUP_HEARTBEAT_TOPIC_PARTITIONS)).nullable(),
]);

/// ConsumerGroupHeartbeat, key 68, versions 0 to 1.
pub(super) const CONSUMER_GROUP_HEARTBEAT_REQUEST: Request = Request {
    key: ApiKey::ConsumerGroupHeartbeat,
    min: 0,
    max: 1,
    flexible: 0,
    body: &CONSUMER_GROUP_HEARTBEAT,
};

const CONSUMER_GROUP_DESCRIBE: Struct = Struct::new::<messages::ConsumerGroupDescribeRequest>(&[
    array("group_ids", &Text),
    int8("include_authorized_operations"),
]);

/// ConsumerGroupDescribe, key 69, versions 0 to 1.
pub(super) const CONSUMER_GROUP_DESCRIBE_REQUEST: Request = Request {
    key: ApiKey::ConsumerGroupDescribe,
    min: 0,
    max: 1,
    flexible: 0,
    body: &CONSUMER_GROUP_DESCRIBE,
};

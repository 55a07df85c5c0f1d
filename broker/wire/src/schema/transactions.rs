//! Requests about producers and transactions: their fields in wire order, and versions.
//!
//! Facts: Kafka's message definitions, as the codec (kafka-protocol 0.18) has them; the tests compare the two.

use kafka_protocol::messages::{self, ApiKey};

use super::Kind::{Fixed, Of, Text};
use super::{Request, Struct, array, int8, int16, int32, int64, text};

const INIT_PRODUCER_ID: Struct = Struct::new::<messages::InitProducerIdRequest>(&[
    text("transactional_id").nullable(),
    int32("transaction_timeout_ms"),
    int64("producer_id").since(3),
    int16("producer_epoch").since(3),
]);

/// InitProducerId, key 22, versions 0 to 5.
pub(super) const INIT_PRODUCER_ID_REQUEST: Request =
    Request { key: ApiKey::InitProducerId, min: 0, max: 5, flexible: 2, body: &INIT_PRODUCER_ID };

const ADD_PARTITIONS_TO_TXN_TOPIC: Struct = Struct::new::<
    messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic,
>(&[text("name"), array("partitions", &Fixed(4))]);

const ADD_PARTITIONS_TO_TXN_TRANSACTION: Struct =
    Struct::new::<messages::add_partitions_to_txn_request::AddPartitionsToTxnTransaction>(&[
        text("transactional_id").since(4),
        int64("producer_id").since(4),
        int16("producer_epoch").since(4),
        int8("verify_only").since(4),
        array("topics", &Of(&ADD_PARTITIONS_TO_TXN_TOPIC)).since(4),
    ]);

const ADD_PARTITIONS_TO_TXN: Struct = Struct::new::<messages::AddPartitionsToTxnRequest>(&[
    array("transactions", &Of(&ADD_PARTITIONS_TO_TXN_TRANSACTION)).since(4),
    text("v3_and_below_transactional_id").until(3),
    int64("v3_and_below_producer_id").until(3),
    int16("v3_and_below_producer_epoch").until(3),
    array("v3_and_below_topics", &Of(&ADD_PARTITIONS_TO_TXN_TOPIC)).until(3),
]);

/// AddPartitionsToTxn, key 24, versions 0 to 5.
pub(super) const ADD_PARTITIONS_TO_TXN_REQUEST: Request =
    Request { key: ApiKey::AddPartitionsToTxn, min: 0, max: 5, flexible: 3, body: &ADD_PARTITIONS_TO_TXN };

const ADD_OFFSETS_TO_TXN: Struct = Struct::new::<messages::AddOffsetsToTxnRequest>(&[
    text("transactional_id"),
    int64("producer_id"),
    int16("producer_epoch"),
    text("group_id"),
]);

/// AddOffsetsToTxn, key 25, versions 0 to 4.
pub(super) const ADD_OFFSETS_TO_TXN_REQUEST: Request =
    Request { key: ApiKey::AddOffsetsToTxn, min: 0, max: 4, flexible: 3, body: &ADD_OFFSETS_TO_TXN };

const END_TXN: Struct = Struct::new::<messages::EndTxnRequest>(&[
    text("transactional_id"),
    int64("producer_id"),
    int16("producer_epoch"),
    int8("committed"),
]);

/// EndTxn, key 26, versions 0 to 5.
pub(super) const END_TXN_REQUEST: Request =
    Request { key: ApiKey::EndTxn, min: 0, max: 5, flexible: 3, body: &END_TXN };

const WRITE_TXN_MARKERS_WRITABLE_TXN_MARKER_TOPIC: Struct =
    Struct::new::<messages::write_txn_markers_request::WritableTxnMarkerTopic>(&[
        text("name"),
        array("partition_indexes", &Fixed(4)),
    ]);

const WRITE_TXN_MARKERS_WRITABLE_TXN_MARKER: Struct =
    Struct::new::<messages::write_txn_markers_request::WritableTxnMarker>(&[
        int64("producer_id"),
        int16("producer_epoch"),
        int8("transaction_result"),
        array("topics", &Of(&WRITE_TXN_MARKERS_WRITABLE_TXN_MARKER_TOPIC)),
        int32("coordinator_epoch"),
    ]);

const WRITE_TXN_MARKERS: Struct = Struct::new::<messages::WriteTxnMarkersRequest>(&[array(
    "markers",
    &Of(&WRITE_TXN_MARKERS_WRITABLE_TXN_MARKER),
)]);

/// WriteTxnMarkers, key 27, versions 1 to 1.
pub(super) const WRITE_TXN_MARKERS_REQUEST: Request =
    Request { key: ApiKey::WriteTxnMarkers, min: 1, max: 1, flexible: 1, body: &WRITE_TXN_MARKERS };

const TXN_OFFSET_COMMIT_PARTITION: Struct =
    Struct::new::<messages::txn_offset_commit_request::TxnOffsetCommitRequestPartition>(&[
        int32("partition_index"),
        int64("committed_offset"),
        int32("committed_leader_epoch").since(2),
        text("committed_metadata").nullable(),
    ]);

const TXN_OFFSET_COMMIT_TOPIC: Struct =
    Struct::new::<messages::txn_offset_commit_request::TxnOffsetCommitRequestTopic>(&[
        text("name"),
        array("partitions", &Of(&TXN_OFFSET_COMMIT_PARTITION)),
    ]);

const TXN_OFFSET_COMMIT: Struct = Struct::new::<messages::TxnOffsetCommitRequest>(&[
    text("transactional_id"),
    text("group_id"),
    int64("producer_id"),
    int16("producer_epoch"),
    int32("generation_id").since(3),
    text("member_id").since(3),
    text("group_instance_id").nullable().since(3),
    array("topics", &Of(&TXN_OFFSET_COMMIT_TOPIC)),
]);

/// TxnOffsetCommit, key 28, versions 0 to 5.
pub(super) const TXN_OFFSET_COMMIT_REQUEST: Request =
    Request { key: ApiKey::TxnOffsetCommit, min: 0, max: 5, flexible: 3, body: &TXN_OFFSET_COMMIT };

const DESCRIBE_TRANSACTIONS: Struct =
    Struct::new::<messages::DescribeTransactionsRequest>(&[array("transactional_ids", &Text)]);

/// DescribeTransactions, key 65, versions 0 to 0.
pub(super) const DESCRIBE_TRANSACTIONS_REQUEST: Request =
    Request { key: ApiKey::DescribeTransactions, min: 0, max: 0, flexible: 0, body: &DESCRIBE_TRANSACTIONS };

const LIST_TRANSACTIONS: Struct = Struct::new::<messages::ListTransactionsRequest>(&[
    array("state_filters", &Text),
    array("producer_id_filters", &Fixed(8)),
    int64("duration_filter").since(1),
    text("transactional_id_pattern").nullable().since(2),
]);

/// ListTransactions, key 66, versions 0 to 2.
pub(super) const LIST_TRANSACTIONS_REQUEST: Request =
    Request { key: ApiKey::ListTransactions, min: 0, max: 2, flexible: 0, body: &LIST_TRANSACTIONS };

//! The differences from Kafka 4.3.1 that are meant, each with its reason.

/// A difference that is meant.
pub struct Explained {
    /// Start of the label: request, version, case.
    pub request: &'static str,
    /// Part of the line that tells the difference.
    pub line: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// All of them.
pub const EXPLAINED: &[Explained] = &[
    Explained {
        request: "ApiVersionsRequest",
        line: "_features",
        reason: "transactions, the consumer, share and streams protocols are not built, so their features are not there; neither is Kafka's own Raft",
    },
    Explained {
        request: "ApiVersionsRequest",
        line: "api_keys",
        reason: "kafka-protocol 0.18 encodes ListOffsets, OffsetCommit, OffsetFetch and DescribeLogDirs one version lower",
    },
    Explained {
        request: "FindCoordinatorRequest",
        line: "unknown coordinator type",
        reason: "says what is wrong instead of Kafka's general text",
    },
    Explained {
        request: "DescribeConfigsRequest",
        line: "error_message",
        reason: "says what is wrong instead of nothing or Kafka's general text",
    },
    Explained {
        request: "DescribeConfigsRequest",
        line: "configs.21.",
        reason: "Kafka's format tool records min.insync.replicas as a dynamic default for eligible leader replicas (KIP-966)",
    },
    Explained { request: "DescribeConfigsRequest", line: "configs.9.", reason: "the same, of the broker" },
    Explained {
        request: "CreateTopicsRequest",
        line: "config_source: kafka 3, highway 5",
        reason: "the same, in the answer to CreateTopics",
    },
    Explained {
        request: "DescribeQuorumRequest",
        line: "CONTROLLER",
        reason: "a node has no listener for controllers; clients ask any",
    },
    Explained {
        request: "DescribeQuorumRequest",
        line: "replica_directory_id",
        reason: "a log directory has no id here",
    },
    Explained {
        request: "IncrementalAlterConfigsRequest",
        line: "responses.0.error_",
        reason: "Kafka fails with UNKNOWN_SERVER_ERROR on an operation that it does not know; this is INVALID_REQUEST with words",
    },
    Explained {
        request: "ProduceRequest",
        line: "log_start_offset: kafka 0, highway -1",
        reason: "only of a codec that does not exist: Kafka tells the log start offset with it from version 7 on",
    },
    Explained {
        request: "ProduceRequest",
        line: "error_code: kafka -1",
        reason: "Kafka fails with UNKNOWN_SERVER_ERROR on a codec that does not exist and on records that cannot be read",
    },
    Explained {
        request: "ProduceRequest",
        line: "is out of range. The timestamp should be within",
        reason: "the bounds are those of two different moments",
    },
];

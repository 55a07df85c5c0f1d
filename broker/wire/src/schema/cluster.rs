//! Requests about the cluster, its configuration, and connections: their fields in wire order, and versions.
//!
//! Facts: Kafka's message definitions, as the codec (kafka-protocol 0.18) has them; the tests compare the two.

use kafka_protocol::messages::{self, ApiKey};

use super::Kind::{Fixed, Of, Text};
use super::{NEVER, Request, Struct, array, bytes, int8, int32, text};

const API_VERSIONS: Struct = Struct::new::<messages::ApiVersionsRequest>(&[
    text("client_software_name").since(3),
    text("client_software_version").since(3),
]);

/// ApiVersions, key 18, versions 0 to 4.
pub(super) const API_VERSIONS_REQUEST: Request =
    Request { key: ApiKey::ApiVersions, min: 0, max: 4, flexible: 3, body: &API_VERSIONS };

const SASL_HANDSHAKE: Struct = Struct::new::<messages::SaslHandshakeRequest>(&[text("mechanism")]);

/// SaslHandshake, key 17, versions 0 to 1.
pub(super) const SASL_HANDSHAKE_REQUEST: Request =
    Request { key: ApiKey::SaslHandshake, min: 0, max: 1, flexible: NEVER, body: &SASL_HANDSHAKE };

const SASL_AUTHENTICATE: Struct = Struct::new::<messages::SaslAuthenticateRequest>(&[bytes("auth_bytes")]);

/// SaslAuthenticate, key 36, versions 0 to 2.
pub(super) const SASL_AUTHENTICATE_REQUEST: Request =
    Request { key: ApiKey::SaslAuthenticate, min: 0, max: 2, flexible: 2, body: &SASL_AUTHENTICATE };

const DESCRIBE_CONFIGS_RESOURCE: Struct =
    Struct::new::<messages::describe_configs_request::DescribeConfigsResource>(&[
        int8("resource_type"),
        text("resource_name"),
        array("configuration_keys", &Text).nullable(),
    ]);

const DESCRIBE_CONFIGS: Struct = Struct::new::<messages::DescribeConfigsRequest>(&[
    array("resources", &Of(&DESCRIBE_CONFIGS_RESOURCE)),
    int8("include_synonyms"),
    int8("include_documentation").since(3),
]);

/// DescribeConfigs, key 32, versions 1 to 4.
pub(super) const DESCRIBE_CONFIGS_REQUEST: Request =
    Request { key: ApiKey::DescribeConfigs, min: 1, max: 4, flexible: 4, body: &DESCRIBE_CONFIGS };

const ALTER_CONFIGS_ALTERABLE_CONFIG: Struct =
    Struct::new::<messages::alter_configs_request::AlterableConfig>(&[
        text("name"),
        text("value").nullable(),
    ]);

const ALTER_CONFIGS_RESOURCE: Struct =
    Struct::new::<messages::alter_configs_request::AlterConfigsResource>(&[
        int8("resource_type"),
        text("resource_name"),
        array("configs", &Of(&ALTER_CONFIGS_ALTERABLE_CONFIG)),
    ]);

const ALTER_CONFIGS: Struct = Struct::new::<messages::AlterConfigsRequest>(&[
    array("resources", &Of(&ALTER_CONFIGS_RESOURCE)),
    int8("validate_only"),
]);

/// AlterConfigs, key 33, versions 0 to 2.
pub(super) const ALTER_CONFIGS_REQUEST: Request =
    Request { key: ApiKey::AlterConfigs, min: 0, max: 2, flexible: 2, body: &ALTER_CONFIGS };

const INCREMENTAL_ALTER_CONFIGS_ALTERABLE_CONFIG: Struct =
    Struct::new::<messages::incremental_alter_configs_request::AlterableConfig>(&[
        text("name"),
        int8("config_operation"),
        text("value").nullable(),
    ]);

const INCREMENTAL_ALTER_CONFIGS_ALTER_CONFIGS_RESOURCE: Struct =
    Struct::new::<messages::incremental_alter_configs_request::AlterConfigsResource>(&[
        int8("resource_type"),
        text("resource_name"),
        array("configs", &Of(&INCREMENTAL_ALTER_CONFIGS_ALTERABLE_CONFIG)),
    ]);

const INCREMENTAL_ALTER_CONFIGS: Struct = Struct::new::<messages::IncrementalAlterConfigsRequest>(&[
    array("resources", &Of(&INCREMENTAL_ALTER_CONFIGS_ALTER_CONFIGS_RESOURCE)),
    int8("validate_only"),
]);

/// IncrementalAlterConfigs, key 44, versions 0 to 1.
pub(super) const INCREMENTAL_ALTER_CONFIGS_REQUEST: Request = Request {
    key: ApiKey::IncrementalAlterConfigs,
    min: 0,
    max: 1,
    flexible: 1,
    body: &INCREMENTAL_ALTER_CONFIGS,
};

const DESCRIBE_LOG_DIRS_DESCRIBABLE_LOG_DIR_TOPIC: Struct =
    Struct::new::<messages::describe_log_dirs_request::DescribableLogDirTopic>(&[
        text("topic"),
        array("partitions", &Fixed(4)),
    ]);

const DESCRIBE_LOG_DIRS: Struct = Struct::new::<messages::DescribeLogDirsRequest>(&[array(
    "topics",
    &Of(&DESCRIBE_LOG_DIRS_DESCRIBABLE_LOG_DIR_TOPIC),
)
.nullable()]);

/// DescribeLogDirs, key 35, versions 1 to 4.
pub(super) const DESCRIBE_LOG_DIRS_REQUEST: Request =
    Request { key: ApiKey::DescribeLogDirs, min: 1, max: 4, flexible: 2, body: &DESCRIBE_LOG_DIRS };

const DESCRIBE_QUORUM_PARTITION_DATA: Struct =
    Struct::new::<messages::describe_quorum_request::PartitionData>(&[int32("partition_index")]);

const DESCRIBE_QUORUM_TOPIC_DATA: Struct = Struct::new::<messages::describe_quorum_request::TopicData>(&[
    text("topic_name"),
    array("partitions", &Of(&DESCRIBE_QUORUM_PARTITION_DATA)),
]);

const DESCRIBE_QUORUM: Struct =
    Struct::new::<messages::DescribeQuorumRequest>(&[array("topics", &Of(&DESCRIBE_QUORUM_TOPIC_DATA))]);

/// DescribeQuorum, key 55, versions 0 to 2.
pub(super) const DESCRIBE_QUORUM_REQUEST: Request =
    Request { key: ApiKey::DescribeQuorum, min: 0, max: 2, flexible: 0, body: &DESCRIBE_QUORUM };

const DESCRIBE_CLUSTER: Struct = Struct::new::<messages::DescribeClusterRequest>(&[
    int8("include_cluster_authorized_operations"),
    int8("endpoint_type").since(1),
    int8("include_fenced_brokers").since(2),
]);

/// DescribeCluster, key 60, versions 0 to 2.
pub(super) const DESCRIBE_CLUSTER_REQUEST: Request =
    Request { key: ApiKey::DescribeCluster, min: 0, max: 2, flexible: 0, body: &DESCRIBE_CLUSTER };

const LIST_CONFIG_RESOURCES: Struct =
    Struct::new::<messages::ListConfigResourcesRequest>(&[array("resource_types", &Fixed(1)).since(1)]);

/// ListConfigResources, key 74, versions 0 to 1.
pub(super) const LIST_CONFIG_RESOURCES_REQUEST: Request =
    Request { key: ApiKey::ListConfigResources, min: 0, max: 1, flexible: 0, body: &LIST_CONFIG_RESOURCES };

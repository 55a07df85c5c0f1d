//! What request bodies look like, in every version: data for the walk in [`crate::bounds`].
//!
//! A message is a list of fields in wire order. From the flexible version on, lengths are varints and every struct ends
//! with tagged fields (KIP-482); a field with a tag is among those. A null is allowed where the codec's type is an
//! `Option`, whatever the version, as in the codec.

mod cluster;
mod data;
mod groups;
mod topics;
mod transactions;

use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::StrBytes;

/// Not a version of any API.
pub(crate) const NEVER: i16 = i16::MAX;

/// The body of one API's requests.
#[derive(Debug)]
pub(crate) struct Request {
    pub key: ApiKey,
    /// The lowest version described.
    pub min: i16,
    /// The highest version described.
    pub max: i16,
    /// The first version with varint lengths and tagged fields; [`NEVER`] for none.
    pub flexible: i16,
    pub body: &'static Struct,
}

#[derive(Debug)]
pub(crate) struct Struct {
    /// What one takes in memory when it is decoded, in bytes, without what hangs on it.
    pub memory: usize,
    pub fields: &'static [Field],
}

impl Struct {
    const fn new<T>(fields: &'static [Field]) -> Self {
        Self { memory: size_of::<T>(), fields }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// So many bytes.
    Fixed(usize),
    /// UTF-8 with a length: int16, or varint of length + 1.
    Text,
    /// Bytes with a length: int32, or varint of length + 1.
    Blob,
    /// A count (int32, or varint of count + 1), then the elements.
    Array(&'static Kind),
    /// The fields of a struct.
    Of(&'static Struct),
    /// An int8 that is negative for null, then the struct.
    Maybe(&'static Struct),
}

impl Kind {
    /// What an array element of this kind takes in memory, in bytes.
    pub(crate) const fn memory(self) -> usize {
        match self {
            Self::Fixed(len) => len,
            Self::Text => size_of::<StrBytes>(),
            Self::Blob => size_of::<bytes::Bytes>(),
            Self::Array(_) => size_of::<Vec<u8>>(),
            Self::Of(inner) | Self::Maybe(inner) => inner.memory,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub since: i16,
    pub until: i16,
    pub tag: Option<u32>,
    pub nullable: bool,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, since: 0, until: NEVER, tag: None, nullable: false }
    }
    const fn since(mut self, version: i16) -> Self {
        self.since = version;
        self
    }
    const fn until(mut self, version: i16) -> Self {
        self.until = version;
        self
    }
    const fn tag(mut self, tag: u32) -> Self {
        self.tag = Some(tag);
        self
    }
    const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
    /// Whether the field exists in this version.
    pub(crate) const fn in_version(&self, version: i16) -> bool {
        self.since <= version && version <= self.until
    }
}

const fn int8(name: &'static str) -> Field {
    Field::new(name, Kind::Fixed(1))
}
const fn int16(name: &'static str) -> Field {
    Field::new(name, Kind::Fixed(2))
}
const fn int32(name: &'static str) -> Field {
    Field::new(name, Kind::Fixed(4))
}
const fn int64(name: &'static str) -> Field {
    Field::new(name, Kind::Fixed(8))
}
const fn uuid(name: &'static str) -> Field {
    Field::new(name, Kind::Fixed(16))
}
const fn text(name: &'static str) -> Field {
    Field::new(name, Kind::Text)
}
const fn bytes(name: &'static str) -> Field {
    Field::new(name, Kind::Blob)
}
const fn array(name: &'static str, element: &'static Kind) -> Field {
    Field::new(name, Kind::Array(element))
}
const fn of(name: &'static str, inner: &'static Struct) -> Field {
    Field::new(name, Kind::Of(inner))
}
const fn maybe(name: &'static str, inner: &'static Struct) -> Field {
    Field::new(name, Kind::Maybe(inner))
}

/// All that are described, by key; some are not served yet.
pub(crate) const REQUESTS: &[Request] = &[
    data::PRODUCE_REQUEST,
    data::FETCH_REQUEST,
    data::LIST_OFFSETS_REQUEST,
    topics::METADATA_REQUEST,
    groups::OFFSET_COMMIT_REQUEST,
    groups::OFFSET_FETCH_REQUEST,
    groups::FIND_COORDINATOR_REQUEST,
    groups::JOIN_GROUP_REQUEST,
    groups::HEARTBEAT_REQUEST,
    groups::LEAVE_GROUP_REQUEST,
    groups::SYNC_GROUP_REQUEST,
    groups::DESCRIBE_GROUPS_REQUEST,
    groups::LIST_GROUPS_REQUEST,
    cluster::SASL_HANDSHAKE_REQUEST,
    cluster::API_VERSIONS_REQUEST,
    topics::CREATE_TOPICS_REQUEST,
    topics::DELETE_TOPICS_REQUEST,
    data::DELETE_RECORDS_REQUEST,
    transactions::INIT_PRODUCER_ID_REQUEST,
    data::OFFSET_FOR_LEADER_EPOCH_REQUEST,
    transactions::ADD_PARTITIONS_TO_TXN_REQUEST,
    transactions::ADD_OFFSETS_TO_TXN_REQUEST,
    transactions::END_TXN_REQUEST,
    transactions::WRITE_TXN_MARKERS_REQUEST,
    transactions::TXN_OFFSET_COMMIT_REQUEST,
    cluster::DESCRIBE_CONFIGS_REQUEST,
    cluster::ALTER_CONFIGS_REQUEST,
    cluster::DESCRIBE_LOG_DIRS_REQUEST,
    cluster::SASL_AUTHENTICATE_REQUEST,
    topics::CREATE_PARTITIONS_REQUEST,
    groups::DELETE_GROUPS_REQUEST,
    cluster::INCREMENTAL_ALTER_CONFIGS_REQUEST,
    topics::LIST_PARTITION_REASSIGNMENTS_REQUEST,
    groups::OFFSET_DELETE_REQUEST,
    cluster::DESCRIBE_QUORUM_REQUEST,
    cluster::DESCRIBE_CLUSTER_REQUEST,
    data::DESCRIBE_PRODUCERS_REQUEST,
    transactions::DESCRIBE_TRANSACTIONS_REQUEST,
    transactions::LIST_TRANSACTIONS_REQUEST,
    groups::CONSUMER_GROUP_HEARTBEAT_REQUEST,
    groups::CONSUMER_GROUP_DESCRIBE_REQUEST,
    cluster::LIST_CONFIG_RESOURCES_REQUEST,
    topics::DESCRIBE_TOPIC_PARTITIONS_REQUEST,
];

/// The description of an API's requests, if there is one.
pub(crate) fn lookup(key: i16) -> Option<&'static Request> {
    let index = REQUESTS.binary_search_by_key(&key, |r| r.key as i16).ok()?;
    Some(&REQUESTS[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_served_version_is_described() {
        assert!(REQUESTS.windows(2).all(|w| (w[0].key as i16) < (w[1].key as i16)));
        for api in crate::apis::APIS {
            let schema = lookup(api.key as i16).unwrap_or_else(|| panic!("{:?} has no schema", api.key));
            assert!(schema.min <= api.min && api.max <= schema.max, "{:?}", api.key);
        }
    }

    #[test]
    fn flexible_versions_are_those_of_the_request_header() {
        for schema in REQUESTS {
            for version in schema.min..=schema.max {
                let flexible = schema.key.request_header_version(version) >= 2;
                assert_eq!(version >= schema.flexible, flexible, "{:?} v{version}", schema.key);
            }
        }
    }
}

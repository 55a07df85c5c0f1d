//! Entry points for fuzzing the request decoders: valid bodies from the schema, decoding by key, and re-encoding.
//!
//! Nothing here runs in a broker. It is part of the library so that every fuzzing front end (the tests of this crate,
//! a fuzzer outside) drives the same functions.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{self, ApiKey};
use kafka_protocol::protocol::{Encodable, Request};

use crate::request::{self, DecodeError};
use crate::schema::{self, Field, Kind, Struct};

/// A source of numbers below the argument, which is at least 1.
pub type Entropy<'a> = dyn FnMut(u64) -> u64 + 'a;

/// What became of a body that was decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The request, encoded again; `None` if the codec refuses that, as for a null that the version does not allow.
    pub encoded: Option<Bytes>,
}

/// All keys that are described, with their versions.
pub fn described() -> impl Iterator<Item = (i16, std::ops::RangeInclusive<i16>)> {
    schema::REQUESTS.iter().map(|r| (r.key as i16, r.min..=r.max))
}

/// A valid body: every field random, tagged fields present or not, unknown tagged fields behind them.
/// `None` if the key and version are not described.
pub fn sample(key: i16, version: i16, entropy: &mut Entropy<'_>) -> Option<Vec<u8>> {
    let request = schema::lookup(key).filter(|r| (r.min..=r.max).contains(&version))?;
    let mut sampler = Sampler { out: Vec::new(), version, flexible: version >= request.flexible, entropy };
    sampler.fields(request.body);
    Some(sampler.out)
}

/// Checks and decodes a body of any described API, and encodes it again.
///
/// # Errors
/// See [`DecodeError`].
pub fn transcode(key: i16, version: i16, body: &Bytes) -> Result<Decoded, DecodeError> {
    macro_rules! by_key {
        ($($api:ident $request:ident,)*) => {
            match ApiKey::try_from(key) {
                $(Ok(ApiKey::$api) => decode_as::<messages::$request>(version, body),)*
                _ => Err(crate::bounds::BoundsError::Unknown { key, version }.into()),
            }
        };
    }
    by_key! {
        Produce ProduceRequest, Fetch FetchRequest, ListOffsets ListOffsetsRequest, Metadata MetadataRequest,
        OffsetCommit OffsetCommitRequest, OffsetFetch OffsetFetchRequest,
        FindCoordinator FindCoordinatorRequest, JoinGroup JoinGroupRequest, Heartbeat HeartbeatRequest,
        LeaveGroup LeaveGroupRequest, SyncGroup SyncGroupRequest, DescribeGroups DescribeGroupsRequest,
        ListGroups ListGroupsRequest, SaslHandshake SaslHandshakeRequest, ApiVersions ApiVersionsRequest,
        CreateTopics CreateTopicsRequest, DeleteTopics DeleteTopicsRequest, DeleteRecords DeleteRecordsRequest,
        InitProducerId InitProducerIdRequest, OffsetForLeaderEpoch OffsetForLeaderEpochRequest,
        AddPartitionsToTxn AddPartitionsToTxnRequest, AddOffsetsToTxn AddOffsetsToTxnRequest, EndTxn EndTxnRequest,
        WriteTxnMarkers WriteTxnMarkersRequest, TxnOffsetCommit TxnOffsetCommitRequest,
        DescribeConfigs DescribeConfigsRequest, AlterConfigs AlterConfigsRequest,
        DescribeLogDirs DescribeLogDirsRequest, SaslAuthenticate SaslAuthenticateRequest,
        CreatePartitions CreatePartitionsRequest, DeleteGroups DeleteGroupsRequest,
        IncrementalAlterConfigs IncrementalAlterConfigsRequest,
        ListPartitionReassignments ListPartitionReassignmentsRequest, OffsetDelete OffsetDeleteRequest,
        DescribeQuorum DescribeQuorumRequest, DescribeCluster DescribeClusterRequest,
        DescribeProducers DescribeProducersRequest, DescribeTransactions DescribeTransactionsRequest,
        ListTransactions ListTransactionsRequest, ConsumerGroupHeartbeat ConsumerGroupHeartbeatRequest,
        ConsumerGroupDescribe ConsumerGroupDescribeRequest, ListConfigResources ListConfigResourcesRequest,
        DescribeTopicPartitions DescribeTopicPartitionsRequest,
    }
}

/// Reads arbitrary bytes as a frame: header, bounds, codec. Must neither panic nor take memory beyond what
/// [`crate::bounds`] allows.
pub fn fuzz_one(frame: &[u8]) {
    if let Ok(head) = crate::header::RequestHead::parse(Bytes::copy_from_slice(frame)) {
        // Refused or not: both are fine here.
        let _refusal = transcode(head.api_key, head.api_version, &head.body).err();
    }
}

fn decode_as<T: Request>(version: i16, body: &Bytes) -> Result<Decoded, DecodeError> {
    let request: T = request::decode(version, body)?;
    let mut out = BytesMut::new();
    let encoded = Encodable::encode(&request, &mut out, version).is_ok().then(|| out.freeze());
    Ok(Decoded { encoded })
}

struct Sampler<'a, 'e> {
    out: Vec<u8>,
    version: i16,
    flexible: bool,
    entropy: &'a mut Entropy<'e>,
}

impl Sampler<'_, '_> {
    fn noise(&mut self, len: usize) {
        for _ in 0..len {
            let byte = (self.entropy)(256);
            self.out.push(byte as u8);
        }
    }

    fn varint(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    fn length(&mut self, length: Option<usize>, narrow: bool) {
        let plain = length.map_or(-1, |l| i32::try_from(l).unwrap_or(i32::MAX));
        match (self.flexible, narrow) {
            (true, _) => self.varint(length.map_or(0, |l| l + 1)),
            (false, true) => self.out.extend_from_slice(&(plain as i16).to_be_bytes()),
            (false, false) => self.out.extend_from_slice(&plain.to_be_bytes()),
        }
    }

    fn field(&mut self, field: &Field) {
        let null = field.nullable && field.tag.is_none() && (self.entropy)(8) == 0;
        match field.kind {
            // A bool and an int8 cannot be told apart here: 1 is a value of both.
            Kind::Fixed(1) => self.out.push(1),
            Kind::Fixed(len) => self.noise(len),
            Kind::Text => {
                let len = (self.entropy)(12) as usize + 1;
                self.length((!null).then_some(len), true);
                if !null {
                    self.out.extend(std::iter::repeat_n(b'x', len));
                }
            }
            Kind::Blob => {
                let len = (self.entropy)(200) as usize;
                self.length((!null).then_some(len), false);
                self.noise(if null { 0 } else { len });
            }
            Kind::Array(element) => {
                let count = (self.entropy)(4) as usize;
                self.length((!null).then_some(count), false);
                let element = Field { kind: *element, nullable: false, ..*field };
                for _ in 0..if null { 0 } else { count } {
                    self.field(&element);
                }
            }
            Kind::Of(inner) => self.fields(inner),
            Kind::Maybe(inner) => {
                if (self.entropy)(2) == 0 {
                    self.out.push(0xff);
                } else {
                    self.out.push(1);
                    self.fields(inner);
                }
            }
        }
    }

    fn fields(&mut self, inner: &'static Struct) {
        for field in inner.fields {
            if field.tag.is_none() && field.in_version(self.version) {
                self.field(field);
            }
        }
        if !self.flexible {
            return;
        }
        let mut tags = Vec::new();
        let version = self.version;
        for field in inner.fields.iter().filter(|f| f.in_version(version)) {
            let Some(tag) = field.tag.filter(|_| (self.entropy)(2) == 0) else { continue };
            let start = self.out.len();
            self.field(field);
            tags.push((tag, self.out.split_off(start)));
        }
        // The first number that is not known is the likeliest to be missing in a schema.
        let unknown = inner.fields.iter().filter_map(|f| f.tag).max().map_or(0, |t| t + 1);
        for number in 0..(self.entropy)(3) as u32 {
            let start = self.out.len();
            let len = (self.entropy)(9) as usize;
            self.noise(len);
            tags.push((unknown + number * 200, self.out.split_off(start)));
        }
        self.varint(tags.len());
        for (tag, value) in tags {
            self.varint(tag as usize);
            self.varint(value.len());
            self.out.extend_from_slice(&value);
        }
    }
}

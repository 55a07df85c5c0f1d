//! Fetch responses whose records are not copied: small pieces of encoding around bytes of the log.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::FetchResponse;
use kafka_protocol::messages::fetch_response::{AbortedTransaction, NodeEndpoint};
use kafka_protocol::protocol::HeaderVersion;
use uuid::Uuid;

use crate::piece::Piece;
use crate::response::EncodeError;

/// A whole response.
#[derive(Debug, Default)]
pub struct FetchResponseParts {
    /// ms that the client should wait.
    pub throttle_time_ms: i32,
    /// Of the whole request, v7+.
    pub error_code: i16,
    /// 0 for none, v7+.
    pub session_id: i32,
    /// The topics.
    pub topics: Vec<FetchTopicParts>,
    /// Where the leaders are that partitions name, v16+ (KIP-951).
    pub node_endpoints: Vec<NodeEndpoint>,
}

/// One topic.
#[derive(Debug, Default)]
pub struct FetchTopicParts {
    /// Written up to v12.
    pub topic: String,
    /// Written from v13 on.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<FetchPartitionParts>,
}

/// One partition.
#[derive(Debug, Default)]
pub struct FetchPartitionParts {
    /// Which.
    pub partition_index: i32,
    /// 0 for none.
    pub error_code: i16,
    /// -1 with an error.
    pub high_watermark: i64,
    /// -1 with an error.
    pub last_stable_offset: i64,
    /// v5+.
    pub log_start_offset: i64,
    /// Epoch and end offset, v12+.
    pub diverging_epoch: Option<(i32, i64)>,
    /// Leader and epoch, v12+.
    pub current_leader: Option<(i32, i32)>,
    /// Null for `None`.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// v11+; -1 for none.
    pub preferred_read_replica: i32,
    /// Batches.
    pub records: Option<Piece>,
}

struct Encoder {
    pieces: VecDeque<Piece>,
    head: BytesMut,
    flexible: bool,
}

impl Encoder {
    fn unsigned(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.head.put_u8((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.head.put_u8(value as u8);
    }

    fn text(&mut self, text: &str) {
        self.unsigned(u32::try_from(text.len() + 1).unwrap_or(u32::MAX));
        self.head.put_slice(text.as_bytes());
    }

    fn array_len(&mut self, len: Option<usize>) {
        match (self.flexible, len) {
            (true, len) => self.unsigned(len.map_or(0, |l| u32::try_from(l + 1).unwrap_or(u32::MAX))),
            (false, Some(len)) => self.head.put_i32(i32::try_from(len).unwrap_or(i32::MAX)),
            (false, None) => self.head.put_i32(-1),
        }
    }

    fn tag(&mut self, number: u32, fields: &[u8]) {
        self.unsigned(number);
        self.unsigned(u32::try_from(fields.len()).unwrap_or(u32::MAX));
        self.head.put_slice(fields);
    }

    fn no_tags(&mut self) {
        if self.flexible {
            self.head.put_u8(0);
        }
    }

    fn splice(&mut self, records: Option<Piece>) {
        match records {
            None => {}
            Some(Piece::Bytes(bytes)) if bytes.len() < 1024 => self.head.put_slice(&bytes), // cheaper than another piece
            Some(records) => {
                let head = self.head.split().freeze();
                self.pieces.push_back(Piece::Bytes(head));
                self.pieces.push_back(records);
            }
        }
    }
}

fn endpoints(nodes: &[NodeEndpoint]) -> Bytes {
    let mut out = Encoder { pieces: VecDeque::new(), head: BytesMut::new(), flexible: true };
    out.array_len(Some(nodes.len()));
    for node in nodes {
        out.head.put_i32(node.node_id.0);
        out.text(&node.host);
        out.head.put_i32(node.port);
        match &node.rack {
            Some(rack) => out.text(rack),
            None => out.unsigned(0),
        }
        out.no_tags();
    }
    out.head.freeze()
}

impl FetchResponseParts {
    /// The frame in pieces, to be written one behind the other.
    ///
    /// # Errors
    /// A field that the version does not have, or more than 2 GiB.
    pub fn encode(self, version: i16, correlation_id: i32) -> Result<VecDeque<Piece>, EncodeError> {
        if !(4..=18).contains(&version) {
            return Err(EncodeError::new(version, "Fetch versions are 4 to 18"));
        }
        let flexible = version >= 12;
        let mut out = Encoder { pieces: VecDeque::new(), head: BytesMut::with_capacity(256), flexible };
        out.head.put_i32(0);
        out.head.put_i32(correlation_id);
        if FetchResponse::header_version(version) >= 1 {
            out.head.put_u8(0);
        }
        out.head.put_i32(self.throttle_time_ms);
        if version >= 7 {
            out.head.put_i16(self.error_code);
            out.head.put_i32(self.session_id);
        }
        out.array_len(Some(self.topics.len()));
        for topic in self.topics {
            if version >= 13 {
                out.head.put_slice(topic.topic_id.as_bytes());
            } else if flexible {
                out.text(&topic.topic);
            } else {
                out.head.put_i16(i16::try_from(topic.topic.len()).unwrap_or(i16::MAX));
                out.head.put_slice(topic.topic.as_bytes());
            }
            out.array_len(Some(topic.partitions.len()));
            for partition in topic.partitions {
                partition.encode(version, &mut out);
            }
            out.no_tags();
        }
        if version >= 16 && !self.node_endpoints.is_empty() {
            out.unsigned(1);
            out.tag(0, &endpoints(&self.node_endpoints));
        } else {
            out.no_tags();
        }
        let tail = out.head.split().freeze();
        if !tail.is_empty() {
            out.pieces.push_back(Piece::Bytes(tail));
        }
        let len = out.pieces.iter().map(Piece::len).sum::<usize>() - 4;
        let len = i32::try_from(len).map_err(|e| EncodeError::new(version, e))?;
        if let Some(Piece::Bytes(first)) = out.pieces.front_mut() {
            // The first piece was made here and nobody else holds it.
            let mut head = BytesMut::from(std::mem::take(first));
            head[..4].copy_from_slice(&len.to_be_bytes());
            *first = head.freeze();
        }
        Ok(out.pieces)
    }
}

impl FetchPartitionParts {
    fn encode(self, version: i16, out: &mut Encoder) {
        out.head.put_i32(self.partition_index);
        out.head.put_i16(self.error_code);
        out.head.put_i64(self.high_watermark);
        out.head.put_i64(self.last_stable_offset);
        if version >= 5 {
            out.head.put_i64(self.log_start_offset);
        }
        out.array_len(self.aborted_transactions.as_ref().map(Vec::len));
        for txn in self.aborted_transactions.iter().flatten() {
            out.head.put_i64(txn.producer_id.0);
            out.head.put_i64(txn.first_offset);
            out.no_tags();
        }
        if version >= 11 {
            out.head.put_i32(self.preferred_read_replica);
        }
        out.array_len(Some(self.records.as_ref().map_or(0, Piece::len)));
        out.splice(self.records);
        if version >= 12 {
            // A tagged field with its default is left out (librdkafka up to 2.1.1 misreads it), as the codec does.
            let diverging_epoch = self.diverging_epoch.filter(|d| *d != (-1, -1));
            let current_leader = self.current_leader.filter(|l| *l != (-1, -1));
            out.unsigned(u32::from(diverging_epoch.is_some()) + u32::from(current_leader.is_some()));
            if let Some((epoch, end)) = diverging_epoch {
                let mut fields = [0; 13];
                fields[..4].copy_from_slice(&epoch.to_be_bytes());
                fields[4..12].copy_from_slice(&end.to_be_bytes());
                out.tag(0, &fields);
            }
            if let Some((leader, epoch)) = current_leader {
                let mut fields = [0; 9];
                fields[..4].copy_from_slice(&leader.to_be_bytes());
                fields[4..8].copy_from_slice(&epoch.to_be_bytes());
                out.tag(1, &fields);
            }
        }
    }
}

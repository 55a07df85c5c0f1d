//! The Fetch response encoder against the codec's, byte by byte, for every version.

use bytes::{Bytes, BytesMut};
use highway_wire::fetch_frame::{FetchPartitionParts, FetchResponseParts, FetchTopicParts};
use highway_wire::piece::Piece;
use highway_wire::response;
use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::{BrokerId, FetchResponse, ProducerId, TopicName};
use kafka_protocol::protocol::StrBytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

fn partition() -> impl Strategy<Value = FetchPartitionParts> {
    let numbers = (any::<i32>(), any::<i16>(), any::<i64>(), any::<i64>(), any::<i64>(), -1..3i32);
    let tags = (option::of((-1..3i32, -1..9i64)), option::of((-1..3i32, -1..3i32)));
    let aborted = option::of(vec((any::<i64>(), any::<i64>()), 0..4));
    let records = option::of(vec(any::<u8>(), 0..1500));
    (numbers, tags, aborted, records).prop_map(|(n, (diverging_epoch, current_leader), aborted, records)| {
        FetchPartitionParts {
            partition_index: n.0,
            error_code: n.1,
            high_watermark: n.2,
            last_stable_offset: n.3,
            log_start_offset: n.4,
            preferred_read_replica: n.5,
            diverging_epoch,
            current_leader,
            aborted_transactions: aborted.map(|a| {
                a.into_iter()
                    .map(|(id, first)| {
                        AbortedTransaction::default()
                            .with_producer_id(ProducerId(id))
                            .with_first_offset(first)
                    })
                    .collect()
            }),
            records: records.map(|r| Piece::Bytes(Bytes::from(r))),
        }
    })
}

fn response() -> impl Strategy<Value = FetchResponseParts> {
    let topic = ("[a-z]{0,200}", any::<u128>(), vec(partition(), 0..4));
    let node = (any::<i32>(), "[a-z.]{0,150}", any::<i32>(), option::of("[a-z]{0,9}"));
    (any::<i32>(), any::<i16>(), any::<i32>(), vec(topic, 0..4), vec(node, 0..3)).prop_map(
        |(throttle, error, session, topics, nodes)| FetchResponseParts {
            node_endpoints: nodes
                .into_iter()
                .map(|(id, host, port, rack)| {
                    NodeEndpoint::default()
                        .with_node_id(BrokerId(id))
                        .with_host(StrBytes::from_string(host))
                        .with_port(port)
                        .with_rack(rack.map(StrBytes::from_string))
                })
                .collect(),
            throttle_time_ms: throttle,
            error_code: error,
            session_id: session,
            topics: topics
                .into_iter()
                .map(|(topic, id, partitions)| FetchTopicParts {
                    topic,
                    topic_id: Uuid::from_u128(id),
                    partitions,
                })
                .collect(),
        },
    )
}

fn of_the_codec(parts: &FetchResponseParts, version: i16) -> FetchResponse {
    let topics = parts.topics.iter().map(|t| {
        let name = if version < 13 { t.topic.clone() } else { String::new() };
        let partitions = t.partitions.iter().map(|p| {
            let mut data = PartitionData::default()
                .with_partition_index(p.partition_index)
                .with_error_code(p.error_code)
                .with_high_watermark(p.high_watermark)
                .with_last_stable_offset(p.last_stable_offset)
                .with_log_start_offset(p.log_start_offset)
                .with_aborted_transactions(p.aborted_transactions.clone())
                .with_preferred_read_replica(BrokerId(if version >= 11 {
                    p.preferred_read_replica
                } else {
                    -1
                }))
                .with_records(Some(bytes_of(p)));
            if let Some((epoch, end)) = p.diverging_epoch.filter(|_| version >= 12) {
                data.diverging_epoch = EpochEndOffset::default().with_epoch(epoch).with_end_offset(end);
            }
            if let Some((leader, epoch)) = p.current_leader.filter(|_| version >= 12) {
                data.current_leader =
                    LeaderIdAndEpoch::default().with_leader_id(BrokerId(leader)).with_leader_epoch(epoch);
            }
            data
        });
        FetchableTopicResponse::default()
            .with_topic(TopicName(StrBytes::from_string(name)))
            .with_topic_id(if version >= 13 { t.topic_id } else { Uuid::nil() })
            .with_partitions(partitions.collect())
    });
    FetchResponse::default()
        .with_throttle_time_ms(parts.throttle_time_ms)
        .with_error_code(parts.error_code)
        .with_session_id(if version >= 7 { parts.session_id } else { 0 })
        .with_responses(topics.collect())
        .with_node_endpoints(if version >= 16 { parts.node_endpoints.clone() } else { Vec::new() })
}

fn bytes_of(partition: &FetchPartitionParts) -> Bytes {
    match &partition.records {
        Some(Piece::Bytes(bytes)) => bytes.clone(),
        _ => Bytes::new(),
    }
}

/// Encoding takes the parts; these are made of bytes only.
fn copy(parts: &FetchResponseParts) -> FetchResponseParts {
    let partition = |p: &FetchPartitionParts| FetchPartitionParts {
        records: p.records.as_ref().map(|_| Piece::Bytes(bytes_of(p))),
        aborted_transactions: p.aborted_transactions.clone(),
        ..*p
    };
    let topic = |t: &FetchTopicParts| FetchTopicParts {
        topic: t.topic.clone(),
        topic_id: t.topic_id,
        partitions: t.partitions.iter().map(partition).collect(),
    };
    FetchResponseParts {
        node_endpoints: parts.node_endpoints.clone(),
        topics: parts.topics.iter().map(topic).collect(),
        ..*parts
    }
}

proptest! {
    #[test]
    fn is_what_the_codec_writes(parts in response(), correlation in any::<i32>()) {
        for version in 4..=18 {
            let expected = response::encode(version, correlation, &of_the_codec(&parts, version)).unwrap();
            let mut pieces = BytesMut::new();
            for piece in copy(&parts).encode(version, correlation).unwrap() {
                let Piece::Bytes(piece) = piece else { panic!("bytes went in") };
                pieces.extend_from_slice(&piece);
            }
            prop_assert_eq!(pieces.freeze(), expected, "version {}", version);
        }
    }
}

#[test]
fn large_records_are_spliced_uncopied() {
    let records = Bytes::from(vec![7; 1 << 20]);
    for version in 4..=18 {
        let partition =
            FetchPartitionParts { records: Some(Piece::Bytes(records.clone())), ..Default::default() };
        let topic = FetchTopicParts { topic: "t".into(), partitions: vec![partition], ..Default::default() };
        let parts = FetchResponseParts { topics: vec![topic], ..Default::default() };
        let pieces = parts.encode(version, 1).unwrap();
        let uncopied = |p: &Piece| matches!(p, Piece::Bytes(b) if b.as_ptr() == records.as_ptr() && b.len() == records.len());
        assert!(pieces.iter().any(uncopied), "v{version}");
    }
}

#[test]
fn versions_that_do_not_exist_are_refused() {
    for version in [3, 19] {
        assert!(FetchResponseParts::default().encode(version, 1).is_err());
    }
}

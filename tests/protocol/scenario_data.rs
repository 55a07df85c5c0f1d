//! Produce, Fetch, offsets, producers, log directories.

use bytes::Bytes;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::describe_producers_request::TopicRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use uuid::Uuid;

use crate::batches::{NOBODY, Producer, batch, set};
use crate::client::{Side, text, versions};
use crate::scenario_topics::made;

const NOW: i64 = 1_600_000_000_000;
/// Records of [`NOW`] are old: Kafka looks for such 30 s after its start.
const KEEP: (&str, &str) = ("retention.ms", "-1");

fn produce(v: i16, name: &str, id: Uuid, partition: i32, records: Option<Bytes>) -> ProduceRequest {
    let data = TopicProduceData::default().with_partition_data(vec![
        PartitionProduceData::default().with_index(partition).with_records(records),
    ]);
    let data = if v < 13 { data.with_name(TopicName(text(name))) } else { data.with_topic_id(id) };
    ProduceRequest::default().with_acks(-1).with_timeout_ms(10_000).with_topic_data(vec![data])
}

pub fn run(side: &mut Side) {
    for v in versions::<ProduceRequest>() {
        produce_version(side, v);
    }
    idempotence(side);
    fetches(side);
    offsets(side);
    rest(side);
}

fn produce_version(side: &mut Side, v: i16) {
    let name = format!("data-{v}");
    let id =
        made(side, &name, 1, &[KEEP, ("message.timestamp.before.max.ms", "9223372036854775807")]).topic_id;
    let compact = format!("compact-{v}");
    let compact_id = made(side, &compact, 1, &[("cleanup.policy", "compact")]).topic_id;
    let small = format!("small-{v}");
    let small_id = made(side, &small, 1, &[KEEP, ("max.message.bytes", "100")]).topic_id;
    let good = batch(NOBODY, &[(Some("a"), NOW), (None, NOW + 5), (Some("b"), NOW + 3)]);
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        set(&mut bad, at, bytes);
        Some(bad.freeze())
    };
    let mut wrong = good.clone();
    wrong[17] ^= 1;
    let twice = [&good[..], &good[..]].concat();
    let cases: Vec<(&str, Option<Bytes>)> = vec![
        ("good", Some(good.clone().freeze())),
        ("empty", Some(Bytes::new())),
        ("two batches", Some(twice.into())),
        ("wrong checksum", Some(wrong.freeze())),
        ("base offset", with(0, &7_i64.to_be_bytes())),
        ("control", with(21, &0x20_i16.to_be_bytes())),
        ("unknown codec", with(21, &7_i16.to_be_bytes())),
        ("not compressed", with(21, &1_i16.to_be_bytes())),
        ("no records", with(57, &0_i32.to_be_bytes())),
        ("fewer records", with(57, &2_i32.to_be_bytes())),
        ("last offset", with(23, &9_i32.to_be_bytes())),
        ("producer without sequence", with(43, &5_i64.to_be_bytes())),
        ("max timestamp", with(35, &(NOW + 99).to_be_bytes())),
        ("future", Some(batch(NOBODY, &[(Some("a"), 4_100_000_000_000)]).freeze())),
        ("no time", Some(batch(NOBODY, &[(Some("a"), -1)]).freeze())),
        ("cut", Some(good.clone().freeze().slice(..good.len() - 3))),
        ("short", Some(good.clone().freeze().slice(..40))),
        (
            "magic 1",
            Some({
                let mut old = good.clone();
                old[16] = 1;
                old.freeze()
            }),
        ),
        ("transactional", with(21, &0x10_i16.to_be_bytes())),
    ];
    for (label, records) in cases {
        side.call(label, v, &produce(v, &name, id, 0, records));
    }
    let fine = || Some(good.clone().freeze());
    side.call("compact, null keys", v, &produce(v, &compact, compact_id, 0, fine()));
    side.call(
        "too large",
        v,
        &produce(v, &small, small_id, 0, Some(batch(NOBODY, &[(Some("a"), NOW); 20]).freeze())),
    );
    side.call("unknown partition", v, &produce(v, &name, id, 9, fine()));
    side.call("unknown topic", v, &produce(v, "unknown", Uuid::from_u128(99), 0, fine()));
    side.call("acks 1", v, &produce(v, &name, id, 0, fine()).with_acks(1));
    side.call("acks 2", v, &produce(v, &name, id, 0, fine()).with_acks(2));
    side.call("no topics", v, &ProduceRequest::default().with_acks(-1));
    let zstd = with(21, &4_i16.to_be_bytes());
    if v < 7 {
        side.call("zstd", v, &produce(v, &name, id, 0, zstd));
    }
}

fn idempotence(side: &mut Side) {
    // Kafka answers 14 until its first block of producer ids is there.
    side.until(
        4,
        &InitProducerIdRequest::default().with_transaction_timeout_ms(60_000).with_transactional_id(None),
        |a| a.error_code == 0,
    );
    for v in versions::<InitProducerIdRequest>() {
        side.call(
            "fresh",
            v,
            &InitProducerIdRequest::default().with_transaction_timeout_ms(60_000).with_transactional_id(None),
        );
        side.call("no timeout", v, &InitProducerIdRequest::default().with_transactional_id(None));
        if v >= 3 {
            side.call(
                "unknown id",
                v,
                &InitProducerIdRequest::default()
                    .with_transactional_id(None)
                    .with_producer_id(ProducerId(77))
                    .with_producer_epoch(3),
            );
            side.call(
                "id without epoch",
                v,
                &InitProducerIdRequest::default()
                    .with_transactional_id(None)
                    .with_producer_id(ProducerId(77)),
            );
        }
    }
    made(side, "idem", 1, &[KEEP]);
    let mut send = |label: &str, id, epoch, sequence, count: usize| {
        let by = Producer { id, epoch, sequence };
        side.call(
            label,
            9,
            &produce(9, "idem", Uuid::nil(), 0, Some(batch(by, &vec![(Some("k"), NOW); count]).freeze())),
        );
    };
    for at in 0..7 {
        send("in order", 7000, 0, at * 2, 2);
    }
    send("duplicate of the last", 7000, 0, 12, 2);
    send("duplicate of the fifth", 7000, 0, 4, 2);
    send("older duplicate", 7000, 0, 0, 2);
    send("half a duplicate", 7000, 0, 12, 1);
    send("gap", 7000, 0, 20, 1);
    send("new epoch, not 0", 7000, 1, 14, 1);
    send("new epoch", 7000, 1, 0, 1);
    send("old epoch", 7000, 0, 14, 1);
    send("unknown producer", 7001, 0, 50, 1);
    send("near the end", 7002, 0, i32::MAX, 1);
    send("wrapped", 7002, 0, 0, 1);
    let of = |name: &str, at: &[i32]| {
        DescribeProducersRequest::default().with_topics(vec![
            TopicRequest::default().with_name(TopicName(text(name))).with_partition_indexes(at.to_vec()),
        ])
    };
    let sort = |a: &mut DescribeProducersResponse| {
        for p in a.topics.iter_mut().flat_map(|t| &mut t.partitions) {
            p.active_producers.sort_by_key(|p| p.producer_id.0);
        }
    };
    side.ask("known", 0, &of("idem", &[0]), sort);
    side.ask("unknown partition", 0, &of("idem", &[5]), sort);
    side.ask("unknown", 0, &of("unknown", &[0]), sort);
}

struct Where<'a>(&'a str, Uuid, i32, i64);

fn fetch(v: i16, parts: &[Where<'_>]) -> FetchRequest {
    let topics = parts.iter().map(|&Where(name, id, at, offset)| {
        let part = FetchPartition::default()
            .with_partition(at)
            .with_fetch_offset(offset)
            .with_partition_max_bytes(1 << 20);
        let topic = FetchTopic::default().with_partitions(vec![part]);
        if v < 13 { topic.with_topic(TopicName(text(name))) } else { topic.with_topic_id(id) }
    });
    FetchRequest::default()
        .with_max_wait_ms(50)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_topics(topics.collect())
}

fn fetches(side: &mut Side) {
    let id = made(side, "read", 2, &[KEEP]).topic_id;
    for at in 0..3 {
        let records = batch(NOBODY, &[(Some("a"), NOW + at), (Some("b"), NOW + at + 10)]).freeze();
        side.call("to read", 9, &produce(9, "read", id, 0, Some(records)));
    }
    for v in versions::<FetchRequest>() {
        let one = |offset| fetch(v, &[Where("read", id, 0, offset)]);
        for offset in [0, 1, 3, 5, 6, 7, -1] {
            side.call(&format!("at {offset}"), v, &one(offset));
        }
        side.call("one byte", v, &one(0).with_max_bytes(1));
        side.call("committed", v, &one(2).with_isolation_level(1));
        side.call("empty partition", v, &fetch(v, &[Where("read", id, 1, 0)]));
        side.call("unknown partition", v, &fetch(v, &[Where("read", id, 9, 0)]));
        side.call("unknown topic", v, &fetch(v, &[Where("unknown", Uuid::from_u128(99), 0, 0)]));
        side.call(
            "several",
            v,
            &fetch(
                v,
                &[
                    Where("read", id, 0, 0),
                    Where("read", id, 1, 0),
                    Where("unknown", Uuid::from_u128(99), 0, 0),
                ],
            ),
        );
        side.call("nothing", v, &fetch(v, &[]));
        if v >= 9 {
            for epoch in [-1, 0, 1] {
                let mut request = one(0);
                request.topics[0].partitions[0].current_leader_epoch = epoch;
                side.call(&format!("leader epoch {epoch}"), v, &request);
            }
        }
        if v >= 12 {
            for (epoch, offset) in [(0, 2), (0, 6), (3, 2)] {
                let mut request = one(offset);
                request.topics[0].partitions[0].last_fetched_epoch = epoch;
                side.call(&format!("last epoch {epoch} at {offset}"), v, &request);
            }
        }
        if v >= 7 {
            sessions(side, v, id);
        }
    }
}

fn sessions(side: &mut Side, v: i16, id: Uuid) {
    let both = fetch(v, &[Where("read", id, 0, 0), Where("read", id, 1, 0)]);
    let session = side.call("session opens", v, &both.with_session_epoch(0)).map_or(0, |a| a.session_id);
    let next =
        |epoch, parts: &[Where<'_>]| fetch(v, parts).with_session_id(session).with_session_epoch(epoch);
    side.call("session goes on", v, &next(1, &[]));
    side.call("session moves", v, &next(2, &[Where("read", id, 0, 6)]));
    side.call("session idle", v, &next(3, &[]));
    side.call("session epoch wrong", v, &next(9, &[]));
    side.call("session unknown", v, &fetch(v, &[]).with_session_id(12345).with_session_epoch(1));
    side.call("session closes", v, &next(-1, &[]));
    side.call("session closed", v, &next(4, &[]));
}

fn offsets(side: &mut Side) {
    for v in versions::<ListOffsetsRequest>() {
        let of = |name: &str, at, timestamp, epoch| {
            let part = ListOffsetsPartition::default()
                .with_partition_index(at)
                .with_timestamp(timestamp)
                .with_current_leader_epoch(epoch);
            let topic =
                ListOffsetsTopic::default().with_name(TopicName(text(name))).with_partitions(vec![part]);
            ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic])
        };
        for timestamp in
            [-1, -2, -3, -4, -5, -6, -7, 0, NOW, NOW + 1, NOW + 2, NOW + 10, NOW + 11, NOW + 12, NOW + 13]
        {
            side.call(&format!("time {timestamp}"), v, &of("read", 0, timestamp, -1));
            side.call(&format!("time {timestamp} of nothing"), v, &of("read", 1, timestamp, -1));
        }
        side.call("unknown", v, &of("unknown", 0, -1, -1));
        side.call("unknown partition", v, &of("read", 9, -1, -1));
        if v >= 2 {
            side.call("committed", v, &of("read", 0, -1, -1).with_isolation_level(1));
        }
        if v >= 4 {
            side.call("epoch 0", v, &of("read", 0, -1, 0));
            side.call("epoch 5", v, &of("read", 0, -1, 5));
        }
        let mut twice = of("read", 0, -1, -1);
        let again = twice.topics[0].partitions[0].clone();
        twice.topics[0].partitions.push(again);
        side.call("twice", v, &twice);
    }
    for v in versions::<OffsetForLeaderEpochRequest>() {
        let of = |name: &str, at, epoch, current| {
            let part = OffsetForLeaderPartition::default()
                .with_partition(at)
                .with_leader_epoch(epoch)
                .with_current_leader_epoch(current);
            OffsetForLeaderEpochRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![
                OffsetForLeaderTopic::default().with_topic(TopicName(text(name))).with_partitions(vec![part]),
            ])
        };
        for (name, at, epoch, current) in [
            ("read", 0, 0, -1),
            ("read", 1, 0, -1),
            ("read", 0, 3, -1),
            ("read", 0, -1, -1),
            ("read", 0, 0, 0),
            ("read", 0, 0, 4),
            ("read", 9, 0, -1),
            ("unknown", 0, 0, -1),
        ] {
            side.call(&format!("{name}-{at} {epoch} {current}"), v, &of(name, at, epoch, current));
        }
    }
}

fn rest(side: &mut Side) {
    for v in versions::<DeleteRecordsRequest>() {
        let of = |name: &str, at, offset| {
            let part = DeleteRecordsPartition::default().with_partition_index(at).with_offset(offset);
            DeleteRecordsRequest::default().with_timeout_ms(10_000).with_topics(vec![
                DeleteRecordsTopic::default().with_name(TopicName(text(name))).with_partitions(vec![part]),
            ])
        };
        for (name, at, offset) in [
            ("read", 0, 1),
            ("read", 0, 0),
            ("read", 0, 3),
            ("read", 0, 77),
            ("read", 0, -2),
            ("read", 9, 0),
            ("unknown", 0, 0),
            ("compact-9", 0, 0),
            ("read", 0, -1),
        ] {
            side.call(&format!("{name}-{at} {offset}"), v, &of(name, at, offset));
        }
    }
    side.call("below the start", 9, &fetch(9, &[Where("read", Uuid::nil(), 0, 0)]));
    for v in versions::<DescribeLogDirsRequest>() {
        let topic = |name: &str, at: &[i32]| {
            describe_log_dirs_request::DescribableLogDirTopic::default()
                .with_topic(TopicName(text(name)))
                .with_partitions(at.to_vec())
        };
        let sort = |a: &mut DescribeLogDirsResponse| {
            for r in &mut a.results {
                r.log_dir = text("dir");
                r.topics.sort_by(|a, b| a.name.cmp(&b.name));
                r.topics.iter_mut().for_each(|t| t.partitions.sort_by_key(|p| p.partition_index));
            }
        };
        side.ask(
            "one",
            v,
            &DescribeLogDirsRequest::default().with_topics(Some(vec![topic("read", &[0, 1])])),
            sort,
        );
        side.ask(
            "unknown",
            v,
            &DescribeLogDirsRequest::default().with_topics(Some(vec![topic("unknown", &[0])])),
            sort,
        );
        side.ask("none", v, &DescribeLogDirsRequest::default().with_topics(Some(vec![])), sort);
    }
    for v in versions::<DescribeQuorumRequest>() {
        let of = |name: &str, at| {
            describe_quorum_request::TopicData::default()
                .with_topic_name(TopicName(text(name)))
                .with_partitions(vec![
                    describe_quorum_request::PartitionData::default().with_partition_index(at),
                ])
        };
        side.call("unknown", v, &DescribeQuorumRequest::default().with_topics(vec![of("read", 0)]));
        side.call(
            "unknown partition",
            v,
            &DescribeQuorumRequest::default().with_topics(vec![of("__cluster_metadata", 3)]),
        );
        side.ask(
            "metadata",
            v,
            &DescribeQuorumRequest::default().with_topics(vec![of("__cluster_metadata", 0)]),
            |a| {
                for p in a.topics.iter_mut().flat_map(|t| &mut t.partitions) {
                    p.high_watermark = 1;
                    p.leader_epoch = 1;
                    for voter in p.current_voters.iter_mut().chain(&mut p.observers) {
                        voter.log_end_offset = 1;
                    }
                }
            },
        );
    }
    side.call("none", 0, &ListPartitionReassignmentsRequest::default().with_topics(None));
}

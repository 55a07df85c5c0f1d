//! Runs one hot path a number of times, for callgrind: `hot_paths append|fetch|decode|encode TIMES`. The log writes to
//! memory (`/dev/shm`) and without the journal, whose threads would make counts differ from run to run.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::validate::Origin;
use highway_log::commit_log::CommitLog;
use highway_log::journal::{IoMode, Journal, JournalOptions};
use highway_log::log::Log;
use highway_log::manager::{LogManager, PartitionSpec};
use highway_log::read::ReadBound;
use highway_types::topic_config::Durability;
use highway_types::{
    LeaderEpoch, ManualClock, Offset, PartitionIndex, Timestamp, TopicConfig, TopicId, TopicIdPartition,
    TopicName,
};
use highway_wire::fetch_frame::{FetchPartitionParts, FetchResponseParts, FetchTopicParts};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, TopicName as WireTopic};
use kafka_protocol::protocol::{Encodable, StrBytes};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const PARTITIONS: i32 = 10;

fn batch() -> Bytes {
    let value: Vec<u8> = (0..100u8).map(|n| n.wrapping_mul(31)).collect();
    let mut builder = BatchBuilder::new();
    for _ in 0..100 {
        builder.push(NOW, None, Some(&value), &[]);
    }
    builder.build()
}

fn log(dir: &Path) -> anyhow::Result<(LogManager, Arc<Log>)> {
    let manager = LogManager::open(&[dir.to_owned()], ManualClock::new(NOW), Arc::default(), |dir, _| {
        let options = JournalOptions {
            file_bytes: 1 << 20,
            reserve_bytes: 64 << 10,
            queue_bytes: 512 << 10,
            ..JournalOptions::with_mode(IoMode::Buffered)
        };
        Ok(Arc::new(Journal::open(&dir.join(Journal::DIR), options)?) as Arc<dyn CommitLog>)
    })?;
    manager.recover(Vec::new())?;
    let spec = PartitionSpec {
        id: TopicIdPartition { topic_id: TopicId(Uuid::from_u128(7)), partition: PartitionIndex(0) },
        topic: TopicName::new("hot"),
        config: Arc::new(TopicConfig { durability: Durability::PageCache, ..TopicConfig::default() }),
        log_start: Offset::ZERO,
    };
    let log = manager.create(vec![spec])?.remove(0);
    Ok((manager, log))
}

fn produce_body() -> anyhow::Result<Bytes> {
    let partition = |index| PartitionProduceData::default().with_index(index).with_records(Some(batch()));
    let topic = TopicProduceData::default()
        .with_name(WireTopic(StrBytes::from_static_str("a-topic-of-some-length")))
        .with_partition_data((0..PARTITIONS).map(partition).collect());
    let request =
        ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000).with_topic_data(vec![topic]);
    let mut out = bytes::BytesMut::new();
    request.encode(&mut out, 9)?;
    Ok(out.freeze())
}

fn fetch_answer(records: &Bytes) -> FetchResponseParts {
    let partition = |partition_index| FetchPartitionParts {
        partition_index,
        high_watermark: 1 << 40,
        last_stable_offset: 1 << 40,
        preferred_read_replica: -1,
        records: Some(highway_wire::piece::Piece::Bytes(records.clone())),
        ..FetchPartitionParts::default()
    };
    let topic = FetchTopicParts {
        topic: "a-topic-of-some-length".to_owned(),
        topic_id: Uuid::from_u128(7),
        partitions: (0..PARTITIONS).map(partition).collect(),
    };
    FetchResponseParts { session_id: 1, topics: vec![topic], ..FetchResponseParts::default() }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let times: u64 = arguments.next().unwrap_or_default().parse()?;
    match path.as_str() {
        "append" => {
            let dir = tempfile::tempdir_in("/dev/shm")?;
            let ((_manager, log), batch) = (log(dir.path())?, batch());
            for _ in 0..times {
                std::hint::black_box(log.append(batch.clone(), Origin::Client, LeaderEpoch(0))?);
            }
        }
        "fetch" => {
            let dir = tempfile::tempdir_in("/dev/shm")?;
            let ((_manager, log), batch) = (log(dir.path())?, batch());
            for _ in 0..200 {
                log.append(batch.clone(), Origin::Client, LeaderEpoch(0))?;
            }
            for n in 0..times {
                let from = Offset(i64::try_from(n % 100)? * 100);
                std::hint::black_box(log.read(from, ReadBound::HighWatermark, 100_000, true)?);
            }
        }
        "decode" => {
            let body = produce_body()?;
            for _ in 0..times {
                std::hint::black_box(highway_wire::request::decode::<ProduceRequest>(9, &body)?);
            }
        }
        "encode" => {
            let records = batch();
            for _ in 0..times {
                std::hint::black_box(fetch_answer(&records).encode(12, 1)?);
            }
        }
        _ => anyhow::bail!("append, fetch, decode or encode, not {path:?}"),
    }
    Ok(())
}

//! An engine on a real directory, for the tests beside this folder.

#![allow(missing_docs, dead_code)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use highway_log::append::AppendInfo;
use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::header::{BatchHeader, HEADER_LEN};
use highway_log::batch::records::records;
use highway_log::batch::validate::Origin;
use highway_log::commit_log::CommitLog;
use highway_log::error::{AppendError, LogManagerError};
use highway_log::journal::{IoMode, Journal, JournalOptions, LargeBatches};
use highway_log::log::Log;
use highway_log::manager::{LogManager, PartitionSpec, RecoveryReport};
use highway_log::open_files::OpenFiles;
use highway_log::read::ReadBound;
use highway_types::{
    LeaderEpoch, ManualClock, Offset, PartitionIndex, ProducerEpoch, ProducerId, Timestamp, TopicConfig,
    TopicId, TopicIdPartition, TopicName,
};
use uuid::Uuid;

pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub struct Engine {
    pub dir: PathBuf,
    pub clock: Arc<ManualClock>,
    pub logs: LogManager,
    pub report: RecoveryReport,
}

pub fn spec(partition: i32, config: &TopicConfig) -> PartitionSpec {
    PartitionSpec {
        id: TopicIdPartition { topic_id: TopicId(Uuid::from_u128(77)), partition: PartitionIndex(partition) },
        topic: TopicName::new("t"),
        config: Arc::new(config.clone()),
        log_start: Offset::ZERO,
    }
}

pub fn open(dir: &Path, config: &TopicConfig) -> Result<Engine, LogManagerError> {
    open_with(dir, &[spec(0, config), spec(1, config)])
}

pub fn open_with(dir: &Path, specs: &[PartitionSpec]) -> Result<Engine, LogManagerError> {
    open_dirs(&[dir.to_owned()], specs, usize::MAX)
}

pub fn open_dirs(dirs: &[PathBuf], specs: &[PartitionSpec], files: usize) -> Result<Engine, LogManagerError> {
    let clock = ManualClock::new(NOW);
    let logs = LogManager::open(dirs, clock.clone(), OpenFiles::new(files), |dir, clean_end| {
        let options = JournalOptions {
            file_bytes: 1 << 20,
            reserve_bytes: 64 << 10,
            queue_bytes: 512 << 10,
            large_batches: LargeBatches::Once,
            ..JournalOptions::with_mode(IoMode::Buffered)
        };
        Ok(Arc::new(Journal::open_at(&dir.join(Journal::DIR), options, clean_end)?) as Arc<dyn CommitLog>)
    })?;
    let report = logs.recover(specs.to_vec())?;
    Ok(Engine { dir: dirs[0].clone(), clock, logs, report })
}

impl Engine {
    pub fn log(&self, partition: i32) -> Arc<Log> {
        self.logs.get(spec(partition, &TopicConfig::default()).id).expect("the partition is open")
    }

    /// Appends, and waits until the journal has counted it: its observers hear of it a moment before.
    pub fn append_settled(&self, partition: i32, batch: Bytes) {
        let before = self.logs.commit_log().durable();
        append(&self.log(partition), batch);
        while self.logs.commit_log().durable() == before {
            std::thread::yield_now();
        }
    }

    /// As after `kill -9`: nothing is closed, but the lock goes with the process.
    pub fn killed(self) -> PathBuf {
        self.dir
    }
}

pub fn batch(values: &[&str]) -> Bytes {
    let mut builder = BatchBuilder::new();
    for value in values {
        builder.push(NOW, Some(b"k"), Some(value.as_bytes()), &[]);
    }
    builder.build()
}

pub fn idempotent(sequence: i32, value: &str) -> Bytes {
    let mut builder = BatchBuilder::new().producer(ProducerId(5), ProducerEpoch(0), sequence);
    builder.push(NOW, None, Some(value.as_bytes()), &[]);
    builder.build()
}

pub fn append(log: &Log, batch: Bytes) -> AppendInfo {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        match log.append(batch.clone(), Origin::Client, LeaderEpoch(0)) {
            Ok(info) => {
                wait(log, info.end());
                return info;
            }
            // The next journal file is being made: a broker's appends wait for it beforehand.
            Err(AppendError::CommitLog(error)) if error.is_retriable() => {
                assert!(std::time::Instant::now() < deadline, "{error}");
                std::thread::yield_now();
            }
            Err(error) => panic!("the batch is good: {error}"),
        }
    }
}

pub fn wait(log: &Log, end: Offset) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(log.wait_durable(end)).expect("the journal works");
}

pub fn values(log: &Log) -> Vec<String> {
    let mut all = Vec::new();
    let mut from = log.offsets().log_start;
    loop {
        let read = log.read(from, ReadBound::HighWatermark, 1 << 16, true).expect("readable");
        if read.records.is_empty() {
            return all;
        }
        {
            let mut rest = &read.records[..];
            while !rest.is_empty() {
                let header = BatchHeader::parse(rest).expect("a header");
                let (whole, behind) = rest.split_at(header.total_len());
                for record in records(&whole[HEADER_LEN..], header.count) {
                    let record = record.expect("a record");
                    if header.base_offset + i64::from(record.offset_delta) >= from {
                        all.push(String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned());
                    }
                }
                from = header.last_offset().next();
                rest = behind;
            }
        }
    }
}

pub fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("v{i}")).collect()
}

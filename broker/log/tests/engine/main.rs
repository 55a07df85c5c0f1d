//! The engine as a whole: logs, journal, checkpoints and recovery on a real directory.

#![allow(missing_docs)]

mod common;
mod corners;
mod fetch;
mod stored_once;

use std::fs;

use common::*;
use highway_log::batch::header::BatchHeader;
use highway_log::batch::validate::Origin;
use highway_log::error::{AppendError, LogManagerError, ReadError};
use highway_log::journal::Journal;
use highway_log::manager::PartitionSpec;
use highway_log::read::ReadBound;
use highway_types::topic_config::{CleanupPolicy, Durability};
use highway_types::{LeaderEpoch, Offset, Timestamp, TopicConfig};

#[test]
fn what_is_appended_is_read_after_kill_and_after_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    for (i, value) in numbered(20).iter().enumerate() {
        assert_eq!(append(&engine.log(0), batch(&[value])).base_offset, Offset(i as i64));
    }
    append(&engine.log(1), batch(&["other", "two"]));
    let dir_path = engine.killed();

    let engine = open(&dir_path, &config).unwrap();
    assert!(!engine.report.clean);
    assert_eq!(engine.report.found, 21, "everything was in the segments already");
    assert_eq!(values(&engine.log(0)), numbered(20));
    assert_eq!(values(&engine.log(1)), ["other", "two"]);
    engine.logs.close().unwrap();
    drop(engine);

    let engine = open(&dir_path, &config).unwrap();
    assert!(engine.report.clean);
    assert_eq!((engine.report.found, engine.report.rewritten, engine.report.cut_bytes), (0, 0, 0));
    assert_eq!(values(&engine.log(0)), numbered(20));
    assert_eq!(append(&engine.log(0), batch(&["v20"])).base_offset, Offset(20));
}

#[test]
fn segments_lost_with_the_power_come_back_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_bytes: 1 << 20, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    for value in numbered(10) {
        append(&engine.log(0), batch(&[&value]));
    }
    engine.logs.checkpoint().unwrap();
    for value in &numbered(30)[10..] {
        append(&engine.log(0), batch(&[value]));
    }
    let log_file = engine.log(0).dir().join("00000000000000000000.log");
    let checkpointed = {
        let one = fs::metadata(&log_file).unwrap().len() / 30;
        one * 10
    };
    let dir_path = engine.killed();
    // The power went: what was not flushed is gone, or garbage, at any place behind the checkpoint.
    let whole = fs::read(&log_file).unwrap();
    for cut in [checkpointed as usize, checkpointed as usize + 1, whole.len() - 1] {
        fs::write(&log_file, &whole[..cut]).unwrap();
        let engine = open(&dir_path, &config).unwrap();
        assert!(engine.report.rewritten > 0, "cut at {cut}: {:?}", engine.report);
        assert_eq!(values(&engine.log(0)), numbered(30), "cut at {cut}");
        drop(engine);
    }
    let mut garbage = whole;
    garbage[checkpointed as usize + 70..].fill(0);
    fs::write(&log_file, &garbage).unwrap();
    let engine = open(&dir_path, &config).unwrap();
    assert_eq!(values(&engine.log(0)), numbered(30));
    drop(engine);
    // A whole partition's directory is made again if it was never checkpointed.
    let engine = open(&dir_path, &config).unwrap();
    append(&engine.log(1), batch(&["late"]));
    let lost = engine.log(1).dir().to_owned();
    let dir_path = engine.killed();
    fs::remove_dir_all(lost).unwrap();
    let engine = open(&dir_path, &config).unwrap();
    assert_eq!(values(&engine.log(1)), ["late"]);
}

#[test]
fn a_segment_shorter_than_its_checkpoint_is_reported_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    append(&engine.log(0), batch(&["a"]));
    append(&engine.log(1), batch(&["b"]));
    engine.logs.checkpoint().unwrap();
    let log_file = engine.log(0).dir().join("00000000000000000000.log");
    let dir_path = engine.killed();
    let short = fs::read(&log_file).unwrap();
    fs::write(&log_file, &short[..short.len() - 1]).unwrap();
    let engine = open(&dir_path, &config).unwrap();
    assert_eq!(engine.report.offline.len(), 1);
    assert!(engine.report.offline[0].1.contains("00000000000000000000.log"), "{:?}", engine.report.offline);
    assert_eq!(fs::read(&log_file).unwrap().len(), short.len() - 1, "untouched");
    assert_eq!(values(&engine.log(1)), ["b"], "others are served");
}

#[test]
fn a_flipped_byte_is_named_and_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    for value in ["a", "b", "c"] {
        append(&engine.log(0), batch(&[value]));
    }
    let path = engine.log(0).dir().join("00000000000000000000.log");
    let good = fs::read(&path).unwrap();
    let len = good.len() / 3;
    // Behind base offset, length and leader epoch, which the checksum does not cover, and the magic.
    for at in len + 16..2 * len {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&path, &bad).unwrap();
        let log = engine.log(0);
        let first = log.read(Offset(0), ReadBound::HighWatermark, len, true).unwrap();
        assert_eq!(first.records.len(), len, "byte {at}: the batch before is served");
        let error = log.read(Offset(1), ReadBound::HighWatermark, 1 << 16, true).unwrap_err();
        assert!(matches!(error, ReadError::Corrupt { .. } | ReadError::Io { .. }), "byte {at}: {error}");
        let third = log.read(Offset(2), ReadBound::HighWatermark, 1 << 16, true);
        // A flipped magic hides the batch's length, a flipped last offset claims its neighbour's.
        if at > len + 16 && !(23..27).contains(&(at - len)) {
            assert_eq!(third.unwrap().records.len(), len, "byte {at}: the batch behind is served");
        }
        assert_eq!(fs::read(&path).unwrap(), bad, "byte {at}: never cut");
    }
}

#[test]
fn producer_state_survives_kill_stop_and_lost_snapshots() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    for sequence in 0..4 {
        append(&engine.log(0), idempotent(sequence, "x"));
    }
    let mut dir_path = engine.killed();
    for round in 0..3 {
        let engine = open(&dir_path, &config).unwrap();
        let log = engine.log(0);
        let again = append(&log, idempotent(3, "x"));
        assert!(again.duplicate, "round {round}");
        assert_eq!(again.base_offset, Offset(3));
        let gap = log.append(idempotent(9, "x"), Origin::Client, LeaderEpoch(0)).unwrap_err();
        assert!(matches!(gap, AppendError::Producer(_)), "{gap}");
        match round {
            0 => {
                engine.logs.close().unwrap();
                dir_path = engine.killed();
            }
            _ => {
                let partition = log.dir().to_owned();
                drop(log);
                dir_path = engine.killed();
                for entry in fs::read_dir(partition).unwrap() {
                    let path = entry.unwrap().path();
                    if path.extension().is_some_and(|e| e == "snapshot" || e == "index" || e == "timeindex") {
                        fs::remove_file(path).unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn page_cache_appends_are_scanned_and_the_epoch_must_rise() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { durability: Durability::PageCache, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    for value in numbered(5) {
        append(&engine.log(0), batch(&[&value]));
    }
    let path = engine.log(0).dir().join("00000000000000000000.log");
    let dir_path = engine.killed();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let engine = open(&dir_path, &config).unwrap();
    assert_eq!(values(&engine.log(0)), numbered(4), "the torn batch is cut, the rest stays");
    assert!(engine.report.may_have_lost.contains(&engine.log(0).id()));
    engine.logs.close().unwrap();
    drop(engine);
    let engine = open(&dir_path, &config).unwrap();
    assert!(engine.report.may_have_lost.is_empty(), "a graceful stop loses nothing");
}

#[test]
fn a_kill_right_after_a_clean_start_is_no_clean_stop() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { durability: Durability::PageCache, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    append(&engine.log(0), batch(&["v0"]));
    engine.logs.close().unwrap();
    drop(engine);
    let engine = open(dir.path(), &config).unwrap();
    assert!(engine.report.clean);
    append(&engine.log(0), batch(&["v1"]));
    let dir_path = engine.killed();
    let engine = open(&dir_path, &config).unwrap();
    assert!(!engine.report.clean);
    assert_eq!(values(&engine.log(0)), numbered(2));
    assert!(engine.report.may_have_lost.contains(&engine.log(0).id()));
}

#[test]
fn segments_roll_by_size_and_every_offset_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_bytes: 2000, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    for value in numbered(200) {
        append(&log, batch(&[&value]));
    }
    assert!(log.segment_count() > 5, "{} segments", log.segment_count());
    assert_eq!(values(&log), numbered(200));
    for offset in 0..200 {
        let read = log.read(Offset(offset), ReadBound::HighWatermark, 1, true).unwrap();
        let header = BatchHeader::parse(&read.records).unwrap();
        assert_eq!(header.base_offset, Offset(offset));
    }
    assert!(log.read(Offset(200), ReadBound::HighWatermark, 1, true).unwrap().records.is_empty());
    let error = log.read(Offset(201), ReadBound::HighWatermark, 1, true).unwrap_err();
    assert!(matches!(error, ReadError::OutOfRange { .. }));
    let dir_path = engine.killed();
    drop(log);
    let engine = open(&dir_path, &config).unwrap();
    assert_eq!(values(&engine.log(0)), numbered(200));
}

#[test]
fn retention_and_delete_records_move_the_start_and_survive() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_bytes: 2000, retention_bytes: 4000, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    for value in numbered(200) {
        append(&log, batch(&[&value]));
    }
    let start = log.retention_start(NOW).unwrap().expect("there is too much");
    let removed = log.advance_log_start(start);
    assert!(removed > 0);
    assert!(log.size_bytes() >= 4000, "never below the limit: {}", log.size_bytes());
    assert_eq!(log.retention_start(NOW).unwrap(), None);
    let error = log.read(Offset(0), ReadBound::HighWatermark, 1, true).unwrap_err();
    assert!(matches!(error, ReadError::OutOfRange { .. }));
    // The control record of the move is durable: the next start is told of it.
    let dir_path = engine.killed();
    drop(log);
    let spec = PartitionSpec { log_start: start, ..spec(0, &config) };
    let engine = open_with(&dir_path, &[spec]).unwrap();
    let log = engine.log(0);
    assert_eq!(log.offsets().log_start, start);
    assert_eq!(values(&log), numbered(200)[start.0 as usize..]);
    // Everything is old: the active segment rolls and goes too.
    engine.clock.set_wall(Timestamp(NOW.0 + config.retention_ms + 1));
    let end = log.retention_start(Timestamp(NOW.0 + config.retention_ms + 1)).unwrap();
    assert_eq!(end, Some(Offset(200)));
    log.advance_log_start(Offset(200));
    assert_eq!(append(&log, batch(&["next"])).base_offset, Offset(200));
}

/// Segments that the checkpoint names may be deleted before the next one.
#[test]
fn records_deleted_behind_a_checkpoint_do_not_look_like_a_loss() {
    let config = TopicConfig { segment_bytes: 2000, ..TopicConfig::default() };
    for lost_files in [false, true] {
        for checkpointed in [0, 20] {
            let dir = tempfile::tempdir().unwrap();
            let engine = open(dir.path(), &config).unwrap();
            let log = engine.log(0);
            let values_of = |n: usize| [format!("v{}", 2 * n), format!("v{}", 2 * n + 1)];
            for n in 0..100 {
                let pair = values_of(n);
                append(&log, batch(&[&pair[0], &pair[1]]));
                if n + 1 == checkpointed {
                    engine.logs.checkpoint().unwrap();
                }
            }
            let start = Offset(151); // within a batch
            assert!(log.advance_log_start(start) > 0);
            let dir_path = engine.killed();
            let partition_dir = log.dir().to_owned();
            drop(log);
            if lost_files {
                for entry in fs::read_dir(&partition_dir).unwrap() {
                    fs::remove_file(entry.unwrap().path()).unwrap();
                }
            }
            let engine =
                open_with(&dir_path, &[PartitionSpec { log_start: start, ..spec(0, &config) }]).unwrap();
            assert!(engine.report.offline.is_empty(), "{:?}", engine.report.offline);
            let log = engine.log(0);
            let offsets = log.offsets();
            assert_eq!((offsets.log_start, offsets.high_watermark), (start, Offset(200)), "{lost_files}");
            assert_eq!(values(&log), numbered(200)[151..]);
        }
    }
}

#[test]
fn a_compacted_topic_loses_nothing_to_retention() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig {
        segment_bytes: 2000,
        retention_ms: 1,
        cleanup_policy: CleanupPolicy { delete: false, compact: true },
        ..TopicConfig::default()
    };
    let engine = open(dir.path(), &config).unwrap();
    for value in numbered(50) {
        append(&engine.log(0), batch(&[&value]));
    }
    assert_eq!(engine.log(0).retention_start(Timestamp(NOW.0 * 2)).unwrap(), None);
}

#[test]
fn directories_of_others_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    let error = open(dir.path(), &config).err().expect("two processes, one directory");
    assert!(error.to_string().contains("in use"), "{error}");
    drop(engine);
    fs::write(dir.path().join("highway-format"), "version=2\n").unwrap();
    let error = open(dir.path(), &config).err().expect("a newer format");
    assert!(matches!(error, LogManagerError::NewerFormat { found: 2, .. }), "{error}");

    let kafka = tempfile::tempdir().unwrap();
    fs::write(kafka.path().join("meta.properties"), "version=1\n").unwrap();
    let error = open(kafka.path(), &config).err().expect("Kafka's data");
    assert!(error.to_string().contains("mirroring"), "{error}");
    assert_eq!(fs::read_dir(kafka.path()).unwrap().count(), 1, "untouched");
}

#[test]
fn deleted_partitions_are_gone_and_their_journal_records_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    append(&engine.log(0), batch(&["a"]));
    append(&engine.log(1), batch(&["b"]));
    let gone = engine.log(1);
    engine.logs.delete(&[gone.id()]);
    assert!(engine.logs.get(gone.id()).is_none());
    assert!(gone.append(batch(&["c"]), Origin::Client, LeaderEpoch(0)).is_err());
    let dir_path = engine.killed();
    let engine = open_with(&dir_path, &[spec(0, &config)]).unwrap();
    assert_eq!(values(&engine.log(0)), ["a"]);
    assert!(!dir_path.join("t-1").exists());
}

#[test]
fn checkpoints_release_the_journal_and_keep_it_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    let value = "x".repeat(100_000);
    for round in 0..100 {
        append(&log, batch(&[&value]));
        if round % 5 == 0 {
            engine.logs.checkpoint().unwrap();
        }
    }
    let journal: u64 = fs::read_dir(dir.path().join(Journal::DIR))
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().len())
        .sum();
    assert!(journal <= 8 << 20, "{journal} bytes of journal for 10 MB of records");
    let dir_path = engine.killed();
    drop(log);
    let engine = open(&dir_path, &config).unwrap();
    assert_eq!(engine.log(0).offsets().log_end, Offset(100));
}

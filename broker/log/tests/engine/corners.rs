//! The rules that settle the corners: failed flushes, lost directories, open files, retention, changed durability.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use highway_log::aside;
use highway_log::batch::builder::BatchBuilder;
use highway_log::batch::validate::Origin;
use highway_log::error::{AppendError, LogManagerError};
use highway_log::manager::PartitionSpec;
use highway_types::topic_config::Durability;
use highway_types::{LeaderEpoch, Offset, Timestamp, TopicConfig};

use crate::common::*;

fn side_files(dir: &Path) -> usize {
    fs::read_dir(dir.join(aside::DIR)).map_or(0, Iterator::count)
}

fn batch_at(time: Timestamp) -> Bytes {
    let mut builder = BatchBuilder::new();
    builder.push(time, None, Some(&[7; 100]), &[]);
    builder.build()
}

/// Like a disk that takes no more: the directory is gone for a while.
fn hide(dir: &Path) -> PathBuf {
    let away = dir.with_file_name("hidden");
    fs::rename(dir, &away).expect("the directory can be moved");
    away
}

#[test]
fn a_failed_flush_moves_its_sets_aside_and_pins_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    for stop in ["kill", "close"] {
        let root = dir.path().join(stop);
        let engine = open(&root, &config).unwrap();
        engine.append_settled(0, batch(&["v0", "v1"]));
        engine.append_settled(1, batch(&["other"]));
        let partition = engine.log(0).dir().to_owned();
        let away = hide(&partition);
        let report = engine.logs.checkpoint().unwrap();
        assert_eq!(report.failed, 1);
        assert!(matches!(
            engine.log(0).append(batch(&["x"]), Origin::Client, LeaderEpoch(0)),
            Err(AppendError::Offline(_))
        ));
        assert_eq!(side_files(&root), 1);
        let durable = engine.logs.commit_log().durable();
        assert_eq!(engine.logs.replay_from(), durable, "it pins nothing");
        engine.append_settled(1, batch(&["more"]));
        engine.logs.checkpoint().unwrap();
        if stop == "close" {
            engine.logs.close().unwrap();
        }
        drop(engine);
        // The disk is back, without what was never written to it, and with bytes that were never synced.
        fs::rename(&away, &partition).unwrap();
        let segment = partition.join("00000000000000000000.log");
        let whole = fs::read(&segment).unwrap();
        fs::write(&segment, vec![0; whole.len() + 10]).unwrap();
        let engine = open(&root, &config).unwrap();
        assert_eq!(values(&engine.log(0)), ["v0", "v1"], "{stop}");
        assert_eq!(values(&engine.log(1)), ["other", "more"]);
        assert_eq!(side_files(&root), 1, "not on disk yet");
        append(&engine.log(0), batch(&["v2"]));
        engine.logs.checkpoint().unwrap();
        assert_eq!(side_files(&root), 0);
        let root = engine.killed();
        assert_eq!(values(&open(&root, &config).unwrap().log(0)), numbered(3));
    }
}

#[test]
fn a_second_failure_keeps_what_the_first_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    for round in 0..3 {
        let engine = open(dir.path(), &config).unwrap();
        let log = engine.log(0);
        assert_eq!(values(&log), numbered(round));
        append(&log, batch(&[&format!("v{round}")]));
        let partition = log.dir().to_owned();
        let away = hide(&partition);
        engine.logs.checkpoint().unwrap();
        assert_eq!(side_files(dir.path()), 1);
        engine.killed();
        drop(log);
        fs::rename(&away, &partition).unwrap();
        fs::write(partition.join("00000000000000000000.log"), b"").unwrap();
    }
    // A deleted topic takes its side file with it.
    drop(open_with(dir.path(), &[spec(1, &config)]).unwrap());
    assert_eq!(side_files(dir.path()), 0);
}

#[test]
fn a_damaged_or_newer_side_file_takes_its_partition_offline_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    append(&engine.log(0), batch(&["v0"]));
    let partition = engine.log(0).dir().to_owned();
    let away = hide(&partition);
    engine.logs.checkpoint().unwrap();
    drop(engine);
    fs::rename(&away, &partition).unwrap();
    let path = fs::read_dir(dir.path().join(aside::DIR)).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x11;
        fs::write(&path, &bad).unwrap();
        let engine = open(dir.path(), &config).unwrap();
        assert_eq!(engine.report.offline.len(), 1, "byte {at}");
        if at == 7 {
            assert!(engine.report.offline[0].1.contains("newer release"), "{:?}", engine.report.offline);
        }
        drop(engine);
        assert_eq!(fs::read(&path).unwrap(), bad, "byte {at}: untouched");
    }
    fs::write(&path, &good).unwrap();
    assert_eq!(values(&open(dir.path(), &config).unwrap().log(0)), ["v0"]);
}

#[test]
fn a_lost_directory_takes_its_partitions_offline_and_the_first_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let dirs = [dir.path().join("a"), dir.path().join("b")];
    let config = TopicConfig::default();
    let specs: Vec<PartitionSpec> = (0..4).map(|p| spec(p, &config)).collect();
    fs::create_dir_all(dirs[0].join("something")).unwrap();
    let engine = open_dirs(&dirs, &specs, usize::MAX).unwrap();
    assert!(engine.logs.metadata_log().dir().starts_with(&dirs[0]), "beside the journal, however full");
    let on_second = |p: i32| engine.log(p).dir().starts_with(&dirs[1]);
    let lost = (0..4).find(|p| on_second(*p)).unwrap();
    let kept = (0..4).find(|p| !on_second(*p)).unwrap();
    for p in [lost, kept] {
        append(&engine.log(p), batch(&["v0"]));
    }
    engine.logs.checkpoint().unwrap();
    for p in [lost, kept] {
        append(&engine.log(p), batch(&["v1"]));
    }
    drop(engine);
    let away = dir.path().join("away");
    fs::rename(&dirs[1], &away).unwrap();
    fs::write(&dirs[1], "a disk that is not there").unwrap();
    for _ in 0..2 {
        let engine = open_dirs(&dirs, &specs, usize::MAX).unwrap();
        assert!(engine.logs.broken(spec(lost, &config).id).is_some());
        engine.append_settled(kept, batch(&["more"]));
        engine.logs.checkpoint().unwrap();
        assert_eq!(engine.logs.replay_from(), engine.logs.commit_log().durable(), "it pins nothing");
        engine.logs.close().unwrap();
    }
    fs::remove_file(&dirs[1]).unwrap();
    fs::rename(&away, &dirs[1]).unwrap();
    let engine = open_dirs(&dirs, &specs, usize::MAX).unwrap();
    assert!(engine.report.offline.is_empty(), "{:?}", engine.report.offline);
    assert_eq!(values(&engine.log(lost)), ["v0", "v1"]);
    assert_eq!(values(&engine.log(kept)), ["v0", "v1", "more", "more"]);
    drop(engine);
    fs::rename(&dirs[0], &away).unwrap();
    fs::write(&dirs[0], "a disk that is not there").unwrap();
    let error = open_dirs(&dirs, &specs, usize::MAX).err().expect("nothing works without the journal");
    assert!(error.to_string().contains(dirs[0].to_str().unwrap()), "{error}");
}

#[test]
fn a_partition_whose_directory_is_gone_is_offline_and_not_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    append(&engine.log(0), batch(&["v0"]));
    engine.logs.checkpoint().unwrap();
    let partition = engine.log(0).dir().to_owned();
    let root = engine.killed();
    fs::remove_dir_all(&partition).unwrap();
    let engine = open(&root, &config).unwrap();
    assert!(engine.report.offline[0].1.contains("is not there"), "{:?}", engine.report.offline);
    assert!(!partition.exists());
}

#[test]
fn an_idle_partition_does_not_pin_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), &TopicConfig::default()).unwrap();
    append(&engine.log(1), batch(&["once"]));
    let value = "x".repeat(100_000);
    let mut most = 0;
    for _ in 0..200 {
        append(&engine.log(0), batch(&[&value]));
        // As the flush thread does: nothing but pressure makes a checkpoint.
        let pressure = engine.logs.commit_log().pressure();
        most = most.max(pressure.files_in_use);
        if pressure.is_high() {
            engine.logs.checkpoint().unwrap();
        }
    }
    let max = engine.logs.commit_log().pressure().files_max;
    assert!(most <= max / 2 + 2, "{most} of {max} files in use");
    let root = engine.killed();
    let engine = open(&root, &TopicConfig::default()).unwrap();
    assert_eq!(values(&engine.log(1)), ["once"]);
    assert_eq!(engine.log(0).offsets().log_end, Offset(200));
}

#[test]
fn idle_files_are_given_back_and_the_budget_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let specs: Vec<PartitionSpec> = (0..60).map(|p| spec(p, &config)).collect();
    let engine = open_dirs(&[dir.path().to_owned()], &specs, 40).unwrap();
    let files = || engine.logs.open_files().open();
    assert_eq!(files(), 0, "a start leaves nothing open");
    for p in 0..60 {
        append(&engine.log(p), batch(&["v0"]));
    }
    assert_eq!(files(), 40, "the rest is written without staying open");
    assert_eq!(engine.logs.close_idle_files(true), 0, "nothing is closed that has to be flushed");
    assert!(engine.logs.open_files().is_tight());
    engine.logs.checkpoint().unwrap();
    assert_eq!(engine.logs.close_idle_files(true), 40);
    for p in 40..60 {
        append(&engine.log(p), batch(&["v1"]));
    }
    engine.logs.checkpoint().unwrap();
    assert_eq!(engine.logs.close_idle_files(false), 0, "used since the last time");
    append(&engine.log(59), batch(&["v2"]));
    engine.logs.checkpoint().unwrap();
    assert_eq!(engine.logs.close_idle_files(false), 19, "not used since the last time");
    assert_eq!(engine.logs.close_idle_files(false), 1);
    assert!((0..60).all(|p| values(&engine.log(p))[0] == "v0"), "readers open them again");
    engine.logs.close_idle_files(true);
    // Retention looks at every partition and leaves none open.
    assert!((0..60).all(|p| engine.log(p).retention_start(NOW).unwrap().is_none()));
    assert_eq!(files(), 0);
}

#[test]
fn deleted_files_stay_for_their_delay() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig {
        segment_bytes: 2000,
        retention_bytes: 4000,
        file_delete_delay_ms: 60_000,
        ..TopicConfig::default()
    };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    for value in numbered(200) {
        append(&log, batch(&[&value]));
    }
    let deleted = |dir: &Path| {
        let names = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|n| n.ends_with(".deleted") || n.ends_with("-delete")).count()
    };
    let removed = log.advance_log_start(log.retention_start(NOW).unwrap().unwrap());
    engine.logs.delete(&[engine.log(1).id()]);
    assert_eq!((deleted(log.dir()), deleted(dir.path())), (removed, 1));
    engine.clock.advance(Duration::from_millis(59_999));
    assert_eq!(engine.logs.sweep_deleted(), 0);
    engine.clock.advance(Duration::from_millis(1));
    assert_eq!(engine.logs.sweep_deleted(), removed + 1);
    assert_eq!((deleted(log.dir()), deleted(dir.path())), (0, 0));
    // A start removes what a stop left.
    engine.logs.delete(&[log.id()]);
    let root = engine.killed();
    open_with(&root, &[]).unwrap();
    assert_eq!(deleted(&root), 0);
}

#[test]
fn segments_roll_by_time_at_an_append_and_at_retention_only_together() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_ms: 1000, retention_ms: 10_000, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    append(&log, batch_at(NOW));
    append(&log, batch_at(Timestamp(NOW.0 + 1000)));
    engine.clock.set_wall(Timestamp(NOW.0 + 5000));
    assert_eq!(log.retention_start(Timestamp(NOW.0 + 5000)).unwrap(), None);
    assert_eq!(log.segment_count(), 1, "time alone rolls nothing");
    append(&log, batch_at(Timestamp(NOW.0 + 1001)));
    assert_eq!(log.segment_count(), 2, "the append that is late rolls");
    // The older segment holds the later time: nothing goes, and nothing is rolled for it.
    let late = Timestamp(NOW.0 + 9000);
    let log = engine.log(1);
    log.set_config(Arc::new(TopicConfig { segment_bytes: 200, ..config }));
    append(&log, batch_at(late));
    append(&log, batch_at(NOW));
    assert_eq!(log.segment_count(), 2);
    let none = log.retention_start(Timestamp(NOW.0 + 10_001)).unwrap();
    assert_eq!((none, log.segment_count()), (None, 2), "the active one does not go before the others");
    let all = log.retention_start(Timestamp(late.0 + 10_001)).unwrap();
    assert_eq!((all, log.segment_count()), (Some(Offset(2)), 3), "it is rolled when all is old");
}

#[test]
fn jitter_is_spread_and_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_ms: 100_000, segment_jitter_ms: 50_000, ..TopicConfig::default() };
    let specs: Vec<PartitionSpec> = (0..40).map(|p| spec(p, &config)).collect();
    let engine = open_with(dir.path(), &specs).unwrap();
    let mut rolled = Vec::new();
    for p in 0..40 {
        let log = engine.log(p);
        append(&log, batch_at(NOW));
        append(&log, batch_at(Timestamp(NOW.0 + 49_999)));
        assert_eq!(log.segment_count(), 1, "never before segment.ms less segment.jitter.ms");
        append(&log, batch_at(Timestamp(NOW.0 + 75_000)));
        rolled.push(log.segment_count() > 1);
        append(&log, batch_at(Timestamp(NOW.0 + 100_001)));
        assert!(log.segment_count() > 1, "never behind segment.ms");
    }
    let early = rolled.iter().filter(|r| **r).count();
    assert!((8..=32).contains(&early), "{early} of 40 rolled in the first half");
}

#[test]
fn a_full_index_and_preallocation() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig {
        segment_index_bytes: 80,
        index_interval_bytes: 0,
        segment_bytes: 4 << 20,
        preallocate: true,
        ..TopicConfig::default()
    };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    let blocks = |name: &str| {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(log.dir().join(name)).unwrap().blocks() * 512
    };
    let reserved = blocks("00000000000000000000.log");
    assert!(reserved == 0 || reserved >= 4 << 20, "{reserved} bytes"); // 0 where the file system cannot
    for value in numbered(30) {
        append(&log, batch(&[&value]));
    }
    assert!(log.segment_count() > 2, "segment.index.bytes rolls: {}", log.segment_count());
    assert!(blocks("00000000000000000000.log") < 1 << 20, "what was not used goes back");
    let index = fs::metadata(log.dir().join("00000000000000000000.index")).unwrap().len();
    assert!((8..=80).contains(&index), "{index}");
    assert_eq!(values(&log), numbered(30));
}

#[test]
fn durability_may_change_between_appends() {
    let dir = tempfile::tempdir().unwrap();
    let fsync = TopicConfig::default();
    let page_cache = TopicConfig { durability: Durability::PageCache, ..TopicConfig::default() };
    let engine = open(dir.path(), &page_cache).unwrap();
    let log = engine.log(0);
    for (i, value) in numbered(9).iter().enumerate() {
        let now = if (i / 3) % 2 == 0 { &page_cache } else { &fsync };
        log.set_config(Arc::new(now.clone()));
        append(&log, batch(&[value]));
    }
    drop(log);
    let root = engine.killed();
    let engine = open(&root, &page_cache).unwrap();
    assert_eq!(values(&engine.log(0)), numbered(9));
    assert!(engine.report.offline.is_empty(), "{:?}", engine.report.offline);
    let log = engine.log(0);
    log.set_config(Arc::new(fsync.clone()));
    append(&log, batch(&["v9"]));
    drop(log);
    let root = engine.killed();
    let engine = open(&root, &fsync).unwrap();
    assert_eq!(values(&engine.log(0)), numbered(10));
    assert!(engine.report.may_have_lost.contains(&engine.log(0).id()), "readers must notice");
}

#[test]
fn epochs_are_whole_whatever_files_a_crash_left() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_bytes: 2000, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    append(&engine.log(0), batch(&["v0"]));
    engine.logs.close().unwrap();
    let file = engine.log(0).dir().join("leader-epoch-checkpoint");
    let old = "0\n1\n0 0\n"; // epoch 0 from offset 0
    drop(engine);
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    for value in &numbered(100)[1..] {
        let info = log.append(batch(&[value]), Origin::Client, LeaderEpoch(1)).unwrap();
        wait(&log, info.end());
    }
    assert!(log.segment_count() > 2);
    drop(log);
    let root = engine.killed();
    // The power went: the file of the epochs is the old one, the newest producer snapshot is there.
    fs::write(&file, old).unwrap();
    let engine = open(&root, &config).unwrap();
    let log = engine.log(0);
    assert_eq!([0, 1, 50].map(|o| log.epoch_at(Offset(o)).unwrap().0), [0, 1, 1]);
    assert_eq!(log.end_offset_for_epoch(LeaderEpoch(0)), (LeaderEpoch(0), Offset(1)));
}

#[test]
fn a_checkpoint_leaves_little_to_derive() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    let value = "x".repeat(20_000);
    for sequence in 0..10 {
        append(&engine.log(0), idempotent(sequence, &value));
    }
    engine.logs.checkpoint().unwrap();
    let newest = engine.log(0).dir().join(format!("{:020}.snapshot", 10));
    assert!(newest.exists(), "producer state is kept without a roll");
    let root = engine.killed();
    let engine = open(&root, &config).unwrap();
    assert!(append(&engine.log(0), idempotent(9, &value)).duplicate);
    assert_eq!(append(&engine.log(0), idempotent(10, &value)).base_offset, Offset(10));
}

#[test]
fn errors_name_the_lost_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "x").unwrap();
    let error = open(&path, &TopicConfig::default()).err().unwrap();
    assert!(matches!(error, LogManagerError::Io { .. }), "{error}");
}

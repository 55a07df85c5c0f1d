//! Large batches, which are made durable in their segment and only named in the journal: what a restart makes of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use highway_log::log::Log;
use highway_types::{Offset, TopicConfig};

use crate::common::*;

const LARGE: usize = 300_000;

fn large(n: usize) -> Bytes {
    batch(&[&large_value(n)])
}

fn large_value(n: usize) -> String {
    format!("{n:03}{}", "x".repeat(LARGE))
}

fn segment(dir: &Path, base: i64) -> std::path::PathBuf {
    dir.join("t-0").join(format!("{base:020}.log"))
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("the segment is there");
    change(&mut bytes);
    fs::write(path, bytes).expect("writable");
}

/// Small, large, small, large, ...
fn fill(log: &Arc<Log>, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    for n in 0..count {
        if n % 2 == 0 {
            append(log, batch(&[&format!("small {n}")]));
            all.push(format!("small {n}"));
        } else {
            append(log, large(n));
            all.push(large_value(n));
        }
    }
    all
}

fn reopened(engine: Engine, config: &TopicConfig) -> Engine {
    open(&engine.killed(), config).expect("the engine opens")
}

#[test]
fn they_are_written_once_and_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    let expected = fill(&engine.log(0), 6);
    let journal = fs::read_dir(dir.path().join("highway-journal")).unwrap();
    let in_journal = journal.map(|f| fs::read(f.unwrap().path()).unwrap()).any(|bytes| {
        let needle = &large_value(1).into_bytes()[..200];
        bytes.windows(needle.len()).any(|w| w == needle)
    });
    assert!(!in_journal, "a large batch was stored twice");
    let engine = reopened(engine, &config);
    assert_eq!(values(&engine.log(0)), expected);
    assert_eq!(engine.report.rewritten, 0);
    append(&engine.log(0), large(9));
    assert_eq!(values(&engine.log(0)).len(), 7);
}

#[test]
fn rot_in_a_small_batch_is_mended_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    let expected = fill(&engine.log(0), 6);
    let dir = engine.killed();
    let path = segment(&dir, 0);
    let good = fs::read(&path).unwrap();
    change(&path, |bytes| bytes[70] ^= 1);
    let engine = open(&dir, &config).unwrap();
    assert_eq!(engine.report.rewritten, 1);
    assert_eq!(values(&engine.log(0)), expected);
    assert_eq!(fs::read(&path).unwrap(), good);
}

#[test]
fn the_end_of_a_segment_is_written_again_and_the_next_segment_stays() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_bytes: 310_000, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    // small 0, large 1 | small 2, large 3 | ... : the first segment gets another small one at its end.
    append(&log, large(0));
    append(&log, batch(&["at the end"]));
    append(&log, large(1));
    append(&log, batch(&["behind"]));
    assert_eq!(log.segment_count(), 2);
    drop(log);
    let dir = engine.killed();
    let path = segment(&dir, 0);
    let good = fs::read(&path).unwrap();
    let large_end = batch_len(&good);
    change(&path, |bytes| bytes.truncate(large_end + 10));
    let engine = open(&dir, &config).unwrap();
    let expected = [large_value(0), "at the end".into(), large_value(1), "behind".into()];
    assert_eq!(values(&engine.log(0)), expected);
    assert_eq!(fs::read(&path).unwrap(), good);
    assert_eq!(engine.report.rewritten, 1);
}

fn batch_len(bytes: &[u8]) -> usize {
    12 + u32::from_be_bytes(bytes[8..12].try_into().expect("four bytes")) as usize
}

#[test]
fn a_large_batch_that_is_gone_is_named_and_nothing_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig::default();
    let engine = open(dir.path(), &config).unwrap();
    fill(&engine.log(0), 4);
    append(&engine.log(1), batch(&["of another partition"]));
    let dir = engine.killed();
    let path = segment(&dir, 0);
    let len = fs::metadata(&path).unwrap().len();
    change(&path, |bytes| bytes.truncate(bytes.len() - 1000));
    let engine = open(&dir, &config).unwrap();
    let (id, why) = &engine.report.offline[0];
    assert_eq!(*id, spec(0, &config).id);
    assert!(why.contains("offset 3") && why.contains("restore the file"), "{why}");
    assert_eq!(fs::metadata(&path).unwrap().len(), len - 1000);
    assert_eq!(values(&engine.log(1)), ["of another partition"]);
}

#[test]
fn deleted_records_before_a_large_batch_do_not_hide_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = TopicConfig { segment_bytes: 700_000, ..TopicConfig::default() };
    let engine = open(dir.path(), &config).unwrap();
    let log = engine.log(0);
    let expected = fill(&log, 8);
    log.advance_log_start(Offset(6));
    drop(log);
    let mut from_six = spec(0, &config);
    from_six.log_start = Offset(6);
    let engine = open_with(&engine.killed(), &[from_six, spec(1, &config)]).unwrap();
    assert!(engine.report.offline.is_empty(), "{:?}", engine.report.offline);
    assert_eq!(values(&engine.log(0)), expected[6..]);
}

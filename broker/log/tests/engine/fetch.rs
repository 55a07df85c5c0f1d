//! Fetches that are read while they are sent.

use std::fs;

use highway_log::log::Log;
use highway_log::read::{FetchedRecords, ReadBound};
use highway_types::{Offset, TopicConfig};

use crate::common::*;

/// All that a fetch gives, read in small portions; as readers do, what is not a whole batch is left for the next one.
fn fetched(log: &Log, from: i64, max_bytes: usize) -> Result<Vec<u8>, String> {
    let read =
        log.fetch(Offset(from), ReadBound::HighWatermark, max_bytes, true).map_err(|e| e.to_string())?;
    let len = read.records.len();
    let mut all = Vec::new();
    match read.records {
        FetchedRecords::Read(bytes) => all.extend_from_slice(&bytes),
        FetchedRecords::Later(mut slice) => {
            let mut buffer = vec![0; 10_000];
            while slice.remaining() > 0 {
                // As after a restart of the machine: the page cache may have nothing.
                let cached = slice.read_cached(&mut buffer).map_err(|e| e.to_string())?;
                let n = match cached {
                    Some(n) => n,
                    None => slice.read(&mut buffer).map_err(|e| e.to_string())?,
                };
                all.extend_from_slice(&buffer[..n]);
            }
        }
    }
    assert_eq!(all.len(), len, "a slice gives what it says");
    Ok(all)
}

#[test]
fn large_fetches_are_read_while_they_are_sent() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), &TopicConfig::default()).unwrap();
    let log = engine.log(0);
    for value in 0..40 {
        append(&log, batch(&[&format!("{value:02}-{}", "x".repeat(9_000))]));
    }
    let file = fs::read(log.dir().join("00000000000000000000.log")).unwrap();
    let one = file.len() / 40;
    assert_eq!(fetched(&log, 0, usize::MAX).unwrap(), file);
    for batches in [8, 20, 39] {
        let got = fetched(&log, 1, batches * one + 100).unwrap();
        let wanted = &file[one..];
        assert!(got.len() >= (batches - 1) * one && got.len() <= batches * one + 100, "{} bytes", got.len());
        assert!(wanted.starts_with(&got));
    }
}

#[test]
fn a_batch_that_is_damaged_under_a_large_fetch_ends_it_and_is_refused_from_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path(), &TopicConfig::default()).unwrap();
    let log = engine.log(0);
    for value in 0..40 {
        append(&log, batch(&[&format!("{value:02}-{}", "x".repeat(9_000))]));
    }
    let path = log.dir().join("00000000000000000000.log");
    let good = fs::read(&path).unwrap();
    let one = good.len() / 40;
    let mut bad = good.clone();
    bad[30 * one + 5_000] ^= 1;
    fs::write(&path, &bad).unwrap();
    let error = fetched(&log, 0, usize::MAX).unwrap_err();
    assert!(error.contains("checksum") && error.contains(&format!("position {}", 30 * one)), "{error}");
    assert_eq!(fetched(&log, 0, usize::MAX).unwrap(), good[..30 * one], "what lies before is served");
    let error = fetched(&log, 30, usize::MAX).unwrap_err();
    assert!(error.contains("corrupt"), "{error}");
    assert_eq!(fetched(&log, 31, usize::MAX).unwrap(), good[31 * one..], "what lies behind is served");
    assert_eq!(fs::read(&path).unwrap(), bad, "never cut");
}

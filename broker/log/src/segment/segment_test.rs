//! The segment against a model, and what it costs when idle.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::{Bytes, BytesMut};
use highway_types::{LeaderEpoch, Offset, Timestamp};
use proptest::prelude::*;

use super::{LogSegment, SegmentOptions};
use crate::batch::builder::BatchBuilder;
use crate::batch::compression::Compression;
use crate::batch::header::{BatchHeader, HEADER_LEN};

pub(super) const BASE: Offset = Offset(1000);

pub(super) fn options(index_interval_bytes: usize) -> SegmentOptions {
    SegmentOptions { index_interval_bytes, ..SegmentOptions::default() }
}

/// A batch at `base` with a record for each time.
pub(super) fn batch(base: Offset, times: &[i64], codec: Compression, value: &[u8]) -> (BatchHeader, Bytes) {
    let mut builder = BatchBuilder::new().compression(codec);
    for time in times {
        builder.push(Timestamp(*time), Some(b"k"), Some(value), &[]);
    }
    let bytes = builder.try_build().unwrap();
    let mut header = BatchHeader::parse(&bytes).unwrap();
    header.base_offset = base;
    header.leader_epoch = LeaderEpoch(3);
    let mut stamped = BytesMut::from(&bytes[..]);
    stamped[..HEADER_LEN].copy_from_slice(&header.encode());
    (header, stamped.freeze())
}

pub(super) fn append(segment: &LogSegment, batch: &(BatchHeader, Bytes)) {
    segment.append_raw(&batch.0, &[&batch.1[..HEADER_LEN], &batch.1[HEADER_LEN..]]).unwrap();
}

/// What a segment should hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) batches: Vec<(BatchHeader, Bytes, Vec<i64>)>,
}

impl Model {
    pub(super) fn end(&self) -> Offset {
        self.batches.last().map_or(BASE, |(h, ..)| h.last_offset().next())
    }

    pub(super) fn size(&self) -> u64 {
        self.batches.iter().map(|(_, b, _)| b.len() as u64).sum()
    }

    fn records(&self) -> impl Iterator<Item = (Offset, i64)> + Clone {
        self.batches
            .iter()
            .flat_map(|(h, _, times)| times.iter().enumerate().map(|(i, t)| (h.base_offset + i as i64, *t)))
    }

    /// Compares everything that a segment answers.
    pub(super) fn check(&self, segment: &LogSegment) {
        assert_eq!(segment.size(), self.size());
        let mut position = 0;
        for (header, bytes, _) in &self.batches {
            for offset in [header.base_offset, header.last_offset()] {
                let found = segment.locate(offset).unwrap().unwrap();
                assert_eq!((found.position, found.len), (position, bytes.len()), "offset {offset}");
                assert_eq!(
                    (found.base_offset, found.last_offset),
                    (header.base_offset, header.last_offset())
                );
                assert_eq!(segment.read(found.position, found.len, self.size()).unwrap(), bytes);
            }
            position += bytes.len() as u64;
        }
        assert_eq!(segment.locate(self.end()).unwrap(), None);
        let max = self.records().map(|(_, t)| t).max();
        assert_eq!(segment.max_timestamp().map(|t| t.0), max);
        assert_eq!(segment.first_timestamp().map(|t| t.0), self.batches.first().map(|b| b.0.max_timestamp));
        let mut targets: Vec<i64> = self.records().map(|(_, t)| t).collect();
        targets.extend(max.map(|m| m + 1));
        for target in targets {
            for from in [BASE, Offset((BASE.0 + self.end().0) / 2)] {
                let expected = self.records().find(|(o, t)| *t >= target && *o >= from);
                let found = segment.find_timestamp(Timestamp(target), from).unwrap();
                assert_eq!(found.map(|f| (f.offset, f.timestamp.0)), expected, "time {target} from {from}");
            }
        }
        for limit in self.batches.iter().map(|b| b.0.base_offset).chain([self.end()]) {
            let below = self.records().filter(|(o, _)| *o < limit);
            let largest = below.clone().map(|(_, t)| t).max();
            let expected = below.clone().find(|(_, t)| Some(*t) == largest);
            let found = segment.max_timestamp_offset(limit).unwrap();
            assert_eq!(found.map(|f| (f.offset, f.timestamp.0)), expected, "below {limit}");
        }
    }

    pub(super) fn push(&mut self, segment: &LogSegment, times: &[i64], codec: Compression, value: &[u8]) {
        let (header, bytes) = batch(self.end(), times, codec, value);
        append(segment, &(header, bytes.clone()));
        self.batches.push((header, bytes, times.to_vec()));
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append { times: Vec<i64>, codec: i16, len: usize },
    Truncate(usize),
    Flush,
    SealAndReopen,
    CrashAndReopen,
    CloseFile,
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let append = (proptest::collection::vec(0i64..1000, 1..6), 0i16..5, 0usize..400)
        .prop_map(|(times, codec, len)| Step::Append { times, codec, len });
    prop_oneof![
        12 => append,
        1 => (0usize..6).prop_map(Step::Truncate),
        1 => Just(Step::Flush),
        1 => Just(Step::SealAndReopen),
        1 => Just(Step::CrashAndReopen),
        1 => Just(Step::CloseFile),
        1 => Just(Step::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn behaves_like_a_list_of_batches(
        steps in proptest::collection::vec(step(), 1..50),
        interval in prop_oneof![Just(0usize), Just(200), Just(1000)],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut segment = LogSegment::create(dir.path(), BASE, options(interval)).unwrap();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Append { times, codec, len } => {
                    model.push(&segment, &times, Compression::from_id(codec).unwrap(), &vec![7; len]);
                }
                Step::Truncate(batches) => {
                    model.batches.truncate(model.batches.len().saturating_sub(batches));
                    segment.truncate_to(model.size()).unwrap();
                }
                Step::Flush => segment.flush().unwrap(),
                Step::SealAndReopen => {
                    segment.seal().unwrap();
                    segment = LogSegment::open(dir.path(), BASE, options(interval)).unwrap();
                }
                Step::CrashAndReopen => segment = LogSegment::open(dir.path(), BASE, options(interval)).unwrap(),
                Step::CloseFile => _ = segment.close_idle_file(true),
                Step::Rebuild => prop_assert!(segment.rebuild_indexes().unwrap()),
            }
        }
        model.check(&segment);
    }
}

fn index_files(dir: &Path) -> Vec<Vec<u8>> {
    ["index", "timeindex", "summary"]
        .map(|extension| std::fs::read(dir.join(format!("{:020}.{extension}", BASE.0))).unwrap_or_default())
        .to_vec()
}

#[test]
fn a_rebuilt_index_is_the_one_that_appends_made() {
    let dir = tempfile::tempdir().unwrap();
    let segment = LogSegment::create(dir.path(), BASE, options(100)).unwrap();
    let mut model = Model::default();
    for i in 0..900i64 {
        model.push(&segment, &[(i * 37) % 1009, i], Compression::None, b"value");
        if i % 250 == 249 {
            segment.flush().unwrap(); // a part in the file, a part in memory
        }
    }
    segment.seal().unwrap();
    let written = index_files(dir.path());
    assert!(written[0].len() >= 8 * 400 && !written[1].is_empty() && !written[2].is_empty());
    for extension in ["index", "timeindex", "summary"] {
        std::fs::remove_file(segment.log_path().with_extension(extension)).unwrap();
    }
    let again = LogSegment::open(dir.path(), BASE, options(100)).unwrap();
    again.assume_sealed();
    model.check(&again);
    again.seal().unwrap();
    assert_eq!(index_files(dir.path()), written);
}

#[test]
fn a_stored_index_is_used_and_not_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let segment = LogSegment::create(dir.path(), BASE, options(0)).unwrap();
    let mut model = Model::default();
    for i in 0..700 {
        model.push(&segment, &[i], Compression::None, b"value");
    }
    segment.seal().unwrap();
    // A damaged batch in the middle is not met on the way to those behind it.
    let middle = model.size() / 2;
    let mut log = std::fs::read(segment.log_path()).unwrap();
    let at = usize::try_from(middle).unwrap();
    log[at..at + 200].fill(0);
    std::fs::write(segment.log_path(), log).unwrap();
    let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    let (mut good, mut bad) = (0, 0);
    for (header, bytes, _) in &model.batches {
        match segment.locate(header.base_offset) {
            Ok(Some(found))
                if segment.read(found.position, found.len, found.position + found.len as u64).unwrap()
                    == bytes =>
            {
                good += 1;
            }
            Ok(found) => assert!(found.is_none_or(|f| f.base_offset == header.base_offset), "{found:?}"),
            Err(_) => bad += 1,
        }
    }
    assert!(good >= 690 && bad >= 1, "{good} good, {bad} bad");
}

#[test]
fn readers_see_every_batch_while_the_appender_and_a_rebuild_are_at_work() {
    let dir = tempfile::tempdir().unwrap();
    let segment = LogSegment::create(dir.path(), BASE, options(300)).unwrap();
    let end = AtomicI64::new(BASE.0);
    let done = || end.load(Ordering::Acquire) == BASE.0 + 6000;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..3000 {
                let batch =
                    batch(Offset(end.load(Ordering::Acquire)), &[i, i + 1], Compression::None, &[1; 50]);
                append(&segment, &batch);
                end.store(batch.0.last_offset().next().0, Ordering::Release);
                if i % 500 == 0 {
                    segment.flush().unwrap();
                }
            }
        });
        scope.spawn(|| {
            while !done() {
                assert!(segment.rebuild_indexes().unwrap());
                // Every batch is noted: those behind the last entry make up the rest of the log.
                let indexes = segment.indexes.read();
                let last = indexes.offset.last().map_or(0, |e| u64::from(e.position));
                assert_eq!(last + indexes.bytes_since_entry() as u64, segment.size());
            }
        });
        for reader in 0..2i64 {
            let (segment, end, done) = (&segment, &end, &done);
            scope.spawn(move || {
                let mut probe = reader;
                while !done() {
                    let seen = end.load(Ordering::Acquire);
                    if seen > BASE.0 {
                        probe = (probe * 31 + 7) % (seen - BASE.0);
                        let offset = BASE + probe;
                        let found = segment.locate(offset).unwrap().unwrap();
                        assert!(found.base_offset <= offset && offset <= found.last_offset);
                    }
                }
            });
        }
    });
    // No entry was lost between a rebuild and an append.
    segment.seal().unwrap();
    let written = index_files(dir.path());
    assert!(segment.rebuild_indexes().unwrap());
    segment.seal().unwrap();
    assert_eq!(index_files(dir.path()), written);
}

#[test]
fn an_entry_comes_with_the_first_batch_behind_more_than_the_interval() {
    let dir = tempfile::tempdir().unwrap();
    let len = batch(BASE, &[1], Compression::None, b"v").1.len();
    let segment = LogSegment::create(dir.path(), BASE, options(2 * len)).unwrap();
    let mut model = Model::default();
    for time in [5, 5, 9, 7, 7, 7, 7, 7, 7, 20] {
        model.push(&segment, &[time], Compression::None, b"v");
    }
    segment.seal().unwrap();
    let files = index_files(dir.path());
    let entry = |offset: u32, batches: usize| {
        [offset.to_be_bytes(), u32::try_from(batches * len).unwrap().to_be_bytes()].concat()
    };
    assert_eq!(files[0], [entry(3, 3), entry(6, 6), entry(9, 9)].concat());
    let time = |timestamp: i64, offset: u32| [&timestamp.to_be_bytes()[..], &offset.to_be_bytes()].concat();
    assert_eq!(
        files[1],
        [time(9, 2), time(20, 9)].concat(),
        "only times that rise, with the first batch that has them"
    );
}

#[test]
fn segments_that_nobody_uses_cost_no_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    let segments: Vec<_> =
        (0..500).map(|i| LogSegment::create(dir.path(), Offset(i), options(4096)).unwrap()).collect();
    let reopened: Vec<_> =
        (0..500).map(|i| LogSegment::open(dir.path(), Offset(i), options(4096)).unwrap()).collect();
    let ours = || {
        let links = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        links.filter(|l| std::fs::read_link(l.path()).is_ok_and(|to| to.starts_with(dir.path()))).count()
    };
    assert_eq!(ours(), 0);
    append(&segments[0], &batch(Offset(0), &[1], Compression::None, b""));
    assert_eq!(ours(), 1);
    segments[0].close_idle_file(true);
    assert_eq!(ours(), 1, "not yet flushed");
    segments[0].flush().unwrap();
    segments[0].close_idle_file(true);
    assert_eq!(ours(), 0);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 500, "no index files for so little");
    drop(reopened);
    let asked = LogSegment::open(dir.path(), Offset(0), options(4096)).unwrap();
    assert_eq!(asked.max_timestamp(), Some(Timestamp(1)));
    assert_eq!(ours(), 0, "a question about times leaves nothing open");
}

#[test]
fn a_deleted_segment_serves_those_who_hold_it() {
    let dir = tempfile::tempdir().unwrap();
    let segment = LogSegment::create(dir.path(), BASE, options(0)).unwrap();
    let mut model = Model::default();
    for i in 0..400 {
        model.push(&segment, &[i], Compression::None, b"value");
    }
    segment.seal().unwrap();
    let held = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    let doomed = held.retire().unwrap();
    assert!(doomed.exists() && std::fs::read_dir(dir.path()).unwrap().count() == 1);
    for (header, ..) in &model.batches {
        assert_eq!(held.locate(header.base_offset).unwrap().unwrap().base_offset, header.base_offset);
    }
    held.seal().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing comes back");
    held.delete().unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn aborted_transactions_are_found_by_overlap() {
    use crate::index::txn::AbortedEntry;
    let dir = tempfile::tempdir().unwrap();
    let segment = LogSegment::create(dir.path(), BASE, options(0)).unwrap();
    let entry = |first: i64, last: i64| AbortedEntry {
        producer_id: highway_types::ProducerId(first),
        first_offset: Offset(first),
        last_offset: Offset(last),
        last_stable: Offset(first),
    };
    segment.append_aborted(&entry(10, 20)).unwrap();
    segment.append_aborted(&entry(15, 30)).unwrap();
    let found = |from: i64, end: i64| segment.aborted_transactions(Offset(from), Offset(end)).unwrap().len();
    assert_eq!([found(0, 10), found(0, 11), found(20, 21), found(21, 22), found(31, 99)], [0, 1, 2, 1, 0]);
}

/// Writes segments for Apache Kafka's `DumpLogSegments`, into the directory that a variable names.
#[test]
#[ignore = "an aid for a check outside of cargo"]
fn write_segments_for_kafkas_tool() {
    let Some(dir) = std::env::var_os("HIGHWAY_SEGMENT_DIR") else { return };
    let dir = Path::new(&dir);
    let segment = LogSegment::create(dir, BASE, options(4096)).unwrap();
    let mut model = Model::default();
    for i in 0..3000i64 {
        let codec = Compression::from_id(i16::try_from(i % 5).unwrap()).unwrap();
        let time = 1_700_000_000_000 + i * 10 - (i % 7) * 500;
        model.push(
            &segment,
            &[time, time + 3, time - 5],
            codec,
            &vec![b'a'; usize::try_from(i % 400).unwrap()],
        );
        if i % 600 == 599 {
            segment.flush().unwrap();
        }
    }
    segment.seal().unwrap();
    model.check(&segment);
    let mut batches = 0;
    let end = segment.scan(0, true, &mut |_, _| {
        batches += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((end.unwrap().valid_bytes, batches), (model.size(), 3000));
    // The tool calls the first offset of any segment but the first "non-consecutive".
    let first = LogSegment::create(dir, Offset::ZERO, options(4096)).unwrap();
    for i in 0..500 {
        append(&first, &batch(Offset(i * 2), &[i, i / 2], Compression::None, &[b'x'; 100]));
    }
    first.seal().unwrap();
}

//! Torn ends, flipped bytes and full disks.

use std::ops::ControlFlow;

use highway_types::{Offset, Timestamp};

use super::segment_test::{BASE, Model, append, batch, options};
use super::summary::Summary;
use super::{LogSegment, UNKNOWN};
use crate::batch::compression::Compression;

fn sealed(dir: &std::path::Path, batches: i64, interval: usize) -> Model {
    let segment = LogSegment::create(dir, BASE, options(interval)).unwrap();
    let mut model = Model::default();
    for i in 0..batches {
        model.push(&segment, &[(i * 13) % 41, (i * 5) % 17], Compression::None, b"v");
    }
    segment.seal().unwrap();
    model
}

#[test]
fn a_scan_ends_before_a_batch_that_is_torn_at_any_byte() {
    let dir = tempfile::tempdir().unwrap();
    let model = sealed(dir.path(), 5, 0);
    let path = dir.path().join(format!("{:020}.log", BASE.0));
    let whole = std::fs::read(&path).unwrap();
    let last = model.batches.last().unwrap().1.len();
    let start = whole.len() - last;
    for len in start..=whole.len() {
        for zeros in [false, true] {
            // Cut off, or followed by zeros as after a power loss.
            let mut bytes = whole[..len].to_vec();
            if zeros {
                bytes.resize(whole.len() + 100, 0);
            }
            std::fs::write(&path, &bytes).unwrap();
            let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
            let mut seen = 0;
            let end = segment
                .scan(0, true, &mut |_, _| {
                    seen += 1;
                    ControlFlow::Continue(())
                })
                .unwrap();
            // The last byte of the batch may be a zero itself.
            let is_whole = bytes.get(..whole.len()) == Some(&whole[..]);
            assert_eq!(end.valid_bytes, if is_whole { whole.len() } else { start } as u64, "{len} {zeros}");
            assert_eq!(seen, if is_whole { 5 } else { 4 });
            assert_eq!(end.reason.is_some(), zeros || (len != whole.len() && len != start), "{len} {zeros}");
            // Cut there, the segment goes on as if the batch had never been.
            segment.truncate_to(end.valid_bytes).unwrap();
            let next = if is_whole { model.end() } else { model.batches[4].0.base_offset };
            append(&segment, &batch(next, &[99], Compression::None, b"new"));
            assert_eq!(segment.locate(next).unwrap().unwrap().position, end.valid_bytes);
            assert_eq!(segment.find_timestamp(Timestamp(99), BASE).unwrap().unwrap().offset, next);
        }
    }
}

#[test]
fn a_flipped_byte_of_the_log_ends_a_checked_scan() {
    let dir = tempfile::tempdir().unwrap();
    let model = sealed(dir.path(), 4, 0);
    let path = dir.path().join(format!("{:020}.log", BASE.0));
    let whole = std::fs::read(&path).unwrap();
    let len = model.batches[0].1.len();
    for at in len..2 * len {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
        let end = segment.scan(0, true, &mut |_, _| ControlFlow::Continue(())).unwrap();
        let in_batch = at - len;
        // The leader epoch is neither checked nor ordered here; a base offset that is too large is seen at the neighbour.
        let expected = match in_batch {
            12..16 => whole.len(),
            7 => len,
            _ => len,
        };
        let found = usize::try_from(end.valid_bytes).unwrap();
        assert!(found == expected || (in_batch < 8 && found == 2 * len), "byte {in_batch}: {found}");
    }
}

#[test]
fn any_flipped_byte_of_an_index_file_changes_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let model = sealed(dir.path(), 24, 150);
    let path = |extension: &str| dir.path().join(format!("{:020}.{extension}", BASE.0));
    for extension in ["index", "timeindex", "summary"] {
        let right = std::fs::read(path(extension)).unwrap();
        assert!(right.len() >= 36, "{extension} has entries");
        let check = |bytes: Option<&[u8]>, what: String| {
            match bytes {
                Some(bytes) => std::fs::write(path(extension), bytes).unwrap(),
                None => std::fs::remove_file(path(extension)).unwrap(),
            }
            let segment = LogSegment::open(dir.path(), BASE, options(150)).unwrap();
            segment.assume_sealed();
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.check(&segment)));
            assert!(outcome.is_ok(), "{extension}: {what}");
            segment.seal().unwrap();
            assert_eq!(std::fs::read(path(extension)).unwrap(), right, "{extension}: {what} is healed");
        };
        for at in 0..right.len() {
            for bits in [0x01, 0x80, 0xff] {
                let mut bytes = right.clone();
                bytes[at] ^= bits;
                check(Some(&bytes), format!("byte {at} ^ {bits:x}"));
            }
            check(Some(&right[..at]), format!("cut to {at} bytes"));
        }
        let mut longer = right.clone();
        longer.extend_from_slice(&[0; 17]);
        check(Some(&longer), "bytes behind the end".to_owned());
        check(None, "removed".to_owned());
    }
}

#[test]
fn entries_that_are_well_formed_but_not_of_this_log_are_found_out() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut model = sealed(dir.path(), 60, 0);
    // The same offsets and an equally long log, but other batches: only the log itself can tell.
    let segment = LogSegment::create(other.path(), BASE, options(0)).unwrap();
    for i in 0..30 {
        append(&segment, &batch(BASE + i * 4, &[900 + i, 1, 1, 1], Compression::None, b"vv"));
    }
    segment.seal().unwrap();
    for extension in ["index", "timeindex", "summary"] {
        let name = format!("{:020}.{extension}", BASE.0);
        std::fs::copy(other.path().join(&name), dir.path().join(&name)).unwrap();
    }
    let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    segment.load_indexes().unwrap();
    model.push(&segment, &[500], Compression::Zstd, b"v");
    assert_eq!(segment.max_timestamp(), Some(Timestamp(500)), "not that of the other log");
    model.check(&segment);
}

#[test]
fn a_wrong_entry_that_its_summary_vouches_for_is_found_out_by_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let model = sealed(dir.path(), 40, 0);
    let path = |extension: &str| dir.path().join(format!("{:020}.{extension}", BASE.0));
    let right = Summary::decode(&std::fs::read(path("summary")).unwrap()).unwrap();
    for extension in ["index", "timeindex"] {
        let file = std::fs::read(path(extension)).unwrap();
        let mut wrong = file.clone();
        // An entry in the middle, made to say more than is true: a later batch, or an older time.
        let summary = if extension == "index" {
            let positions =
                model.batches.iter().scan(0, |at, (_, b, _)| Some(std::mem::replace(at, *at + b.len())));
            let position = u32::try_from(positions.collect::<Vec<_>>()[20]).unwrap();
            // Entry 17 is of batch 18; entry 18 goes so that the positions still rise.
            wrong[17 * 8 + 4..18 * 8].copy_from_slice(&position.to_be_bytes());
            wrong.drain(18 * 8..20 * 8);
            let count = u32::try_from(wrong.len() / 8).unwrap();
            Summary { offset_entries: count, offset_crc: crc32fast::hash(&wrong), ..right }
        } else {
            // Entries 0 to 2 are of batches 1 to 3 with times 13, 26, 39: "nothing above 14 up to batch 3".
            let third: [u8; 4] = wrong[2 * 12 + 8..3 * 12].try_into().unwrap();
            wrong[12..20].copy_from_slice(&14i64.to_be_bytes());
            wrong[20..24].copy_from_slice(&third);
            Summary { time_crc: crc32fast::hash(&wrong), ..right }
        };
        std::fs::write(path(extension), &wrong).unwrap();
        std::fs::write(path("summary"), summary.encode()).unwrap();
        let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
        segment.load_indexes().unwrap();
        assert_eq!(segment.indexes.read().offset.unstored(), 0, "the files are believed at first");
        for (header, ..) in model.batches.iter().rev() {
            let found = segment.locate(header.base_offset).unwrap().unwrap();
            assert_eq!(found.base_offset, header.base_offset, "{extension}");
        }
        model.check(&segment);
        std::fs::write(path(extension), file).unwrap();
        std::fs::write(path("summary"), right.encode()).unwrap();
    }
}

#[test]
fn a_summary_does_not_outlive_what_it_vouches_for() {
    let dir = tempfile::tempdir().unwrap();
    let segment = LogSegment::create(dir.path(), BASE, options(0)).unwrap();
    let mut model = Model::default();
    for i in 0..40 {
        model.push(&segment, &[1000 + i], Compression::None, b"v");
    }
    segment.flush().unwrap();
    assert!(segment.log_path().with_extension("summary").exists());
    model.batches.truncate(20);
    segment.truncate_to(model.size()).unwrap();
    for i in 0..40 {
        model.push(&segment, &[i], Compression::None, b"v"); // as long as before, so that offset entries look right
    }
    let crashed = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    model.check(&crashed);
    assert_eq!(crashed.max_timestamp(), Some(Timestamp(1019)));
}

#[test]
fn a_full_disk_leaves_the_segment_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let model = sealed(dir.path(), 3, 0);
    let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    segment.load_indexes().unwrap();
    segment.flush().unwrap();
    segment.close_idle_file(true);
    let aside = dir.path().join("aside");
    std::fs::rename(segment.log_path(), &aside).unwrap();
    std::os::unix::fs::symlink("/dev/full", segment.log_path()).unwrap();
    let (header, bytes) = batch(model.end(), &[7], Compression::None, b"v");
    let error = segment.append_raw(&header, &[&bytes[..61], &bytes[61..]]).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
    assert_eq!(segment.size(), model.size());
    std::fs::rename(&aside, segment.log_path()).unwrap();
    let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    model.check(&segment);
}

#[test]
fn create_never_empties_a_segment_and_refuses_offsets_that_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let model = sealed(dir.path(), 3, 0);
    let error = LogSegment::create(dir.path(), BASE, options(0)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    let segment = LogSegment::open(dir.path(), BASE, options(0)).unwrap();
    assert_eq!(
        segment.first_timestamp.load(std::sync::atomic::Ordering::Relaxed),
        UNKNOWN,
        "opening reads nothing"
    );
    for base in [Offset(BASE.0 - 1), BASE + (1i64 << 31)] {
        let (header, bytes) = batch(base, &[7], Compression::None, b"v");
        assert!(segment.append_raw(&header, &[&bytes[..61], &bytes[61..]]).is_err());
    }
    model.check(&segment);
}

//! Entries whose payload lies in a file of their own: order of syncs, failing files, replay; and groups of version 1.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use highway_types::{JournalPosition, Offset};

use super::format::{BLOCK, FileHeader, to_blocks, version_1};
use super::journal_test::{sim_dir, small};
use super::sim::SimDisk;
use super::store::Journal;
use crate::commit_log::contract::{Heard, Recorder, entry, partition, replay_from, set, wait_position};
use crate::commit_log::{AppendEntry, AppendSet, CommitLog, CommitLogError, Stored, StoredFile};

/// A file that notes how far it was synced, and what the journal's disk held then.
struct Watched {
    disk: SimDisk,
    started: AtomicU64,
    synced: AtomicU64,
    fails: AtomicBool,
    named_early: AtomicBool,
    needle: Vec<u8>,
}

impl Watched {
    fn new(disk: &SimDisk, needle: &[u8]) -> Arc<Self> {
        Arc::new(Self {
            disk: disk.clone(),
            started: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            fails: AtomicBool::new(false),
            named_early: AtomicBool::new(false),
            needle: needle.to_vec(),
        })
    }
}

impl StoredFile for Watched {
    fn start_sync(&self, end: u64) {
        self.started.fetch_max(end, Ordering::SeqCst);
    }

    fn sync_up_to(&self, end: u64) -> io::Result<()> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is broken"));
        }
        if holds(&self.disk, &self.needle) {
            self.named_early.store(true, Ordering::SeqCst);
        }
        self.synced.fetch_max(end, Ordering::SeqCst);
        Ok(())
    }
}

fn holds(disk: &SimDisk, needle: &[u8]) -> bool {
    disk.paths().iter().any(|p| disk.bytes(p).windows(needle.len()).any(|w| w == needle))
}

fn large(index: i32, base: i64, observer: &Arc<Recorder>, file: &Arc<Watched>, end: u64) -> AppendEntry {
    let stored = Some(Stored { file: Arc::clone(file) as Arc<dyn StoredFile>, end });
    AppendEntry { stored, ..entry(partition(index), base, 20_000, observer) }
}

fn one(entry: AppendEntry) -> AppendSet {
    AppendSet { entries: [entry].into_iter().collect() }
}

fn replayed(journal: &Journal) -> Vec<(i32, i64, bool)> {
    let mut seen = Vec::new();
    journal
        .replay(JournalPosition(0), &mut |e| {
            seen.push((e.id.partition.0, e.header.base_offset.0, e.payload.is_some()));
            Ok(())
        })
        .unwrap();
    seen
}

#[test]
fn the_file_is_synced_before_the_journal_names_the_batch() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let observer = Recorder::new();
    let named = entry(partition(0), 0, 20_000, &observer).header;
    let file = Watched::new(&disk, &named);
    let first = journal.submit(one(large(0, 0, &observer, &file, 20_061))).unwrap();
    observer.wait_durable(Offset(1));
    assert!(first.0 < 200, "the payload takes no room in the journal: {first}");
    assert_eq!((file.started.load(Ordering::SeqCst), file.synced.load(Ordering::SeqCst)), (20_061, 20_061));
    assert!(holds(&disk, &named) && !file.named_early.load(Ordering::SeqCst), "named before it was durable");
    let payload = entry(partition(0), 0, 20_000, &observer).payload;
    assert!(!holds(&disk, &payload[100..200]), "stored a second time");

    let end = journal.submit(set(1, 100, &observer)).unwrap();
    observer.wait_durable(Offset(2));
    wait_position(&journal, end);
    drop(journal);
    let journal = Journal::open(sim_dir(), small(disk.after_kill())).unwrap();
    assert_eq!(replayed(&journal), [(0, 0, false), (0, 1, true)]);
}

#[test]
fn a_file_that_fails_takes_its_partition_out_and_no_other() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let (bad, good) = (Recorder::new(), Recorder::new());
    let file = Watched::new(&disk, b"none");
    journal.submit(one(large(0, 0, &bad, &file, 20_061))).unwrap();
    bad.wait_durable(Offset(1));
    file.fails.store(true, Ordering::SeqCst);
    disk.set_faults(|f| f.hold_syncs = true);
    // A control set holds the writer, so that what follows shares a group.
    journal.submit(one(entry(partition(2), 0, 10, &good))).unwrap();
    good.wait(|h| matches!(h, Heard::Written(_)));
    let both = AppendSet {
        entries: [large(0, 1, &bad, &file, 40_122), entry(partition(1), 0, 50, &good)].into_iter().collect(),
    };
    journal.submit(both).unwrap();
    journal.submit(one(entry(partition(0), 2, 50, &bad))).unwrap();
    let end = journal.submit(one(entry(partition(1), 1, 50, &good))).unwrap();
    disk.set_faults(|f| f.hold_syncs = false);
    good.wait_durable(Offset(2));
    wait_position(&journal, end);
    bad.wait(|h| matches!(h, Heard::Failed(why) if why.contains("the disk is broken")));
    assert_eq!(bad.durable_end(), Offset(1), "what followed would leave a gap");
    // The file works again; nobody knows what it holds.
    file.fails.store(false, Ordering::SeqCst);
    let end = journal.submit(one(large(0, 3, &bad, &file, 60_183))).unwrap();
    wait_position(&journal, end);
    assert_eq!(bad.durable_end(), Offset(1));
    drop(journal);
    let journal = Journal::open(sim_dir(), small(disk.after_kill())).unwrap();
    assert_eq!(replayed(&journal), [(0, 0, false), (2, 0, true), (1, 0, true), (1, 1, true)]);
}

#[test]
fn large_batches_count_in_full_for_back_pressure() {
    let disk = SimDisk::new();
    let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
    let observer = Recorder::new();
    let file = Watched::new(&disk, b"none");
    journal.submit(set(0, 10, &observer)).unwrap();
    observer.wait_durable(Offset(1));
    disk.set_faults(|f| f.hold_syncs = true);
    journal.submit(set(1, 10, &observer)).unwrap();
    observer.wait(|h| *h == Heard::Written(Offset(2)));
    // Twice the queue's 64 KiB are taken from those who do not ask first.
    let taken = (2..20).take_while(|base| {
        let outcome = journal.submit(one(large(0, *base, &observer, &file, 1)));
        assert!(!matches!(outcome, Err(ref e) if !matches!(e, CommitLogError::Busy { .. })), "{outcome:?}");
        outcome.is_ok()
    });
    assert_eq!(taken.count(), 6);
    disk.set_faults(|f| f.hold_syncs = false);
    observer.wait_durable(Offset(8));
}

#[test]
fn groups_of_version_1_are_read() {
    let disk = SimDisk::new();
    let observer = Recorder::new();
    let end = {
        let journal = Journal::open(sim_dir(), small(disk.clone())).unwrap();
        let end = journal.submit(set(0, 300, &observer)).unwrap();
        observer.wait_durable(Offset(1));
        end
    };
    let path = disk.paths().into_iter().find(|p| holds_group(&disk, p)).unwrap();
    let mut at_end = 0;
    disk.tamper(&path, |bytes| {
        let header = FileHeader::decode(bytes).unwrap();
        bytes[8..12].copy_from_slice(&1u32.to_be_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_be_bytes());
        let (mut offset, mut position) = (usize::try_from(BLOCK).unwrap(), 0);
        for base in [0, 1] {
            let mut group = Vec::new();
            let set = set(base, 300, &observer);
            let head = version_1::encode_group(&mut group, &header, position, &set);
            group.extend_from_slice(&set.entries[0].payload);
            bytes[offset..offset + group.len()].copy_from_slice(&group);
            offset += usize::try_from(to_blocks(head.len())).unwrap();
            position = head.end();
        }
        at_end = position;
    });
    assert_eq!(at_end, 2 * (end.0 - 1), "a descriptor had no flags");
    let journal = Journal::open(sim_dir(), small(disk)).unwrap();
    let bases: Vec<i64> = replay_from(&journal, JournalPosition(0)).unwrap().iter().map(|r| r.base).collect();
    assert_eq!(bases, [0, 1]);
    journal.submit(set(2, 300, &observer)).unwrap();
    observer.wait_durable(Offset(3));
    assert_eq!(replayed(&journal), [(0, 0, true), (0, 1, true), (0, 2, true)], "the versions go together");
}

fn holds_group(disk: &SimDisk, path: &std::path::Path) -> bool {
    disk.bytes(path).get(BLOCK as usize..BLOCK as usize + 4) == Some(&b"HWJG"[..])
}

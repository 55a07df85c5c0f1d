//! Files that are damaged, cut or gone while the node is down.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use highway_tests::wire::Conn;
use highway_tests::{Broker, Node};

use crate::history::{Fault, Kind, Part};
use crate::kill::topics;
use crate::load::Load;
use crate::verify::{Depth, PATIENCE, Verifier, fetch};

const CORRUPT_MESSAGE: i16 = 2;

/// A node with some records, several segments of them.
fn written() -> (Node, Verifier, Load) {
    let node = Node::builder().set("highway.checkpoint.interval.ms", "300").start();
    let mut topics = topics();
    topics.iter_mut().for_each(|topic| topic.trimmed = false);
    let mut verifier = Verifier::default();
    let made = topics.iter().map(|topic| topic.create(node.bootstrap())).collect();
    verifier.history.merge(made, Fault::Process);
    let mut load = Load::everybody(&topics);
    while files(&node, "rolled-0", "log").len() < 3 {
        let (rested, notes) = load.start(node.bootstrap()).for_time(Duration::from_millis(300)).stop();
        verifier.history.merge(notes, Fault::Process);
        load = rested;
    }
    (node, verifier, load)
}

/// Files of a partition with this ending, sorted.
fn files(node: &Node, partition: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(node.data().join(partition)).expect("the partition's folder");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    found.sort();
    found
}

/// Every derived file of the load's partitions with what it holds.
fn derived(node: &Node) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for partition in ["small-0", "small-1", "rolled-0", "rolled-1"] {
        for ending in ["index", "timeindex", "snapshot"] {
            for path in files(node, partition, ending) {
                let bytes = fs::read(&path).expect("a file");
                all.insert(path, bytes);
            }
        }
        let epochs = node.data().join(partition).join("leader-epoch-checkpoint");
        all.extend(fs::read(&epochs).ok().map(|bytes| (epochs, bytes)));
    }
    all
}

fn flip(path: &Path, at: u64) {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("a file");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("a byte");
    file.write_all_at(&[byte[0] ^ 0x10], at).expect("a byte");
}

#[test]
fn derived_files_that_are_gone_or_damaged_are_made_anew() {
    let (mut node, mut verifier, mut load) = written();
    node.stop();
    let good = derived(&node);
    assert!(good.keys().any(|p| p.extension().is_some_and(|e| e == "snapshot")), "{:?}", good.keys());
    type Spoil = fn(&Path, &[u8]);
    let spoils: [(&str, Spoil); 4] = [
        ("removed", |path, _| fs::remove_file(path).expect("a file")),
        ("emptied", |path, _| fs::write(path, b"").expect("a file")),
        ("flipped", |path, bytes| (0..bytes.len() as u64).step_by(5).for_each(|at| flip(path, at))),
        ("noise", |path, bytes| fs::write(path, vec![0xa5; bytes.len() + 13]).expect("a file")),
    ];
    for (how, spoil) in spoils {
        for (path, bytes) in &derived(&node) {
            spoil(path, bytes);
        }
        node.restart();
        verifier.expect_sound(node.bootstrap(), Depth::Everything, &format!("derived files were {how}"));
        // The idempotent producers go on with their sequences: their state is there too.
        let (rested, notes) = load.start(node.bootstrap()).for_time(Duration::from_millis(100)).stop();
        load = rested;
        verifier.history.merge(notes, Fault::Process);
        verifier.expect_sound(node.bootstrap(), Depth::Everything, &format!("more load, files {how}"));
        node.stop();
    }
    // Where an index was stored again, it is the one that was there. Small ones stay in memory until they grow.
    let now = derived(&node);
    for (path, bytes) in good.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "index")) {
        if let Some(now) = now.get(path) {
            let same = bytes.len().min(now.len());
            assert!(bytes[..same] == now[..same], "{} is another one", path.display());
        }
    }
}

#[test]
fn a_flipped_byte_in_a_sealed_segment_is_told_and_never_served_and_nothing_is_cut() {
    let (mut node, mut verifier, _) = written();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "the load");
    node.stop();
    let sealed = files(&node, "rolled-0", "log")[0].clone();
    let whole = fs::read(&sealed).expect("a segment");
    // Within the value of a record in the second batch.
    let second = 12 + u64::from(u32::from_be_bytes(whole[8..12].try_into().expect("four bytes")));
    flip(&sealed, second + 1000);
    let damaged = fs::read(&sealed).expect("a segment");
    node.restart();
    let part: Part = ("rolled".to_owned(), 0);
    let mut conn = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
    let base =
        i64::from_be_bytes(whole[second as usize..second as usize + 8].try_into().expect("eight bytes"));
    // A large answer is verified while it is sent: damage cuts it off with the connection, and the next one tells.
    let answer = match fetch(&mut conn, &part, base, 0) {
        Ok(answer) => answer,
        Err(_) => {
            conn = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
            fetch(&mut conn, &part, base, 0).expect("an answer the second time")
        }
    };
    assert_eq!(answer.error_code, CORRUPT_MESSAGE);
    assert!(answer.records.is_none_or(|r| r.is_empty()), "damaged bytes were served");
    // What lies behind it, and all other partitions, are served.
    let broken = verifier.check(node.bootstrap(), Depth::Everything);
    let other = broken.iter().find(|v| !v.detail.contains("\"rolled\", 0"));
    assert!(other.is_none(), "{other:?}");
    assert!(broken.iter().any(|v| v.kind == Kind::Answer), "the verifier tells the damage");
    let header = second as usize;
    let length =
        12 + u32::from_be_bytes(whole[header + 8..header + 12].try_into().expect("four bytes")) as usize;
    let behind = &whole[header + length..];
    let behind = i64::from_be_bytes(behind[..8].try_into().expect("eight bytes"));
    let answer = fetch(&mut conn, &part, behind, 0).expect("an answer");
    assert_eq!(answer.error_code, 0, "the batch behind the damage");
    for end in [Node::stop, Node::kill] {
        end(&mut node);
        assert!(fs::read(&sealed).expect("a segment") == damaged, "the segment was changed");
        node.restart();
    }
}

#[test]
fn a_segment_with_a_torn_tail_is_whole_again_after_the_start() {
    let (mut node, mut verifier, mut load) = written();
    for cut in [1, 30, 61, 5000, 100_000] {
        node.stop();
        node.set("highway.checkpoint.interval.ms", "3600000");
        node.restart();
        let running = load.start(node.bootstrap()).for_time(Duration::from_millis(600));
        node.kill();
        let (rested, notes) = running.stop();
        load = rested;
        verifier.history.merge(notes, Fault::Process);
        // What the page cache would have lost with the power: the end of segments that no checkpoint covers.
        for partition in ["small-0", "rolled-0"] {
            let last = files(&node, partition, "log").pop().expect("a segment");
            let file = fs::OpenOptions::new().write(true).open(&last).expect("a segment");
            let len = file.metadata().expect("its length").len();
            let keep = len.saturating_sub(cut);
            if written_since(&node, &last) >= cut {
                file.set_len(keep).expect("a cut");
                // And some of what lies before it never arrived.
                file.write_all_at(&vec![0; keep.min(cut) as usize / 2], keep - keep.min(cut) / 2)
                    .expect("zeros");
            }
        }
        node.restart();
        verifier.expect_sound(node.bootstrap(), Depth::Everything, &format!("{cut} bytes were torn off"));
    }
}

/// Bytes of this segment that the last checkpoint does not cover, as far as is safe to say.
fn written_since(node: &Node, segment: &Path) -> u64 {
    let checkpoint = fs::read(node.data().join("highway-checkpoint")).expect("a checkpoint");
    let len = fs::metadata(segment).expect("a segment").len();
    let base: u64 =
        segment.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok()).expect("a number");
    // Entries of 52 bytes behind a header of 21; at 36 the segment, at 44 the bytes of it (docs/formats/checkpoint.md).
    let entries = &checkpoint[21..checkpoint.len() - 4];
    let covered = entries
        .chunks_exact(52)
        .filter(|e| u64::from_be_bytes(e[36..44].try_into().expect("eight bytes")) == base)
        .map(|e| u64::from_be_bytes(e[44..52].try_into().expect("eight bytes")))
        .max();
    // Zeros go before the cut too.
    len.saturating_sub(covered.unwrap_or(0)) / 2
}

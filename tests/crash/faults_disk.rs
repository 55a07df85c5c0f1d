//! Disks that are full, fail, or are slow, under the whole node.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use highway_tests::drivers::run;
use highway_tests::wire::Conn;
use highway_tests::{Broker, Node, wait_until};

use crate::history::{Ack, Fault, Part};
use crate::load::{Load, Topic, create_topic, delete_topic, produce};
use crate::node_state::{ready, resident};
use crate::records::{self, NOBODY, RecordId};
use crate::rig::{Kind, Rig, is_root};
use crate::shim::{Shim, Switch};
use crate::verify::{Depth, LATEST, PATIENCE, Verifier, fetch, list_offset};

/// What a client may try again: KAFKA_STORAGE_ERROR.
const STORAGE: i16 = 56;

/// One producer that goes step by step.
struct Hand {
    conn: Conn,
    process: u32,
    counter: u64,
    filler: usize,
}

impl Hand {
    fn new(node: &Node, process: u32, filler: usize) -> Hand {
        let conn = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
        Hand { conn, process, counter: 0, filler }
    }

    /// Sends one record: the error code, and the acknowledgement if it is 0.
    fn produce(&mut self, part: &Part) -> Result<Ack, i16> {
        let first = RecordId { process: self.process, counter: self.counter };
        self.counter += 1;
        let records = records::encode(NOBODY, 1_700_000_000_000, first, 1, self.filler);
        match produce(&mut self.conn, part, -1, records).expect("an answer, whatever the disk does") {
            (0, offset) => Ok(Ack { part: part.clone(), offset: Some(offset), first, count: 1, acks: -1 }),
            (code, _) => Err(code),
        }
    }
}

fn acked(verifier: &mut Verifier, acks: Vec<Ack>) {
    let notes = crate::history::Notes { acks, ..Default::default() };
    verifier.history.merge(vec![notes], Fault::Power);
}

fn with_topics(node: &Node, names: &[&str]) -> Verifier {
    let mut verifier = Verifier::default();
    let topics = names.iter().map(|name| Topic::named(name, 1).create(node.bootstrap())).collect();
    verifier.history.merge(topics, Fault::Process);
    verifier
}

#[test]
fn a_full_disk_refuses_producers_and_serves_all_others() {
    if !is_root("a disk that fills up") {
        return;
    }
    for kind in [Kind::Ext4, Kind::Tmpfs] {
        let rig = Rig::new(kind, 400 << 20);
        // Three files of the journal at the most: the rest of the space is for segments.
        let mut node = Node::builder()
            .set("log.dirs", &rig.path().join("data").display().to_string())
            .set("highway.journal.max.files", "3")
            .set("highway.checkpoint.interval.ms", "200")
            .start();
        let mut verifier = with_topics(&node, &["full", "other"]);
        let mut admin = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
        assert_eq!(create_topic(&mut admin, "old", 1, &[]).expect("an answer"), 0);
        let (full, old) = (("full".to_owned(), 0), ("old".to_owned(), 0));
        let mut hand = Hand::new(&node, 1, 500_000);
        for _ in 0..4 {
            hand.produce(&old).expect("there is space");
        }
        wait_until("the journal has its files and their space", PATIENCE, || {
            let files = std::fs::read_dir(node.data().join("highway-journal")).into_iter().flatten();
            let blocks = files.filter_map(|file| file.ok()?.metadata().ok()).map(|meta| meta.blocks());
            blocks.sum::<u64>() * 512 >= 3 * (64 << 20)
        });
        // Not all: the file system's own metadata need some.
        let filler = rig.fill(20 << 20);
        let mut acks = Vec::new();
        let refused = loop {
            match hand.produce(&full) {
                Ok(ack) => acks.push(ack),
                Err(code) => break code,
            }
            assert!(acks.len() < 200, "{kind:?}: the disk does not fill up");
        };
        assert_eq!(refused, STORAGE, "{kind:?}: a full disk is a retriable error");
        let before = acks.len();
        assert!(before > 10, "{kind:?}: {before} records fitted");
        acked(&mut verifier, acks);
        // Everything that was answered can be read, the log is where it was, and the node lives.
        verifier.expect_sound(node.bootstrap(), Depth::Everything, "the disk is full");
        let (_, high) = list_offset(&mut admin, &full, LATEST).expect("an answer");
        assert_eq!(high, before as i64, "{kind:?}: nothing of a refused record is there");
        // Deleting a topic makes room, and writing goes on by itself.
        assert_eq!(delete_topic(&mut admin, "old").expect("an answer"), 0, "{kind:?}: deletion");
        let mut acks = Vec::new();
        wait_until("there is room after a topic was deleted", PATIENCE, || match hand.produce(&full) {
            Ok(ack) => {
                acks.push(ack);
                true
            }
            Err(code) => {
                assert_eq!(code, STORAGE);
                false
            }
        });
        std::fs::remove_file(filler).expect("the filler goes");
        wait_until("all is well when space returns", PATIENCE, || {
            let outcome = hand.produce(&full);
            acks.extend(outcome.clone().ok());
            outcome.is_ok()
        });
        for _ in 0..10 {
            acks.push(hand.produce(&full).expect("there is space again"));
        }
        acked(&mut verifier, acks);
        assert!(ready(&node), "{kind:?}: ready");
        verifier.expect_sound(node.bootstrap(), Depth::Everything, "space came back");
        node.kill();
        node.restart();
        verifier.expect_sound(node.bootstrap(), Depth::Everything, "a restart after a full disk");
    }
}

#[test]
fn a_journal_that_cannot_grow_holds_producers_back_and_goes_on_later() {
    if !is_root("a disk too small for the journal") {
        return;
    }
    let rig = Rig::new(Kind::Tmpfs, 420 << 20);
    let mut node = Node::builder()
        .set("log.dirs", &rig.path().join("data").display().to_string())
        .set("highway.checkpoint.interval.ms", "3600000")
        .start();
    let mut verifier = with_topics(&node, &["grows"]);
    let part = ("grows".to_owned(), 0);
    let mut hand = Hand::new(&node, 1, 900_000);
    let (mut acks, mut refused) = (Vec::new(), 0);
    let end = Instant::now() + Duration::from_secs(60);
    while refused < 3 && Instant::now() < end {
        match hand.produce(&part) {
            Ok(ack) => acks.push(ack),
            Err(code) => {
                assert!([STORAGE, 7].contains(&code), "error {code}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "{} records of 900 kB fitted into 420 MB twice", acks.len());
    acked(&mut verifier, acks);
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "the journal cannot grow");
    assert!(node.is_running());
    let mount = rig.path().display().to_string();
    let mut grow = std::process::Command::new("mount");
    grow.args(["-o", "remount,size=3g", &mount]);
    run("mount", grow, PATIENCE).expect_success("a larger tmpfs");
    let mut acks = Vec::new();
    wait_until("writing goes on", PATIENCE, || {
        acks.extend(hand.produce(&part).ok());
        !acks.is_empty()
    });
    acked(&mut verifier, acks);
    node.kill();
    node.restart();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a restart after the journal could not grow");
}

#[test]
fn a_failed_sync_or_write_of_the_journal_stops_all_acknowledgements_for_good() {
    for switch in [Switch::EioJournal, Switch::EioWrite] {
        let shim = Shim::new();
        let mut node = shim.node().start();
        let mut verifier = with_topics(&node, &["a", "b"]);
        let (a, b) = (("a".to_owned(), 0), ("b".to_owned(), 0));
        let mut hand = Hand::new(&node, 1, 100);
        let acks = (0..20).flat_map(|_| [a.clone(), b.clone()]).map(|part| hand.produce(&part));
        let acks = acks.collect::<Result<Vec<_>, _>>().expect("a good disk");
        acked(&mut verifier, acks);
        assert!(ready(&node), "ready before");
        shim.on(switch);
        assert_eq!(hand.produce(&a).err(), Some(STORAGE), "{switch:?}");
        shim.off(switch);
        // The next sync would succeed, and prove nothing about what the kernel has thrown away.
        for part in [&a, &b, &a] {
            assert_eq!(hand.produce(part).err(), Some(STORAGE), "{switch:?}: no second chance");
        }
        assert!(!ready(&node), "{switch:?}: /readyz tells");
        for part in [&a, &b] {
            let data = fetch(&mut hand.conn, part, 0, 0).expect("an answer");
            assert_eq!((data.error_code, data.high_watermark), (0, 20), "{switch:?}: reads go on");
        }
        verifier.expect_sound(node.bootstrap(), Depth::Everything, "the journal failed");
        node.kill();
        node.restart();
        let mut hand = Hand::new(&node, 2, 100);
        assert!(ready(&node), "ready after a restart");
        // What was refused may be there or not, but nothing of it was acknowledged.
        let ack = hand.produce(&b).expect("a good disk again");
        acked(&mut verifier, vec![ack]);
        verifier.expect_sound(node.bootstrap(), Depth::Everything, "a restart after a failed journal");
    }
}

#[test]
fn slow_syncs_delay_producers_only_and_take_no_memory() {
    let shim = Shim::new();
    let mut node = shim.node().start();
    let topics = [Topic::named("slow", 2)];
    let mut verifier = Verifier::default();
    verifier.history.merge(topics.iter().map(|t| t.create(node.bootstrap())).collect(), Fault::Process);
    let (load, notes) =
        Load::everybody(&topics).start(node.bootstrap()).for_time(Duration::from_millis(300)).stop();
    verifier.history.merge(notes, Fault::Process);
    let before = resident(&node);
    shim.set(Switch::SlowJournal, "700");
    let running = load.start(node.bootstrap());
    let part = ("slow".to_owned(), 0);
    let mut conn = Conn::open(node.bootstrap(), PATIENCE).expect("the node listens");
    let (began, mut slowest, mut reads) = (Instant::now(), Duration::ZERO, 0);
    while began.elapsed() < Duration::from_secs(4) {
        let (start, high) = (Instant::now(), list_offset(&mut conn, &part, LATEST).expect("an answer").1);
        let data = fetch(&mut conn, &part, (high - 5).max(0), 0).expect("an answer");
        assert_eq!(data.error_code, 0);
        slowest = slowest.max(start.elapsed());
        reads += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    let after = resident(&node);
    shim.off(Switch::SlowJournal);
    let (_, notes) = running.stop();
    let acknowledged: usize = notes.iter().map(|n| n.acks.len()).sum();
    verifier.history.merge(notes, Fault::Process);
    println!(
        "syncs of 0.7 s: {reads} reads, the slowest {slowest:?}; {acknowledged} batches acknowledged; {} MiB before, {} after",
        before >> 20,
        after >> 20
    );
    assert!(slowest < Duration::from_millis(600), "a read waited for a sync: {slowest:?}");
    assert!(after < before + (64 << 20), "{} MiB before, {} after", before >> 20, after >> 20);
    assert!(acknowledged > 0);
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "slow syncs");
    node.kill();
    node.restart();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a kill after slow syncs");
}

#[test]
fn a_limit_of_file_size_is_an_error_and_never_the_end() {
    let limit = 64 << 20; // the journal's files fit just so
    let mut node = Node::builder()
        .wrapper(&["prlimit", &format!("--fsize={limit}:{limit}")])
        .set("highway.checkpoint.interval.ms", "500")
        .start();
    let mut verifier = with_topics(&node, &["large", "other"]);
    let (large, other) = (("large".to_owned(), 0), ("other".to_owned(), 0));
    let mut hand = Hand::new(&node, 1, 1_000_000);
    let mut acks = Vec::new();
    let refused = loop {
        match hand.produce(&large) {
            Ok(ack) => acks.push(ack),
            Err(code) => break code,
        }
        assert!(acks.len() < 100, "a segment of more than {limit} bytes");
    };
    assert_eq!(refused, STORAGE);
    assert!(acks.len() > 60, "{} records fitted", acks.len());
    acks.push(hand.produce(&other).expect("another partition's segment is small"));
    acked(&mut verifier, acks);
    assert!(node.is_running(), "SIGXFSZ does not kill");
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a file reached its limit");
    node.kill();
    node.restart();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a restart after a file reached its limit");
}

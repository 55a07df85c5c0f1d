//! Cuts of power under load, on ext4 and XFS: what was answered with acks=all is there, and so is what a consumer was
//! given. acks=1 promises no more than the death of the process.

use std::path::Path;
use std::time::{Duration, Instant};

use highway_tests::{Broker, Node};

use crate::history::Fault;
use crate::kill::{times, topics};
use crate::load::Load;
use crate::rig::{Kind, Rig, is_root};
use crate::verify::{Depth, Verifier};
use highway_tests::random::Random;

/// The journal's files take up to 1 GiB.
pub const IMAGE: u64 = 3 << 30;

#[test]
fn power_loss_on_ext4_takes_nothing_acknowledged() {
    if is_root("power loss on ext4") {
        cycles(Kind::Ext4);
    }
}

#[test]
fn power_loss_on_xfs_takes_nothing_acknowledged() {
    if is_root("power loss on XFS") {
        cycles(Kind::Xfs);
    }
}

/// A node whose data lie in `folder`, while its configuration and log do not: they survive.
pub fn settings(node: highway_tests::NodeBuilder, folder: &Path) -> highway_tests::NodeBuilder {
    node.set("log.dirs", &folder.join("data").display().to_string())
}

fn cycles(kind: Kind) {
    let cycles = times("HIGHWAY_POWER_CYCLES", 3);
    let mut random = Random::from_environment();
    let rig = Rig::new(kind, IMAGE);
    let mut node = settings(Node::builder(), rig.path())
        .set("highway.checkpoint.interval.ms", "300")
        .set("highway.journal.large.batches", "once")
        .start();
    let topics = topics();
    let mut verifier = Verifier::default();
    let made = topics.iter().map(|topic| topic.create(node.bootstrap())).collect();
    verifier.history.merge(made, Fault::Power);
    let mut load = Load::everybody(&topics);
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    for cycle in 1..=cycles {
        let work = Duration::from_millis(100 + random.below(1500));
        let running = load.start(node.bootstrap()).for_time(work);
        rig.cut_power();
        node.kill();
        let (rested, notes) = running.stop();
        load = rested;
        verifier.history.merge(notes, Fault::Power);
        rig.power_on();
        node.set("highway.checkpoint.interval.ms", ["100", "300", "1500"][random.below(3) as usize]);
        node.set("highway.journal.large.batches", ["adaptive", "once"][random.below(2) as usize]);
        let restart = Instant::now();
        node.restart();
        slowest = slowest.max(restart.elapsed());
        let depth = if cycle % 10 == 0 || cycle == cycles { Depth::Everything } else { Depth::News };
        let when = format!("cut {cycle} of {cycles} on {kind:?} after {work:?} (seed {})", random.seed());
        verifier.expect_sound(node.bootstrap(), depth, &when);
    }
    // One for each kind of producer and topic, and the maker of topics.
    let producers = &verifier.history.producers;
    assert_eq!(producers.len(), topics.len() * 3 + 1, "some producers had no success: {producers:?}");
    println!(
        "{cycles} cuts of power on {kind:?} in {:.1} s (seed {}): {} records acknowledged, {} read back, {} topics, {} batches sent twice were recognised, slowest start {slowest:?}",
        began.elapsed().as_secs_f64(),
        random.seed(),
        verifier.history.acknowledged,
        verifier.read,
        verifier.history.topics.len(),
        verifier.history.recognised,
    );
}

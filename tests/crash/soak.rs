//! A long time under the whole load with no fault: memory and files stay bounded, and everything is there.

use std::time::Duration;

use highway_tests::{Broker, Node};

use crate::history::Fault;
use crate::kill::{times, topics};
use crate::load::Load;
use crate::node_state::resident;
use crate::verify::{Depth, Verifier};

/// Generous: caches of five topics and what is on its way.
const MEMORY: u64 = 400 << 20;

/// `HIGHWAY_SOAK_MINUTES`, or five seconds in `make test`.
#[test]
fn a_long_load_leaves_nothing_behind() {
    let minutes = times("HIGHWAY_SOAK_MINUTES", 0);
    let rounds = (minutes * 60 / 5).max(1);
    let mut node = Node::builder().set("highway.checkpoint.interval.ms", "1000").start();
    let topics = topics();
    let mut verifier = Verifier::default();
    let made = topics.iter().map(|topic| topic.create(node.bootstrap())).collect();
    verifier.history.merge(made, Fault::Process);
    let mut load = Load::everybody(&topics);
    for round in 1..=rounds {
        let (rested, notes) = load.start(node.bootstrap()).for_time(Duration::from_secs(5)).stop();
        load = rested;
        verifier.history.merge(notes, Fault::Process);
        let depth = if round == rounds { Depth::Everything } else { Depth::News };
        verifier.expect_sound(node.bootstrap(), depth, &format!("round {round} of {rounds}"));
        let memory = resident(&node);
        assert!(memory < MEMORY, "{memory} bytes of memory after round {round} of {rounds}");
    }
    println!(
        "{rounds} rounds: {} records acknowledged, {} read back, {} bytes of memory at the end",
        verifier.history.acknowledged,
        verifier.read,
        resident(&node)
    );
    node.stop();
}

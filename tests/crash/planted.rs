//! Tests of the tests: brokers whose durability was taken away. The verifier must find what they lose.

use std::collections::BTreeMap;
use std::time::Duration;

use highway_tests::{Broker, Node};

use crate::history::{Fault, Kind, Violation};
use crate::kill::topics;
use crate::load::Load;
use crate::power::{IMAGE, settings};
use crate::rig::{self, Rig, is_root};
use crate::shim::{Shim, Switch};
use crate::verify::{Depth, Verifier};

fn by_kind(broken: &[Violation]) -> BTreeMap<Kind, usize> {
    let mut counts = BTreeMap::new();
    for violation in broken {
        *counts.entry(violation.kind).or_default() += 1;
    }
    counts
}

/// The node starts and its topics are made in order; then the fault is turned on. The checkpoint of the start is over by
/// then and no other comes: a checkpoint beside a journal that was not written makes the node refuse its data, which
/// would be found too, but not by the verifier.
fn prepared(mut node: Node, shim: &Shim, switch: Switch) -> (Node, Verifier, Load) {
    let topics = topics();
    let mut verifier = Verifier::default();
    let made = topics.iter().map(|topic| topic.create(node.bootstrap())).collect();
    verifier.history.merge(made, Fault::Power);
    node.stop();
    node.set("highway.checkpoint.interval.ms", "3600000");
    node.restart();
    // 0.1 s after the start, and nothing tells of it when there is nothing to write.
    std::thread::sleep(Duration::from_millis(500));
    shim.on(switch);
    (node, verifier, Load::everybody(&topics))
}

#[test]
fn a_broker_that_answers_before_it_writes_is_found_out_by_kill_9() {
    let shim = Shim::new();
    let (mut node, mut verifier, load) = prepared(shim.node().start(), &shim, Switch::HoldJournal);
    let running = load.start(node.bootstrap()).for_time(Duration::from_millis(700));
    node.kill();
    verifier.history.merge(running.stop().1, Fault::Process);
    shim.off(Switch::HoldJournal);
    node.restart();
    let broken = by_kind(&verifier.check(node.bootstrap(), Depth::Everything));
    println!("answer before write: {broken:?} of {} acknowledged", verifier.history.acknowledged);
    assert!(broken.contains_key(&Kind::Lost), "the verifier overlooks lost records: {broken:?}");
}

#[test]
fn a_broker_whose_syncs_do_nothing_is_found_out_by_a_cut_of_power() {
    if !is_root("the power rig with fdatasync turned into nothing") {
        return;
    }
    for kind in [rig::Kind::Ext4, rig::Kind::Xfs] {
        let rig = Rig::new(kind, IMAGE);
        let shim = Shim::new();
        let node = settings(shim.node(), rig.path()).set("highway.journal.direct.io", "false").start();
        let (mut node, mut verifier, load) = prepared(node, &shim, Switch::NoSync);
        let running = load.start(node.bootstrap()).for_time(Duration::from_millis(700));
        rig.cut_power();
        node.kill();
        verifier.history.merge(running.stop().1, Fault::Power);
        rig.power_on();
        shim.off(Switch::NoSync);
        let broken = match node.try_restart() {
            Ok(()) => by_kind(&verifier.check(node.bootstrap(), Depth::Everything)),
            Err(failure) => panic!("the node refuses to start, which is no test of the verifier: {failure}"),
        };
        println!("no sync on {kind:?}: {broken:?} of {} acknowledged", verifier.history.acknowledged);
        assert!(broken.contains_key(&Kind::Lost), "the verifier overlooks lost records: {broken:?}");
    }
}

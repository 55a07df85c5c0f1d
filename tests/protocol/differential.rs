//! The same requests to Highway and to Apache Kafka 4.3.1: every answer is the same, or the difference is explained.

use std::collections::BTreeMap;

use highway_tests::{Broker, Node, Oracle};

use crate::client::Side;
use crate::compare::differences;
use crate::explained::EXPLAINED;
use crate::{scenario_data, scenario_groups, scenario_topics};

fn talk(broker: &dyn Broker) -> Side {
    let mut side = Side::new(broker.bootstrap());
    scenario_topics::run(&mut side);
    println!("{}: topics done, {} requests", broker.kind(), side.transcript.len());
    scenario_data::run(&mut side);
    println!("{}: data done, {} requests", broker.kind(), side.transcript.len());
    scenario_groups::run(&mut side);
    println!("{}: groups done, {} requests", broker.kind(), side.transcript.len());
    side
}

#[test]
fn every_answer_is_kafkas_or_its_difference_is_explained() {
    let (kafka, highway) = std::thread::scope(|scope| {
        let kafka = scope.spawn(|| talk(&Oracle::start()));
        let highway = scope.spawn(|| talk(&Node::builder().set("node.id", "1").start()));
        (kafka.join().expect("Kafka's side ends"), highway.join().expect("Highway's side ends"))
    });
    let mut used = vec![0_usize; EXPLAINED.len()];
    let mut unexplained: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((label, kafka), (other, highway)) in kafka.transcript.iter().zip(&highway.transcript) {
        assert_eq!(label, other, "both sides were asked the same");
        for line in differences(kafka, highway) {
            match EXPLAINED.iter().position(|e| label.starts_with(e.request) && line.contains(e.line)) {
                Some(at) => used[at] += 1,
                None => unexplained.entry(line).or_default().push(label.clone()),
            }
        }
    }
    println!("{} requests compared", kafka.transcript.len());
    for skipped in &kafka.skipped {
        println!("not sent: {skipped}");
    }
    for (explained, used) in EXPLAINED.iter().zip(&used) {
        println!("{used} x {} {}: {}", explained.request, explained.line, explained.reason);
        if *used == 0 {
            unexplained
                .entry(format!("{} {}", explained.request, explained.line))
                .or_default()
                .push("explained, but not seen".to_owned());
        }
    }
    for (line, labels) in &unexplained {
        println!(
            "DIFFERENCE {line}\n    {} times, in {}",
            labels.len(),
            labels[..labels.len().min(4)].join("; ")
        );
    }
    assert_eq!(kafka.transcript.len(), highway.transcript.len(), "both conversations are of one length");
    assert!(unexplained.is_empty(), "{} unexplained differences", unexplained.len());
}

//! `kill -9` at random moments under load.

use std::time::{Duration, Instant};

use highway_tests::{Broker, Node};

use crate::history::Fault;
use crate::load::{Load, Topic};
use crate::verify::{Depth, Verifier};
use highway_tests::random::Random;

/// The topics of the load: small records, larger ones in small segments that roll all the time, and batches that are large
/// enough to be written once.
pub fn topics() -> Vec<Topic> {
    let mut rolled = Topic::named("rolled", 2);
    rolled.filler = 6000;
    rolled.trimmed = true;
    rolled.configs = vec![("segment.bytes", "1048576")];
    let mut large = Topic::named("large", 2);
    large.filler = 80_000;
    large.configs = vec![("segment.bytes", "5242880")];
    vec![Topic::named("small", 2), rolled, large]
}

/// How often: the variable `HIGHWAY_...`, or what `make test` does.
pub fn times(variable: &str, default: u32) -> u32 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let kills = times("HIGHWAY_KILLS", 12);
    let mut random = Random::from_environment();
    let mut node = Node::builder()
        .set("highway.checkpoint.interval.ms", "300")
        .set("highway.journal.large.batches", "once")
        .start();
    let mut topics = topics();
    // Acknowledged from the page cache: safe from the death of the process too.
    let mut cached = Topic::named("cached", 1);
    cached.configs = vec![("highway.durability", "page-cache")];
    topics.push(cached);
    let mut verifier = Verifier::default();
    let made = topics.iter().map(|topic| topic.create(node.bootstrap())).collect();
    verifier.history.merge(made, Fault::Process);
    let mut load = Load::everybody(&topics);
    let (began, mut slowest) = (Instant::now(), Duration::ZERO);
    for kill in 1..=kills {
        let work = Duration::from_millis(random.below(700));
        let running = load.start(node.bootstrap()).for_time(work);
        node.kill();
        let (rested, notes) = running.stop();
        load = rested;
        verifier.history.merge(notes, Fault::Process);
        node.set("highway.checkpoint.interval.ms", ["100", "300", "1500"][random.below(3) as usize]);
        node.set("highway.journal.large.batches", ["adaptive", "once"][random.below(2) as usize]);
        let restart = Instant::now();
        node.restart();
        slowest = slowest.max(restart.elapsed());
        let depth = if kill % 10 == 0 || kill == kills { Depth::Everything } else { Depth::News };
        let when = format!("kill {kill} of {kills} after {work:?} (seed {})", random.seed());
        verifier.expect_sound(node.bootstrap(), depth, &when);
    }
    // What is on its way is answered at last, and a graceful stop keeps it all.
    let (_, notes) = load.start(node.bootstrap()).for_time(Duration::from_millis(100)).stop();
    verifier.history.merge(notes, Fault::Process);
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "the last session");
    node.stop();
    node.restart();
    verifier.expect_sound(node.bootstrap(), Depth::Everything, "a graceful restart");
    // One for each kind of producer and topic, and the maker of topics.
    let producers = &verifier.history.producers;
    assert_eq!(producers.len(), topics.len() * 3 + 1, "some producers had no success: {producers:?}");
    println!(
        "{kills} times kill -9 in {:.1} s (seed {}): {} records acknowledged, {} read back, {} topics, {} batches sent twice were recognised, slowest start {slowest:?}",
        began.elapsed().as_secs_f64(),
        random.seed(),
        verifier.history.acknowledged,
        verifier.read,
        verifier.history.topics.len(),
        verifier.history.recognised,
    );
}

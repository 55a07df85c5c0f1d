use std::collections::HashMap;

use highway_types::Timestamp;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::record::header;

fn id(n: u64) -> EventId {
    EventId::of(&n.to_string())
}

fn bounds(max_ids: usize, max_age_ms: i64) -> Bounds {
    Bounds { max_ids, max_age_ms }
}

#[test]
fn a_window_is_bounded_by_count_and_by_time() {
    let mut window = Window::new(bounds(3, 1000), 0);
    for n in 0..5 {
        window.observe(n, id(n as u64), Timestamp(n * 10));
    }
    assert_eq!((window.len(), window.seen(id(1)), window.seen(id(2))), (3, None, Some(2)));
    window.observe(5, id(3), Timestamp(60));
    assert_eq!(window.seen(id(3)), Some(3), "the first offset counts");
    window.observe(2, id(99), Timestamp(60));
    assert_eq!(window.seen(id(99)), None, "an offset that was observed is not observed again");
    window.advance(Timestamp(1030));
    assert_eq!((window.seen(id(2)), window.seen(id(3))), (None, Some(3)));
    window.advance(Timestamp(0));
    assert_eq!(window.seen(id(2)), None, "a clock that goes back brings nothing back");
    window.truncate(4);
    assert_eq!((window.seen(id(3)), window.seen(id(4)), window.end()), (Some(3), None, 4));
    window.advance(Timestamp(5000));
    assert!(window.is_empty());
}

#[test]
fn a_million_ids_take_what_is_said() {
    let mut window = Window::new(bounds(200_000, i64::MAX), 0);
    for n in 0..500_000_i64 {
        window.observe(
            n,
            EventId(u128::from(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
            Timestamp(n),
        );
    }
    assert_eq!(window.len(), 200_000);
    assert!(window.bytes() / 200_000 <= 64, "{} bytes for each id", window.bytes() / 200_000);
}

#[test]
fn an_id_is_decided_once() {
    let now = Timestamp(0);
    let mut sequencer = Sequencer::new(Window::new(bounds(10, 1000), 0));
    let Verdict::Fresh(first) = sequencer.decide(id(1), now) else { panic!() };
    assert_eq!(sequencer.decide(id(1), now), Verdict::InFlight(first));
    sequencer.failed(first);
    let Verdict::Fresh(second) = sequencer.decide(id(1), now) else {
        panic!("a try that failed leaves nothing")
    };
    assert_ne!(first, second);
    sequencer.committed(second, 7, now);
    sequencer.committed(second, 8, now);
    assert_eq!(sequencer.decide(id(1), now), Verdict::Duplicate(7));
    // Two whose outcome is not known: the log has one of them.
    let Verdict::Fresh(a) = sequencer.decide(id(2), now) else { panic!() };
    let Verdict::Fresh(b) = sequencer.decide(id(3), now) else { panic!() };
    sequencer.observe(8, id(3), now);
    assert_eq!(sequencer.decide(id(2), now), Verdict::InFlight(a), "unknown is not failed");
    assert_eq!(sequencer.decide(id(3), now), Verdict::Duplicate(8));
    assert_eq!(sequencer.resolve(&[(a, id(2)), (b, id(3))]), [(a, None), (b, Some(8))]);
    assert!(matches!(sequencer.decide(id(2), now), Verdict::Fresh(_)));
    assert_eq!(sequencer.in_flight(), 1);
}

#[test]
fn replay_reads_headers() {
    let mut replay = Replay::new(Window::new(bounds(10, 1000), 0));
    replay.record(0, Timestamp(0), [(header::EVENT_ID, &b"a"[..]), (header::RECEIVED_AT, b"5000")]);
    replay.record(1, Timestamp(0), [("other", &b"a"[..])]);
    replay.record(2, Timestamp(5500), [(header::EVENT_ID, &b"b"[..]), (header::RECEIVED_AT, b"x")]);
    let window = replay.finish();
    assert_eq!(
        (window.seen(EventId::of("a")), window.seen(EventId::of("b")), window.end()),
        (Some(0), Some(2), 3)
    );
    assert_eq!(replay_from(0, 100, None, bounds(30, 1)), 70);
    assert_eq!(replay_from(80, 100, None, bounds(30, 1)), 80);
    assert_eq!(replay_from(0, 100, Some(90), bounds(30, 1)), 90);
    assert_eq!(replay_from(0, 100, Some(20), bounds(30, 1)), 70);
    assert_eq!(replay_from(0, 100, Some(101), bounds(30, 1)), 70, "a snapshot of a log that is gone");
}

#[test]
fn snapshots_that_were_touched_are_refused() {
    let mut window = Window::new(bounds(10, 1000), 0);
    window.observe(3, id(1), Timestamp(5));
    let snapshot = Snapshot::of(&window, Timestamp(5));
    for at in 0..snapshot.0.len() {
        let mut bytes = snapshot.0.clone();
        bytes[at] ^= 1;
        assert!(Snapshot(bytes).restore(bounds(10, 1000)).is_err(), "byte {at}");
        assert!(Snapshot(snapshot.0[..at].to_vec()).restore(bounds(10, 1000)).is_err(), "cut at {at}");
    }
}

/// A log with a durable end, a sequencer, and clients that repeat until they are answered; killed at random.
#[test]
fn exactly_once_under_kills_and_retries() {
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let bounds = bounds(1000, i64::MAX);
        // (id, received); everything before `durable` survives a kill.
        let mut log: Vec<u64> = Vec::new();
        let mut durable = 0_usize;
        let mut snapshot: Option<Snapshot> = None;
        let mut sequencer = Sequencer::new(Window::new(bounds, 0));
        let mut waiting: Vec<(Ticket, u64, usize)> = Vec::new();
        let mut answered: HashMap<u64, i64> = HashMap::new();
        let mut clock = 0;
        let mut kills = 0;
        for _ in 0..20_000 {
            if answered.len() == 200 {
                break;
            }
            clock += 1;
            let now = Timestamp(clock);
            match random.random_range(0..100) {
                // Kill: what was not durable may be lost, all or in part; the window comes out of snapshot and log.
                0..2 if kills < 50 => {
                    kills += 1;
                    log.truncate(random.random_range(durable..=log.len()));
                    durable = log.len();
                    waiting.clear();
                    let end = durable as i64;
                    let usable =
                        snapshot.as_ref().and_then(|s| s.restore(bounds).ok()).filter(|w| w.end() <= end);
                    let from = replay_from(0, end, usable.as_ref().map(Window::end), bounds);
                    let mut replay = Replay::new(usable.unwrap_or_else(|| Window::new(bounds, 0)));
                    for (offset, id) in log.iter().enumerate().skip(from as usize) {
                        replay.record(offset as i64, now, [(header::EVENT_ID, id.to_string().as_bytes())]);
                    }
                    sequencer = Sequencer::new(replay.finish());
                }
                // A commit: answers go out, though some are lost on their way.
                2..20 => {
                    durable = log.len();
                    for (ticket, id, offset) in waiting.drain(..) {
                        sequencer.committed(ticket, offset as i64, now);
                        if random.random_bool(0.7) {
                            answered.insert(id, offset as i64);
                        }
                    }
                }
                20..22 => snapshot = Some(Snapshot::of(sequencer.window(), now)),
                // A try, of any event that has no answer.
                _ => {
                    let event = random.random_range(0..200);
                    if answered.contains_key(&event) {
                        continue;
                    }
                    match sequencer.decide(id(event), now) {
                        Verdict::Fresh(ticket) => {
                            waiting.push((ticket, event, log.len()));
                            log.push(event);
                        }
                        Verdict::InFlight(_) => {}
                        Verdict::Duplicate(offset) => {
                            answered.insert(event, offset);
                        }
                    }
                }
            }
        }
        assert_eq!(answered.len(), 200, "seed {seed}");
        for event in 0..200 {
            let places: Vec<_> = (0..log.len()).filter(|at| log[*at] == event).collect();
            assert_eq!(places, [answered[&event] as usize], "seed {seed}: event {event}");
        }
    }
}

proptest! {
    /// Beside a model that keeps everything.
    #[test]
    fn agrees_with_a_plain_list(steps in proptest::collection::vec((0_u64..12, 0_i64..40), 1..80), max_ids in 1_usize..8, max_age in 1_i64..100) {
        let bounds = bounds(max_ids, max_age);
        let mut window = Window::new(bounds, 0);
        let mut model: Vec<(u64, i64, i64)> = Vec::new();
        let mut clock = 0;
        for (offset, (event, pause)) in steps.into_iter().enumerate() {
            clock += pause;
            model.retain(|(_, _, at)| *at >= clock - max_age);
            if !model.iter().any(|(e, ..)| *e == event) {
                if model.len() == max_ids {
                    model.remove(0);
                }
                model.push((event, offset as i64, clock));
            }
            window.observe(offset as i64, id(event), Timestamp(clock));
            let restored = Snapshot::of(&window, Timestamp(clock)).restore(bounds).unwrap();
            prop_assert_eq!(restored.end(), window.end());
            for event in 0..12 {
                let expected = model.iter().find(|(e, ..)| *e == event).map(|(_, offset, _)| *offset);
                prop_assert_eq!(window.seen(id(event)), expected);
                prop_assert_eq!(restored.seen(id(event)), expected);
            }
        }
    }
}

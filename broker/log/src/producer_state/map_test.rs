//! Protocol checklist E62-E67, F78, F86, by number, and a model that the map is compared with.

use proptest::prelude::*;

use super::*;
use crate::batch::header::Attributes;
use highway_types::LeaderEpoch;

const P: ProducerId = ProducerId(7);

/// A batch of `count` records; `at` is its base offset once it is stamped.
fn batch(epoch: i16, sequence: i32, count: i32, at: i64) -> BatchHeader {
    BatchHeader {
        base_offset: Offset(at),
        batch_length: 49,
        leader_epoch: LeaderEpoch(0),
        crc: 0,
        attributes: Attributes::default(),
        last_offset_delta: count - 1,
        base_timestamp: 1000,
        max_timestamp: 1000 + at,
        producer_id: P,
        producer_epoch: ProducerEpoch(epoch),
        base_sequence: sequence,
        count,
    }
}

fn transactional(epoch: i16, sequence: i32, at: i64) -> BatchHeader {
    let header = batch(epoch, sequence, 1, at);
    BatchHeader { attributes: header.attributes.with_transactional(), ..header }
}

fn marker_batch(epoch: i16, at: i64) -> BatchHeader {
    let header = transactional(epoch, -1, at);
    BatchHeader { attributes: header.attributes.with_control(), ..header }
}

fn check(map: &ProducerStateMap, header: &BatchHeader) -> Result<Verdict, ProducerStateError> {
    map.check(header, Origin::Client)
}

fn appended(batches: &[BatchHeader]) -> ProducerStateMap {
    let mut map = ProducerStateMap::default();
    for header in batches {
        assert_eq!(check(&map, header), Ok(Verdict::Append), "{header:?}");
        map.update(header);
    }
    map
}

fn out_of_order(incoming: i32, last: i32) -> ProducerStateError {
    ProducerStateError::OutOfOrderSequence { producer_id: P, incoming, last }
}

#[test]
fn e62_the_last_five_batches_are_recognised_and_no_other() {
    let batches: Vec<_> = (0..6i32).map(|i| batch(0, i * 10, 10, i64::from(i) * 100)).collect();
    let map = appended(&batches);
    for (i, header) in batches.iter().enumerate().skip(1) {
        let at = Offset(i as i64 * 100);
        let expected =
            Verdict::Duplicate { base_offset: at, last_offset: at + 9, timestamp: Timestamp(1000 + at.0) };
        assert_eq!(check(&map, header), Ok(expected));
    }
    let forgotten = check(&map, &batches[0]);
    assert_eq!(forgotten, Err(out_of_order(0, 59)));
    // The same first sequence with another length is no repetition.
    assert!(matches!(check(&map, &batch(0, 50, 9, 0)), Err(ProducerStateError::OutOfOrderSequence { .. })));
    // Coordinators repeat nothing: their batches are not looked up.
    assert_eq!(map.check(&batches[5], Origin::Coordinator), Ok(Verdict::Append));
}

#[test]
fn e63_sequences_have_no_gap_and_wrap() {
    let map = appended(&[batch(0, 0, 3, 0)]);
    assert_eq!(check(&map, &batch(0, 3, 1, 3)), Ok(Verdict::Append));
    for wrong in [2, 4, i32::MAX] {
        assert_eq!(check(&map, &batch(0, wrong, 1, 3)), Err(out_of_order(wrong, 2)));
    }
    let map = appended(&[batch(0, i32::MAX - 1, 2, 0)]);
    assert_eq!(map.get(P).unwrap().last_sequence(), i32::MAX);
    assert_eq!(check(&map, &batch(0, 0, 1, 2)), Ok(Verdict::Append));
    let across = batch(0, i32::MAX, 3, 0); // MAX, 0, 1
    let map = appended(&[across]);
    assert_eq!(map.get(P).unwrap().last_sequence(), 1);
    assert!(matches!(check(&map, &across), Ok(Verdict::Duplicate { .. })));
    assert_eq!(check(&map, &batch(0, 2, 1, 3)), Ok(Verdict::Append));
}

#[test]
fn e64_epochs_rise_and_start_at_zero() {
    let map = appended(&[batch(3, 0, 5, 0)]);
    let late = check(&map, &batch(2, 5, 1, 5)).unwrap_err();
    assert_eq!(late.to_string(), "Epoch of producer 7 is 2, which is < the last seen epoch 3");
    let jump = check(&map, &batch(4, 5, 1, 5)).unwrap_err();
    assert_eq!(
        jump.to_string(),
        "Invalid sequence number for new epoch of producer 7: 4 (request epoch), 5 (seq. number), 3 (current producer \
         epoch)"
    );
    assert_eq!(
        check(&map, &batch(4, 0, 5, 5)),
        Ok(Verdict::Append),
        "same sequences, other epoch: no repetition"
    );
    let map = appended(&[batch(3, 0, 5, 0), batch(4, 0, 1, 5)]);
    assert_eq!(map.get(P).unwrap().batches().len(), 1, "the window is the new epoch's");
    assert!(map.check(&batch(3, 5, 1, 6), Origin::Coordinator).is_err(), "epochs bind coordinators too");
}

#[test]
fn e65_an_unknown_producer_may_start_anywhere() {
    assert_eq!(check(&ProducerStateMap::default(), &batch(9, 1234, 1, 0)), Ok(Verdict::Append));
}

#[test]
fn e67_expiry_spares_open_transactions() {
    let mut map = appended(&[batch(0, 0, 1, 0)]);
    assert_eq!(map.remove_expired(Timestamp(1000 + 99), 100), 0);
    assert_eq!(map.remove_expired(Timestamp(1000 + 100), 100), 1);
    let mut map = appended(&[transactional(0, 0, 0)]);
    assert_eq!(map.remove_expired(Timestamp(i64::MAX), 100), 0);
    map.update(&marker_batch(0, 1));
    assert_eq!(map.remove_expired(Timestamp(i64::MAX), 100), 1);
}

#[test]
fn f78_the_first_open_transaction_bounds_the_stable_offset() {
    let other = ProducerId(8);
    let of_other = |header: BatchHeader| BatchHeader { producer_id: other, ..header };
    let mut map =
        appended(&[transactional(0, 0, 10), of_other(transactional(0, 0, 11)), transactional(0, 1, 12)]);
    assert_eq!(map.first_unstable_offset(), Some(Offset(10)));
    assert_eq!(map.get(P).unwrap().current_txn_first_offset(), Some(Offset(10)));

    let marker = EndTxnMarker { marker_type: MarkerType::Abort, coordinator_epoch: 4 };
    let ended = map.update_marker(&marker_batch(0, 13), &marker).unwrap();
    let expected = CompletedTxn {
        producer_id: P,
        first_offset: Offset(10),
        last_offset: Offset(13),
        outcome: Some(MarkerType::Abort),
    };
    assert_eq!(ended, expected);
    assert_eq!(map.last_stable_offset_after(&ended), Offset(11));
    assert_eq!(map.first_unstable_offset(), Some(Offset(11)));
    assert_eq!(map.get(P).unwrap().coordinator_epoch(), 4);

    let ended = map.update(&of_other(marker_batch(0, 14))).unwrap();
    assert_eq!((ended.outcome, map.last_stable_offset_after(&ended)), (None, Offset(15)));
    assert_eq!(map.first_unstable_offset(), None);
    assert_eq!(map.update(&marker_batch(0, 15)), None, "nothing was open");
}

#[test]
fn f86_a_plain_batch_in_a_transaction_is_refused() {
    let map = appended(&[transactional(0, 0, 0)]);
    let error = ProducerStateError::ExpectedTransactional { producer_id: P };
    assert_eq!(check(&map, &batch(0, 1, 1, 1)), Err(error));
}

#[test]
fn markers_of_old_epochs_and_old_coordinators_are_refused() {
    let mut map = appended(&[transactional(5, 0, 0)]);
    let marker = |coordinator_epoch| EndTxnMarker { marker_type: MarkerType::Commit, coordinator_epoch };
    let ask = |map: &ProducerStateMap, epoch, coordinator, version| {
        map.check_marker(P, ProducerEpoch(epoch), &marker(coordinator), version)
    };
    assert!(matches!(
        ask(&map, 4, 1, 1),
        Err(ProducerStateError::InvalidProducerEpoch { relation: "<", .. })
    ));
    assert_eq!(ask(&map, 5, 1, 1), Ok(()));
    assert!(matches!(
        ask(&map, 5, 1, 2),
        Err(ProducerStateError::InvalidProducerEpoch { relation: "<=", .. })
    ));
    assert_eq!(ask(&map, 6, 1, 2), Ok(()));
    map.update_marker(&marker_batch(6, 1), &marker(3));
    assert_eq!(ask(&map, 6, 3, 2), Ok(()), "the repetition of a marker (KAFKA-19999)");
    assert!(matches!(ask(&map, 6, 2, 2), Err(ProducerStateError::CoordinatorFenced { current: 3, .. })));
    assert!(check(&map, &batch(5, 1, 1, 2)).is_err(), "the marker's epoch fences");
}

#[test]
fn what_was_taken_in_is_skipped() {
    let batches = [batch(0, 0, 2, 0), batch(0, 2, 1, 2), transactional(0, 3, 3), marker_batch(0, 4)];
    let mut map = ProducerStateMap::default();
    for batch in &batches {
        map.update(batch);
    }
    let mut again = map.clone();
    for batch in &batches {
        assert_eq!(again.update(batch), None);
    }
    assert_eq!(again, map);
    assert_eq!((map.end(), map.get(P).unwrap().batches().len()), (Offset(5), 3));
}

/// The rules in the plainest form: the full history of one producer.
fn model(history: &[BatchHeader], next: &BatchHeader) -> bool {
    let Some(last) = history.last() else { return true };
    if next.producer_epoch != last.producer_epoch {
        return next.producer_epoch > last.producer_epoch && next.base_sequence == 0;
    }
    i64::from(next.base_sequence) == (i64::from(last.base_sequence) + i64::from(last.count)) % (1 << 31)
}

proptest! {
    #[test]
    fn agrees_with_the_model(tries in proptest::collection::vec((0i16..3, -2i32..3, 1i32..4), 1..60), start in any::<bool>()) {
        let mut history: Vec<BatchHeader> = Vec::new();
        let mut map = ProducerStateMap::default();
        let mut end = 0;
        for (epoch, jump, count) in tries {
            let first = if start { 0 } else { i32::MAX - 4 };
            let expected = history.last().map_or(first, |l| {
                i32::try_from((i64::from(l.base_sequence) + i64::from(l.count)) % (1 << 31)).unwrap()
            });
            let sequence = expected.wrapping_add(jump).rem_euclid(i32::MAX);
            for sequence in [sequence, 0] {
                let header = batch(epoch, sequence, count, end);
                let repeats = history.iter().rev().take(5).take_while(|h| h.producer_epoch == history.last().unwrap().producer_epoch)
                    .find(|h| (h.producer_epoch, h.base_sequence, h.count) == (header.producer_epoch, header.base_sequence, header.count));
                match check(&map, &header) {
                    Ok(Verdict::Duplicate { base_offset, .. }) => {
                        prop_assert_eq!(repeats.map(|r| r.base_offset), Some(base_offset));
                    }
                    Ok(Verdict::Append) => {
                        prop_assert!(repeats.is_none() && model(&history, &header));
                        map.update(&header);
                        history.push(header);
                        end += i64::from(count);
                    }
                    Err(_) => prop_assert!(repeats.is_none() && !model(&history, &header)),
                }
            }
        }
    }
}

//! Protocol checklist G100-G103, by number.

use super::*;

fn partition(index: i32) -> SessionPartition {
    SessionPartition { topic_id: TopicId::ZERO, topic: TopicName::new("t"), partition: PartitionIndex(index) }
}

fn asked(offset: i64) -> PartitionRequest {
    PartitionRequest { fetch_offset: offset, max_bytes: 1, current_leader_epoch: -1, last_fetched_epoch: -1 }
}

fn request(id: i32, epoch: i32, indexes: &[i32]) -> SessionRequest {
    let partitions = indexes.iter().map(|i| (partition(*i), asked(0))).collect();
    SessionRequest { id, epoch, uses_ids: false, partitions, forgotten: Vec::new() }
}

fn quiet() -> Answered {
    Answered { has_data: false, has_error: false, diverges: false, high_watermark: 5, log_start: 0 }
}

fn order(plan: &FetchPlan) -> Vec<i32> {
    plan.partitions.iter().map(|(p, _)| p.partition.0).collect()
}

#[test]
fn g100_an_incremental_fetch_without_partitions_polls_the_session() {
    let cache = FetchSessionCache::default();
    let full = cache.plan(request(0, 0, &[0, 1, 2]), Duration::ZERO, 7).unwrap();
    assert_eq!((full.session_id(), full.is_incremental()), (7, false));
    let next = cache.plan(request(7, 1, &[]), Duration::ZERO, 8).unwrap();
    assert!(next.is_incremental());
    assert_eq!(order(&next), [0, 1, 2]);
}

#[test]
fn g101_epochs_and_ids_are_checked() {
    let cache = FetchSessionCache::default();
    assert!(cache.plan(request(0, 0, &[0]), Duration::ZERO, 7).is_ok());
    let error = |r| cache.plan(r, Duration::ZERO, 1).unwrap_err();
    assert_eq!(error(request(7, 2, &[])), SessionError::InvalidEpoch);
    assert_eq!(error(request(8, 1, &[])), SessionError::NotFound);
    let mut ids = request(7, 1, &[0]);
    ids.uses_ids = true;
    assert_eq!(error(ids), SessionError::TopicIdError);
    let sessionless = cache.plan(request(0, -1, &[0]), Duration::ZERO, 9).unwrap();
    assert_eq!(sessionless.session_id(), 0);
}

#[test]
fn g102_only_what_changed_is_answered() {
    let cache = FetchSessionCache::default();
    let full = cache.plan(request(0, 0, &[0, 1]), Duration::ZERO, 7).unwrap();
    assert!(full.answer(&partition(0), quiet()), "a full answer carries everything");
    assert!(full.answer(&partition(1), quiet()));
    let next = cache.plan(request(7, 1, &[]), Duration::ZERO, 8).unwrap();
    assert!(!next.answer(&partition(0), quiet()));
    assert!(next.answer(&partition(1), Answered { high_watermark: 6, ..quiet() }));
    let failed = Answered { has_error: true, ..quiet() };
    assert!(next.answer(&partition(0), failed));
    assert!(next.answer(&partition(0), quiet()), "told again after an error");
}

#[test]
fn g95_partitions_with_data_move_to_the_end() {
    let cache = FetchSessionCache::default();
    let full = cache.plan(request(0, 0, &[0, 1, 2]), Duration::ZERO, 7).unwrap();
    assert!(full.answer(&partition(0), Answered { has_data: true, ..quiet() }));
    assert_eq!(order(&cache.plan(request(7, 1, &[]), Duration::ZERO, 8).unwrap()), [1, 2, 0]);
}

#[test]
fn g103_full_fetch_closes_forgetting_all_closes_and_slots_are_bounded() {
    let cache = FetchSessionCache::default();
    let open = || cache.plan(request(0, 0, &[0]), Duration::ZERO, 7).unwrap().session_id();
    let id = open();
    let mut forget = request(id, 1, &[]);
    forget.forgotten = vec![partition(0)];
    assert_eq!(cache.plan(forget, Duration::ZERO, 1).unwrap().session_id(), 0);
    assert!(cache.is_empty());
    for _ in 0..FETCH_SESSION_SLOTS {
        assert_ne!(open(), 0);
    }
    assert_eq!(open(), 0, "no slot is old enough");
    let late = cache.plan(request(0, 0, &[0]), EVICTION_AGE, 7).unwrap();
    assert_ne!(late.session_id(), 0);
    assert_eq!(cache.len(), FETCH_SESSION_SLOTS);
}

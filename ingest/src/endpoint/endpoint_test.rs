use std::time::Duration;

use highway_types::Timestamp;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::dialect::webhook::Profile;
use crate::envelope::KeyRule;

#[test]
fn a_topic_alone_is_an_endpoint() {
    let definition = Definition::from_json(br#"{"topic":"t"}"#).unwrap();
    assert_eq!(definition, Definition::new("t"));
    assert_eq!(Definition::from_yaml("topic: t").unwrap(), definition);
    definition.check("orders", false, false).unwrap();
    assert_eq!(definition.rejects_topic("orders"), "orders.rejects");
    assert!(definition.dedup.enabled);
    let back = Definition::from_json(&serde_json::to_vec(&definition).unwrap()).unwrap();
    assert_eq!(back, definition);
}

const YAML: &str = "
topic: flights
dialect: native
event_name: flight
schema: {subject: flights-value, mode: enforce}
key: {pointer: {path: /payload/carrier, required: true}}
auth:
  api-keys:
    - id: a1
      hash: sha256:0000000000000000000000000000000000000000000000000000000000000000
      expires: 2027-01-01T00:00:00Z
limits: {events_per_second: 1000, max_events: 500}
dedup: {window_ms: 60000}
cors: {origins: ['https://shop.example']}
rejects: {max_per_second: 10}
keep_client_address: false
";

#[test]
fn yaml_and_json_say_the_same() {
    let definition = Definition::from_yaml(YAML).unwrap();
    definition.check("flights", true, false).unwrap();
    let json = serde_json::to_vec(&definition).unwrap();
    assert_eq!(Definition::from_json(&json).unwrap(), definition);
    let rules = definition.rules().unwrap();
    assert!(matches!(rules.key, KeyRule::Pointer { required: true, .. }));
    assert_eq!((definition.limits.max_events, definition.limits.timeout_ms), (500, 30_000));
    assert!(!definition.keep_client_address);
}

#[test]
fn unknown_members_and_wrong_kinds_are_named() {
    for (text, named) in [
        (r#"{"topic":"t","topik":1}"#, "topik"),
        (r#"{"topic":"t","limits":{"max_event":1}}"#, "max_event"),
        (r#"{"topic":"t","dialect":"xml"}"#, "xml"),
        (r#"{"dialect":"native"}"#, "topic"),
        (r#"{"topic":"t","auth":{"api-keys":[{"id":"a"}]}}"#, "hash"),
    ] {
        let error = Definition::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
        assert!(Definition::from_yaml(text).unwrap_err().to_string().contains(named));
    }
    assert!(Definition::from_yaml("a: &a [*a, *a]\ntopic: t").is_err());
}

fn fields(change: impl FnOnce(&mut Definition), name: &str, exposed: bool) -> Vec<String> {
    let mut definition = Definition::new("t");
    change(&mut definition);
    match definition.check(name, exposed, false) {
        Ok(()) => Vec::new(),
        Err(DefinitionError::Problems(problems)) => problems.into_iter().map(|p| p.field).collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_problem_is_named_by_its_field() {
    assert_eq!(fields(|_| {}, "a b", false), ["name"]);
    assert_eq!(fields(|_| {}, &"x".repeat(201), false), ["name"]);
    assert_eq!(fields(|d| d.topic = "a/b".to_owned(), "e", false), ["topic"]);
    assert_eq!(fields(|d| d.topic = "__consumer_offsets".to_owned(), "e", false), ["topic"]);
    assert_eq!(fields(|d| d.topic = "e.rejects".to_owned(), "e", false), ["rejects.topic"]);
    assert_eq!(fields(|d| d.rejects.topic = Some(String::new()), "e", false), ["rejects.topic"]);
    assert_eq!(fields(|d| d.event_name = Some(String::new()), "e", false), ["event_name"]);
    let pointer = |d: &mut Definition| d.key = Key::Pointer { path: "payload".to_owned(), required: false };
    assert_eq!(fields(pointer, "e", false), ["key.pointer.path"]);
    assert_eq!(fields(|_| {}, "e", true), ["auth"]);
    assert_eq!(fields(|d| d.dialect = Dialect::Webhook, "e", false), ["auth"]);
    assert_eq!(fields(|d| d.auth = Auth::ApiKeys(Vec::new()), "e", false), ["auth.api-keys"]);
    let key = ApiKey {
        id: "a".to_owned(),
        hash: "x".to_owned(),
        expires: Some("x".to_owned()),
        event_names: Vec::new(),
    };
    let keys = |d: &mut Definition| d.auth = Auth::ApiKeys(vec![key.clone(), key]);
    assert_eq!(
        fields(keys, "e", false),
        [
            "auth.api-keys[0].hash",
            "auth.api-keys[0].expires",
            "auth.api-keys[1].id",
            "auth.api-keys[1].hash",
            "auth.api-keys[1].expires"
        ]
    );
    let signature = |secret: &str, tolerance_seconds| Auth::Signature {
        profile: Profile::Stripe,
        secrets: vec![secret.to_owned()],
        tolerance_seconds,
    };
    let hook = |d: &mut Definition| {
        d.dialect = Dialect::Webhook;
        d.auth = signature("***", 0);
    };
    assert_eq!(fields(hook, "e", true), ["auth.signature.secrets", "auth.signature.tolerance_seconds"]);
    let limits = |d: &mut Definition| {
        d.limits.max_events = 0;
        d.limits.max_body_bytes = 1 << 40;
        d.dedup.window_ms = 1;
        d.dedup.max_ids = 0;
    };
    assert_eq!(
        fields(limits, "e", false),
        ["limits.max_body_bytes", "limits.max_events", "dedup.window_ms", "dedup.max_ids"]
    );
    for (origin, ok) in
        [("*", true), ("https://a", true), ("a", false), ("https://a/", false), ("https://", false)]
    {
        let cors =
            |d: &mut Definition| d.cors = Some(Cors { origins: vec![origin.to_owned()], max_age_seconds: 1 });
        assert_eq!(fields(cors, "e", false).is_empty(), ok, "{origin}");
    }
    let mut secret = Definition::new("t");
    secret.auth = signature("top-secret", 300);
    assert!(!serde_json::to_string(&secret.shown()).unwrap().contains("top-secret"));
}

#[test]
fn origins() {
    let cors = Cors { origins: vec!["https://a".to_owned()], max_age_seconds: 1 };
    assert_eq!(cors.allow("https://A").as_deref(), Some("https://A"));
    assert_eq!(cors.allow("https://a.evil"), None);
    assert_eq!(cors.allow("null"), None);
}

#[test]
fn keys_are_found_by_their_hash() {
    let mut random = StdRng::seed_from_u64(1);
    let (a, mut b) = (new_key(&mut random), new_key(&mut random));
    assert_ne!(a.key, b.key);
    assert!(!serde_json::to_string(&a.kept).unwrap().contains(a.key.rsplit('_').next().unwrap()));
    assert!(!format!("{a:?}").contains(&a.key));
    b.kept.expires = Some("2026-11-25T12:00:00Z".to_owned());
    let keys = [a.kept.clone(), b.kept.clone()];
    let at = |text: &str| crate::time::Moment::parse_rfc3339(text).unwrap().timestamp();
    let early = at("2026-11-25T11:59:59Z");
    assert_eq!(check_key(Some(&a.key), &keys, early).unwrap().id, a.kept.id);
    assert_eq!(check_key(Some(&b.key), &keys, early).unwrap().id, b.kept.id);
    assert!(matches!(
        check_key(Some(&b.key), &keys, at("2026-11-25T12:00:00Z")),
        Err(KeyFault::Expired { .. })
    ));
    assert_eq!(check_key(Some(&a.key[..a.key.len() - 1]), &keys, early), Err(KeyFault::Unknown));
    assert_eq!(check_key(Some(&a.kept.hash), &keys, early), Err(KeyFault::Unknown));
    assert_eq!(check_key(Some(""), &keys, Timestamp(0)), Err(KeyFault::Missing));
    assert_eq!(check_key(None, &keys, Timestamp(0)), Err(KeyFault::Missing));
}

#[test]
fn a_bucket_refills_with_time() {
    let second = Duration::from_secs(1);
    let mut limiter = Limiter::new(Rate { per_second: 10, burst: 20 }, Duration::ZERO);
    assert_eq!(limiter.admit(20, Duration::ZERO), Ok(()));
    assert_eq!(limiter.admit(1, Duration::ZERO), Err(Duration::from_millis(100)));
    assert_eq!(limiter.admit(10, second), Ok(()));
    // More than the bucket holds: let in when it is full, and paid for afterwards.
    assert_eq!(limiter.admit(50, second * 3), Ok(()));
    assert_eq!(limiter.admit(1, second * 4), Err(Duration::from_millis(2100)));
    let mut free = Limiter::new(Rate { per_second: 0, burst: 0 }, Duration::ZERO);
    assert_eq!(free.admit(u64::MAX, Duration::ZERO), Ok(()));
}

#[test]
fn the_ledger_never_gives_more_than_it_has() {
    let mut ledger = Admission::new(100);
    let a = ledger.admit(60).unwrap();
    assert_eq!(ledger.admit(41), Err(Denied::Full { wanted: 41, free: 40, total: 100 }));
    assert_eq!(ledger.admit(101), Err(Denied::Never { wanted: 101, total: 100 }));
    ledger.grow(&a, 100).unwrap();
    ledger.grow(&a, 50).unwrap();
    assert!(ledger.grow(&a, 101).is_err());
    assert_eq!((ledger.taken(), ledger.requests()), (100, 1));
    ledger.release(a);
    assert_eq!((ledger.taken(), ledger.requests()), (0, 0));
}

proptest! {
    #[test]
    fn no_more_than_rate_and_burst_get_in(per_second in 1_u64..1000, burst in 1_u64..2000, steps in proptest::collection::vec((1_u64..300, 0_u64..500), 1..100)) {
        let mut limiter = Limiter::new(Rate { per_second, burst }, Duration::ZERO);
        let (mut now, mut admitted, mut largest) = (Duration::ZERO, 0, 0);
        for (amount, pause) in steps {
            now += Duration::from_millis(pause);
            match limiter.admit(amount, now) {
                Ok(()) => { admitted += amount; largest = largest.max(amount); }
                Err(wait) => {
                    prop_assert!(limiter.clone().admit(amount, now + wait).is_ok(), "the wait is enough");
                    prop_assert!(limiter.clone().admit(amount, now + wait - Duration::from_nanos(1)).is_err(), "and no longer than needed");
                }
            }
        }
        // A last one may go into debt.
        prop_assert!(admitted as f64 <= burst as f64 + per_second as f64 * now.as_secs_f64() + largest as f64);
    }

    #[test]
    fn what_was_taken_is_given_back(steps in proptest::collection::vec((0_u8..3, 0_u64..60), 1..60)) {
        let mut ledger = Admission::new(200);
        let mut permits = Vec::new();
        for (step, amount) in steps {
            match step {
                0 => permits.extend(ledger.admit(amount).ok()),
                1 => if let Some(permit) = permits.last() { let _ = ledger.grow(permit, amount * 2); },
                _ => if let Some(permit) = permits.pop() { ledger.release(permit) },
            }
            prop_assert!(ledger.taken() <= 200);
            prop_assert_eq!(ledger.requests(), permits.len());
        }
        for permit in permits { ledger.release(permit); }
        prop_assert_eq!(ledger.taken(), 0);
    }
}

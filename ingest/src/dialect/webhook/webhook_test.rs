use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highway_types::Timestamp;
use proptest::prelude::*;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::*;
use crate::dialect::testing::{events, headers, json, refused, with_stamp};

fn sign(secret: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn check(
    profile: Profile,
    secrets: &[&str],
    pairs: &[(&str, &str)],
    body: &str,
    now: i64,
) -> Result<(), WebhookError> {
    let secrets: Vec<String> = secrets.iter().map(|s| (*s).to_owned()).collect();
    verify(profile, Secrets(&secrets), &headers(pairs), body.as_bytes(), Timestamp(now * 1000), 300)
}

#[test]
fn the_vectors_that_senders_publish() {
    // docs.github.com, "Validating webhook deliveries".
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let pairs = [("x-hub-signature-256", signature)];
    check(Profile::Github, &["It's a Secret to Everybody"], &pairs, "Hello, World!", 0).unwrap();
    // The Standard Webhooks specification.
    let pairs = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    check(Profile::StandardWebhooks, &[secret], &pairs, r#"{"test": 2432232314}"#, 1_614_265_330).unwrap();
    // api.slack.com, "Verifying requests from Slack".
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
        channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
        response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
        trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let pairs = [
        ("x-slack-request-timestamp", "1531420618"),
        ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
    ];
    check(Profile::Slack, &["8f742231b10e8888abcd99yyyzzz85a5"], &pairs, body, 1_531_420_618).unwrap();
}

#[test]
fn rotation_tolerance_and_wrong_signatures() {
    let signature = |secret: &str, time: i64| hex(&sign(secret.as_bytes(), &format!("{time}.body")));
    let stripe = |value: &str, secrets: &[&str], now| {
        check(Profile::Stripe, secrets, &[("stripe-signature", value)], "body", now)
    };
    let good = format!("t=1000,v1={},v0=00", signature("old", 1000));
    for now in [700, 1000, 1300] {
        stripe(&good, &["new", "old"], now).unwrap();
    }
    assert_eq!(stripe(&good, &["old"], 1301), Err(WebhookError::Time { age: 301, tolerance: 300 }));
    assert_eq!(stripe(&good, &["old"], 699), Err(WebhookError::Time { age: -301, tolerance: 300 }));
    assert_eq!(stripe(&good, &["new"], 1000), Err(WebhookError::Signature));
    assert_eq!(stripe(&good, &[], 1000), Err(WebhookError::Signature));
    let two = format!("t=1000,v1={},v1={}", signature("x", 1000), signature("new", 1000));
    stripe(&two, &["new"], 1000).unwrap();
    let moved = good.replace("t=1000", "t=1001");
    assert_eq!(stripe(&moved, &["old"], 1000), Err(WebhookError::Signature));
    let short = format!("t=1000,v1={}", &signature("old", 1000)[..62]);
    assert_eq!(stripe(&short, &["old"], 1000), Err(WebhookError::Signature));
    for bad in ["", "t=1000", "v1=00", "t=x,v1=00", "t=1000,v1=zz"] {
        assert_eq!(stripe(bad, &["old"], 1000), Err(WebhookError::Header("stripe-signature")), "{bad}");
    }
    assert_eq!(check(Profile::Github, &["s"], &[], "", 0), Err(WebhookError::Header("x-hub-signature-256")));
    let sha1 = [("x-hub-signature-256", "sha1=00")];
    assert_eq!(
        check(Profile::Github, &["s"], &sha1, "", 0),
        Err(WebhookError::Header("x-hub-signature-256"))
    );
}

#[test]
fn standard_webhooks_by_public_key() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = format!("whpk_{}", STANDARD.encode(pair.public_key().as_ref()));
    let signature = format!("v1,AAAA v1a,{}", STANDARD.encode(pair.sign(b"m1.1000.body").as_ref()));
    let run = |id: &str, body: &str| {
        let pairs = [("webhook-id", id), ("webhook-timestamp", "1000"), ("webhook-signature", &signature)];
        check(Profile::StandardWebhooks, &[&public], &pairs, body, 1000)
    };
    run("m1", "body").unwrap();
    assert_eq!(run("m2", "body"), Err(WebhookError::Signature));
    assert_eq!(run("m1", "Body"), Err(WebhookError::Signature));
    let pairs = [("webhook-id", "m1"), ("webhook-timestamp", "1000"), ("webhook-signature", &*signature)];
    let bad_secret = check(Profile::StandardWebhooks, &["whsec_*"], &pairs, "body", 1000);
    assert!(matches!(bad_secret, Err(WebhookError::Secret(_))));
}

#[test]
fn events_of_deliveries() {
    let run = |profile, pairs: &[(&str, &str)], body: &str| {
        let decoded =
            with_stamp(|stamp| decode(profile, &headers(pairs), &Bytes::from(body.to_owned()), stamp));
        let record = events(&decoded)[0].clone();
        let event = json(record.value.as_ref());
        (record.id, event["event_name"].as_str().unwrap().to_owned(), event["payload"].clone())
    };
    let (id, name, payload) = run(
        Profile::Github,
        &[("x-github-delivery", "d"), ("x-github-event", "issues")],
        r#"{"action":"opened"}"#,
    );
    assert_eq!(
        (id.as_str(), name.as_str(), payload),
        ("d", "issues.opened", serde_json::json!({"action": "opened"}))
    );
    let (id, name, _) = run(Profile::Stripe, &[], r#"{"id":"evt_1","type":"charge.ok"}"#);
    assert_eq!((id.as_str(), name.as_str()), ("evt_1", "charge.ok"));
    let (id, name, _) =
        run(Profile::Slack, &[], r#"{"event_id":"E","type":"event_callback","event":{"type":"message"}}"#);
    assert_eq!((id.as_str(), name.as_str()), ("E", "message"));
    let (id, name, _) = run(Profile::StandardWebhooks, &[("webhook-id", "m")], r#"{"type":"user.created"}"#);
    assert_eq!((id.as_str(), name.as_str()), ("m", "user.created"));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let (_, name, payload) = run(Profile::Slack, &form, "command=%2Fx");
    assert_eq!((name.as_str(), payload), ("webhook", serde_json::json!({"data": "command=%2Fx"})));
    let broken = with_stamp(|stamp| decode(Profile::Stripe, &headers(&[]), &Bytes::from("{"), stamp));
    assert_eq!(refused(&broken)[0].raw, "{");
    let body = br#"{"type":"url_verification","challenge":"c"}"#;
    assert_eq!(challenge(Profile::Slack, body).as_deref(), Some("c"));
    assert_eq!(challenge(Profile::Stripe, body), None);
}

proptest! {
    #[test]
    fn one_bit_changed_anywhere_is_seen(body in "[ -~]{1,40}", at in 0_usize..40, bit in 0_u32..7, secret in "[a-z]{8}") {
        let signature = format!("sha256={}", hex(&sign(secret.as_bytes(), &body)));
        let pairs = [("x-hub-signature-256", &*signature)];
        prop_assert_eq!(check(Profile::Github, &[&secret], &pairs, &body, 0), Ok(()));
        let mut changed = body.into_bytes();
        let at = at % changed.len();
        changed[at] ^= 1 << bit;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(check(Profile::Github, &[&secret], &pairs, &changed, 0), Err(WebhookError::Signature));
    }
}

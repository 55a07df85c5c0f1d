use serde_json::json;

use super::*;
use crate::dialect::testing::{NOW, events, refused, with_stamp};

const ONE: &str = r#"{"partition_id":1,"headers":[{"name":"h","value":"aGk="}],"key":{"type":"STRING","data":"é"},
    "value":{"type":"JSON","data":{"n": 1e999}},"timestamp":"2026-11-25T12:00:00Z"}"#;

fn run(body: &str) -> Result<Decoded, RequestError> {
    with_stamp(|stamp| decode(&Bytes::from(body.to_owned()), 3, stamp))
}

#[test]
fn a_stream_of_records() {
    let decoded =
        run(&format!("{ONE}{{\"value\":{{\"type\":\"BINARY\",\"data\":\"aGk=\"}}}}\n{{}}")).unwrap();
    let [first, second, third] = events(&decoded)[..] else { panic!() };
    assert_eq!(first.key.as_deref(), Some("é".as_bytes()));
    assert_eq!(first.value.as_deref(), Some(&br#"{"n": 1e999}"#[..]));
    assert_eq!(first.header("h").map(|v| &v[..]), Some(&b"hi"[..]));
    assert_eq!((first.partition, first.timestamp.0), (Some(1), 1_795_608_000_000));
    assert_eq!(second.value.as_deref(), Some(&b"hi"[..]));
    assert_eq!((&third.value, third.timestamp), (&None, NOW));
}

#[test]
fn pieces_of_any_size_give_the_same_records() {
    let stream = format!("{ONE}\n{ONE}{ONE} ");
    for step in 1..stream.len() {
        let (mut buffer, mut count) = (Bytes::new(), 0);
        let pieces = stream.as_bytes().chunks(step).count();
        for (index, piece) in stream.as_bytes().chunks(step).enumerate() {
            buffer = [&buffer[..], piece].concat().into();
            loop {
                match with_stamp(|stamp| next(&mut buffer, index + 1 == pieces, stamp)) {
                    Step::Item(Item::Event(_)) => count += 1,
                    Step::More => break,
                    other => panic!("{other:?} in pieces of {step}"),
                }
            }
        }
        assert_eq!(count, 3, "pieces of {step}");
    }
}

#[test]
fn refusals_and_broken_streams() {
    for (body, path) in [
        (r#"{"value":{"type":"AVRO","data":1}}"#, "/value/type"),
        (r#"{"value":{"type":"BINARY","data":"*"}}"#, "/value/data"),
        (r#"{"value":{"type":"STRING","data":1}}"#, "/value/data"),
        (r#"{"partition_id":"x"}"#, "/partition_id"),
        (r#"{"timestamp":1}"#, "/timestamp"),
        (r#"{"headers":[{}]}"#, "/headers/0/name"),
        ("7", ""),
    ] {
        let decoded = run(&format!("{body} {{}}")).unwrap();
        assert_eq!((refused(&decoded)[0].violation.path.as_str(), decoded.items.len()), (path, 2), "{body}");
    }
    let decoded = run("{} {] {}").unwrap();
    assert_eq!((decoded.items.len(), refused(&decoded)[0].violation.code), (2, Code::Malformed));
    assert!(matches!(run("{]"), Err(RequestError::Malformed(_))));
    assert!(matches!(run("{}{}{}{}"), Err(RequestError::TooMany { .. })));
    assert_eq!(run("").unwrap().items.len(), 0);
}

#[test]
fn batches_and_answers() {
    let body = format!(
        r#"{{"entries":[{{"id":"a","value":{{"type":"JSON","data":1}}}},{}]}}"#,
        r#"{"id":"b","key":{}}"#
    );
    let (decoded, ids) = with_stamp(|stamp| decode_batch(&Bytes::from(body), stamp)).unwrap();
    assert_eq!((ids.len(), refused(&decoded).len()), (2, 1));
    let target = Target { cluster: "c", topic: "t" };
    let stored = Outcome::Stored { partition: 1, offset: 7, duplicate: false };
    let results = [stored, Outcome::Unknown].map(|outcome| EventResult { id: None, outcome });
    let batch = answer_batch(target, &ids, &results);
    assert_eq!(batch.status.as_u16(), 207);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&batch.body).unwrap(),
        json!({"successes":[{"id":"a","cluster_id":"c","topic_name":"t","partition_id":1,"offset":7}],
               "failures":[{"id":"b","error_code":504,"message":"not known whether it is stored"}]})
    );
    let stream = String::from_utf8(answer(target, &results).body).unwrap();
    let lines: Vec<serde_json::Value> = stream.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((&lines[0]["error_code"], &lines[1]["error_code"]), (&json!(200), &json!(504)));
    for entries in [r#"[{}]"#, r#"[{"id":"a"},{"id":"a"}]"#, "7"] {
        let body = Bytes::from(format!(r#"{{"entries":{entries}}}"#));
        assert!(with_stamp(|stamp| decode_batch(&body, stamp)).is_err(), "{entries}");
    }
}

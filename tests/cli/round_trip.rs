//! What `produce` writes `consume` reads, byte for byte, on Highway and on Apache Kafka.

use highway_tests::{Broker, Node, Oracle};
use serde_json::json;

use crate::tool::{feed, run};

/// Every byte but the newline, and lines of every kind.
fn awkward() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=255u8).filter(|b| *b != b'\n').collect();
    bytes.extend_from_slice(b"\n\nshort\n");
    bytes.extend(std::iter::repeat_n(b'x', 300_000));
    bytes.extend_from_slice("\n\u{e4}\u{1f6e3}\ttab\r\nlast without end".as_bytes());
    bytes
}

fn scenario(broker: &dyn Broker) {
    let input = awkward();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("bytes-{codec}");
        run(broker, &["topic", "create", &topic]).ok();
        feed(broker, &["produce", &topic, "-c", codec], &input).ok();
        let back = run(broker, &["consume", &topic, "-e"]).ok();
        let expected = [&input[..], b"\n"].concat();
        assert!(
            back.stdout == expected,
            "{codec}: {} bytes instead of {}",
            back.stdout.len(),
            expected.len()
        );
    }

    // Keys, headers with equal names, null, bytes that are no text, times: through JSON to another topic and back.
    run(broker, &["topic", "create", "a", "b", "-p", "3"]).ok();
    let records = [
        json!({ "key": "k1", "value": "one", "headers": [{"name": "h", "value": "1"}, {"name": "h", "value": null}] }),
        json!({ "key": null, "value_base64": "/wD+", "timestamp": 1_700_000_000_123_i64 }),
        json!({ "key_base64": "gA==", "value": null }),
        json!({ "key": "", "value": "" }),
    ];
    let lines: String = records.iter().map(|r| format!("{r}\n")).collect();
    feed(broker, &["produce", "a", "-f", "json", "-p", "2"], lines.as_bytes()).ok();
    let first = run(broker, &["consume", "a", "-e", "-f", "json"]).ok();
    feed(broker, &["produce", "b", "-f", "json", "-p", "2"], &first.stdout).ok();
    let second = run(broker, &["consume", "b", "-e", "-o", "json"]).ok();
    let (mut first, second) = (first.lines(), second.lines());
    for line in &mut first {
        line["topic"] = json!("b");
    }
    assert_eq!(first, second);
    assert_eq!(first[0]["headers"], records[0]["headers"]);
    assert_eq!(first[1]["timestamp"], records[1]["timestamp"]);
    assert_eq!((&first[1]["value_base64"], &first[2]["value"]), (&json!("/wD+"), &json!(null)));
    assert_eq!(
        (&first[3]["key"], &first[3]["value"], &first[3]["offset"]),
        (&json!(""), &json!(""), &json!(3))
    );

    // Places to begin, how many, and formats.
    let numbers: String = (0..100).map(|n| format!("k{n}\tv{n}\n")).collect();
    run(broker, &["topic", "create", "numbers"]).ok();
    feed(broker, &["produce", "numbers", "-K", "\\t", "-n", "90"], numbers.as_bytes()).ok();
    let shown = |arguments: &[&str]| run(broker, &[&["consume", "numbers"], arguments].concat()).ok().text();
    assert_eq!(shown(&["-n", "2"]), "v0\nv1\n");
    assert_eq!(shown(&["-e", "--from", "-2", "-f", "key-value"]), "k88\tv88\nk89\tv89\n");
    assert_eq!(
        shown(&["-e", "--from", "87", "-f", "%t[%p]@%o %k=%v;"]),
        "numbers[0]@87 k87=v87;numbers[0]@88 k88=v88;numbers[0]@89 k89=v89;"
    );
    assert_eq!(shown(&["-e", "--from", "end"]), "");
    assert_eq!(shown(&["-e", "--from", "@0", "-n", "1"]), "v0\n");
    assert_eq!(shown(&["-e", "--from", "@2100-01-01"]), "");
    // An offset that is not kept is not an endless wait.
    let beyond = run(broker, &["consume", "numbers", "--from", "5000", "-n", "1"]).ok();
    assert!(beyond.stderr.contains("offset 5000 is not kept"), "{}", beyond.stderr);

    // The broker's clock instead of the producer's.
    run(broker, &["topic", "create", "clock", "-c", "message.timestamp.type=LogAppendTime"]).ok();
    feed(broker, &["produce", "clock", "-T", "1000"], b"now\n").ok();
    let clock = run(broker, &["consume", "clock", "-e", "-f", "json"]).ok().lines();
    assert_eq!(clock[0]["value"], "now");
    assert!(clock[0]["timestamp"].as_i64().is_some_and(|t| t > 1_700_000_000_000), "{}", clock[0]);

    let summary = feed(broker, &["produce", "numbers", "-o", "json", "--acks", "1"], b"x\ny\n").ok().json();
    assert_eq!(
        (&summary["records"], &summary["failed"], &summary["bytes"]),
        (&json!(2), &json!(0), &json!(2))
    );
    assert_eq!(summary["partitions"], json!([{ "partition": 0, "records": 2 }]));
    feed(broker, &["produce", "numbers", "--acks", "0"], b"z\n").ok();
}

#[test]
fn on_highway() {
    scenario(&Node::start());
}

#[test]
fn on_kafka() {
    scenario(&Oracle::start());
}

#[test]
fn files_are_read_whole_or_line_by_line() {
    let node = Node::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.display().to_string()
    };
    let (one, two) = (file("one", "a\nb\n"), file("two", "c\nd"));
    run(&node, &["produce", "lines", &one, &two, "--header", "from=file"]).ok();
    let read = run(&node, &["consume", "lines", "-e", "-f", "%v/%h;"]).ok();
    assert_eq!(read.text(), "a/from=file;b/from=file;c/from=file;d/from=file;");
    run(&node, &["produce", "whole", &one, &two, "-f", "whole", "--key", "k"]).ok();
    assert_eq!(run(&node, &["consume", "whole", "-e", "-f", "%k:%v|"]).ok().text(), "k:a\nb\n|k:c\nd|");
    let missing = folder.path().join("missing").display().to_string();
    run(&node, &["produce", "lines", &missing]).fails(3, "cannot read");
}

#[test]
fn a_refused_record_is_named_and_the_rest_is_counted() {
    let node = Node::start();
    run(&node, &["topic", "create", "small", "-c", "max.message.bytes=1000"]).ok();
    let input = [b"ok\n".to_vec(), vec![b'x'; 5000], b"\nok\n".to_vec()].concat();
    let done =
        feed(&node, &["produce", "small", "--batch-size", "100"], &input).fails(1, "MESSAGE_TOO_LARGE");
    assert!(done.stderr.contains("hint: "), "{}", done.stderr);
    assert_eq!(
        run(&node, &["consume", "small", "-e"]).ok().text(),
        "ok\nok\n",
        "what followed is written, in order"
    );
    feed(&node, &["produce", "small", "-p", "7"], b"x").fails(3, "has no partition 7");
}

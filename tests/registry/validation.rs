//! Topics that ask for schemas: a raw producer sees what is refused and why, Confluent's serializers see nothing of it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use highway_tests::wire::{Conn, text};
use highway_tests::{Broker, Node};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{CreateTopicsRequest, DescribeConfigsRequest, ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType};
use serde_json::json;

use super::call;

const INVALID_RECORD: i16 = 87;
const LIMIT: Duration = Duration::from_secs(30);

/// Value, and the header `__value_schema_id`.
type Sent<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// `codec` is 0 (none), 1 (gzip) or 4 (zstd).
fn batch(records: &[Sent<'_>], codec: i16) -> Bytes {
    let records: Vec<Record> =
        records
            .iter()
            .enumerate()
            .map(|(at, (value, header))| Record {
                transactional: false,
                control: false,
                delete_horizon: false,
                partition_leader_epoch: -1,
                producer_id: -1,
                producer_epoch: -1,
                timestamp_type: TimestampType::Creation,
                offset: at as i64,
                sequence: at as i32 - 1,
                timestamp: 1_700_000_000_000,
                key: None,
                value: value.map(Bytes::copy_from_slice),
                headers: IndexMap::from_iter(header.map(|h| {
                    (StrBytes::from_static_str("__value_schema_id"), Some(Bytes::copy_from_slice(h)))
                })),
            })
            .collect();
    let mut out = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut out, &records, &options).expect("records can be encoded");
    let packed = match codec {
        1 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut gzip, &out[61..]).and_then(|()| gzip.finish()).expect("gzip")
        }
        4 => zstd::bulk::compress(&out[61..], 3).expect("zstd"),
        _ => out[61..].to_vec(),
    };
    out.truncate(61);
    out.extend_from_slice(&packed);
    let length = (out.len() - 12) as i32;
    out[8..12].copy_from_slice(&length.to_be_bytes());
    highway_tests::batches::set(&mut out, 21, &codec.to_be_bytes());
    highway_tests::batches::set(&mut out, 23, &(records.len() as i32 - 1).to_be_bytes());
    highway_tests::batches::set(&mut out, 53, &(-1_i32).to_be_bytes());
    out.freeze()
}

fn topic(conn: &mut Conn, name: &str, configs: &[(&str, &str)]) -> i16 {
    let config = |(name, value): &(&str, &str)| {
        CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
    };
    let topic = CreatableTopic::default()
        .with_name(TopicName(text(name)))
        .with_num_partitions(1)
        .with_replication_factor(1)
        .with_configs(configs.iter().map(config).collect());
    let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(30_000);
    conn.call(7, &request).expect("an answer").topics[0].error_code
}

fn produce(conn: &mut Conn, topic: &str, version: i16, records: Bytes) -> PartitionProduceResponse {
    let partition = PartitionProduceData::default().with_index(0).with_records(Some(records));
    let data =
        TopicProduceData::default().with_name(TopicName(text(topic))).with_partition_data(vec![partition]);
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000).with_topic_data(vec![data]);
    conn.call(version, &request).expect("an answer").responses.remove(0).partition_responses.remove(0)
}

fn faults(answer: &PartitionProduceResponse) -> Vec<(i32, String)> {
    let errors = answer.record_errors.iter();
    errors
        .map(|e| (e.batch_index, e.batch_index_error_message.as_deref().unwrap_or_default().to_owned()))
        .collect()
}

fn prefixed(id: i32, body: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], body].concat()
}

fn registered(node: &Node, subject: &str, schema_type: &str, schema: &str) -> (i32, Vec<u8>) {
    let body = json!({"schemaType": schema_type, "schema": schema}).to_string();
    let answer = call(node, &format!("POST /subjects/{subject}/versions"), &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let said = answer.json();
    let guid: String = said["guid"].as_str().expect("a GUID").chars().filter(|c| *c != '-').collect();
    let guid = (0..16).map(|at| u8::from_str_radix(&guid[2 * at..2 * at + 2], 16).expect("hexadecimal"));
    (said["id"].as_i64().expect("an id") as i32, std::iter::once(1).chain(guid).collect())
}

const LONG: &str = r#"{"type":"record","name":"nyc.Flight","fields":[{"name":"n","type":"long"}]}"#;

#[test]
fn ids_are_checked_where_a_topic_asks_for_it() {
    let mut node = Node::start();
    let (id, guid) = registered(&node, "one-value", "AVRO", LONG);
    let (other, _) = registered(&node, "other", "AVRO", "\"string\"");
    let mut conn = Conn::open(node.bootstrap(), LIMIT).expect("a connection");
    for (name, configs) in [
        ("plain", vec![]),
        ("one", vec![("confluent.value.schema.validation", "true")]),
        (
            "panda",
            vec![
                ("redpanda.value.schema.id.validation", "true"),
                ("redpanda.value.subject.name.strategy", "RecordNameStrategy"),
            ],
        ),
    ] {
        assert_eq!(topic(&mut conn, name, &configs), 0, "{name}");
    }
    assert_eq!(
        topic(&mut conn, "wrong", &[("confluent.value.schema.validation", "perhaps")]),
        40,
        "INVALID_CONFIG"
    );
    let good = prefixed(id, b"\x02");
    let foreign = prefixed(other, b"\x02a");
    let unknown = prefixed(4711, b"");
    let mixed: [Sent<'_>; 7] = [
        (Some(&good), None),
        (Some(b"{}"), None),
        (Some(&unknown), None),
        (Some(b"raw"), Some(&guid)),
        (None, None),
        (Some(&foreign), None),
        (Some(b"raw"), Some(b"\x01abc")),
    ];
    // Nobody looks at the records of other topics.
    assert_eq!(produce(&mut conn, "plain", 9, batch(&mixed, 0)).error_code, 0);
    for codec in [0, 1, 4] {
        let answer = produce(&mut conn, "one", 9, batch(&mixed, codec));
        assert_eq!((answer.error_code, answer.base_offset), (INVALID_RECORD, -1), "{answer:?}");
        let told = faults(&answer);
        assert_eq!(told.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2, 5, 6], "{told:?}");
        assert!(told[0].1.contains("value: it does not begin with a schema id"), "{told:?}");
        assert!(told[1].1.contains("4711 is not in the registry"), "{told:?}");
        assert!(told[2].1.contains("is not registered under the subject 'one-value'"), "{told:?}");
        assert!(told[3].1.contains("__value_schema_id"), "{told:?}");
        assert!(answer.error_message.as_deref().is_some_and(|m| m.contains("4 record errors")), "{answer:?}");
    }
    // Before version 8 there is no place for them; the code is the same.
    assert_eq!(produce(&mut conn, "one", 7, batch(&mixed, 0)).error_code, INVALID_RECORD);
    let fits: [Sent<'_>; 3] = [(Some(&good), None), (None, None), (Some(b"not Avro"), Some(&guid))];
    let stored = produce(&mut conn, "one", 9, batch(&fits, 0));
    assert_eq!((stored.error_code, stored.base_offset), (0, 0), "{stored:?}");
    // By the name in the schema.
    let refused = produce(&mut conn, "panda", 9, batch(&fits, 0));
    assert!(faults(&refused)[0].1.contains("under the subject 'nyc.Flight'"), "{refused:?}");
    registered(&node, "nyc.Flight", "AVRO", LONG);
    assert_eq!(produce(&mut conn, "panda", 9, batch(&fits, 0)).error_code, 0, "from the answer on");

    // Shown where they are, and nowhere else.
    let described = |conn: &mut Conn, topic: &str| -> Vec<String> {
        let resource =
            DescribeConfigsResource::default().with_resource_type(2).with_resource_name(text(topic));
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
        let answer = conn.call(4, &request).expect("an answer").results.remove(0);
        answer.configs.into_iter().map(|c| c.name.to_string()).filter(|n| n.contains("schema")).collect()
    };
    assert_eq!(described(&mut conn, "plain"), Vec::<String>::new());
    assert_eq!(described(&mut conn, "one"), ["confluent.value.schema.validation"]);

    // After a start the topic of schemas is read before anything is taken.
    node.kill();
    node.restart();
    let mut conn = Conn::open(node.bootstrap(), LIMIT).expect("a connection");
    let answer = highway_tests::eventually(LIMIT, || {
        let answer = produce(&mut conn, "one", 9, batch(&fits, 0));
        // KAFKA_STORAGE_ERROR: not yet.
        (answer.error_code != 56).then_some(answer)
    });
    assert_eq!(answer.map(|a| a.error_code), Some(0));
    assert_eq!(produce(&mut conn, "one", 9, batch(&mixed, 0)).error_code, INVALID_RECORD);
    node.stop();
    node.set("highway.registry.listener", "off");
    node.restart();
    let mut conn = Conn::open(node.bootstrap(), LIMIT).expect("a connection");
    let off = produce(&mut conn, "one", 9, batch(&fits, 0));
    assert_eq!(off.error_code, INVALID_RECORD);
    assert!(off.error_message.as_deref().is_some_and(|m| m.contains("highway.registry.listener")), "{off:?}");
    assert_eq!(produce(&mut conn, "plain", 9, batch(&fits, 0)).error_code, 0);
}

#[test]
fn bytes_are_checked_where_a_topic_asks_for_it() {
    let node = Node::start();
    let (avro, guid) = registered(&node, "avro-value", "AVRO", LONG);
    let (json, _) = registered(&node, "json-value", "JSON", r#"{"type":"object","required":["n"]}"#);
    let proto = "syntax = \"proto3\"; message A { string a = 1; } message B { fixed32 b = 1; }";
    let (proto, proto_guid) = registered(&node, "proto-value", "PROTOBUF", proto);
    let mut conn = Conn::open(node.bootstrap(), LIMIT).expect("a connection");
    for name in ["avro", "json", "proto"] {
        assert_eq!(topic(&mut conn, name, &[("highway.value.schema.validation", "full")]), 0);
    }
    let in_header = |indexes: &[u8]| [&proto_guid[..], indexes].concat();
    let second = in_header(b"\x02\x02");
    for (topic, good, bad, why) in [
        (
            "avro",
            (prefixed(avro, b"\x02"), None),
            (prefixed(avro, b"\x02\x02"), None),
            "1 bytes are left over",
        ),
        ("avro", (b"\x02".to_vec(), Some(&guid)), (b"".to_vec(), Some(&guid)), "a number ends early"),
        (
            "json",
            (prefixed(json, b"{\"n\":1}"), None),
            (prefixed(json, b"{}"), None),
            "\"n\" is a required property",
        ),
        ("json", (prefixed(json, b"{\"n\":1}"), None), (prefixed(json, b"{"), None), "not JSON"),
        ("proto", (prefixed(proto, b"\0\x0a\x01a"), None), (prefixed(proto, b"\0\x0a\x02a"), None), "a"),
        (
            "proto",
            (prefixed(proto, b"\x02\x02\x0d1234"), None),
            (prefixed(proto, b"\x02\x02\x0a\x01a"), None),
            "wire type",
        ),
        ("proto", (b"\x0d1234".to_vec(), Some(&second)), (b"\x0a\x01a".to_vec(), Some(&second)), "wire type"),
        (
            "proto",
            (b"\x0a\x01a".to_vec(), Some(&proto_guid)),
            (b"\x0d1234".to_vec(), Some(&proto_guid)),
            "wire type",
        ),
        ("proto", (prefixed(proto, b"\0"), None), (prefixed(proto, b"\x02\x06"), None), "no message at [3]"),
    ] {
        let header = |h: Option<&Vec<u8>>| h.cloned();
        let (good, good_header) = (good.0, header(good.1));
        let (bad, bad_header) = (bad.0, header(bad.1));
        let fits: Sent<'_> = (Some(&good), good_header.as_deref());
        let breaks: Sent<'_> = (Some(&bad), bad_header.as_deref());
        let answer = produce(&mut conn, topic, 9, batch(&[fits, fits], 4));
        assert_eq!(answer.error_code, 0, "{topic} {why}: {answer:?}");
        let answer = produce(&mut conn, topic, 9, batch(&[fits, breaks, fits], 0));
        let told = faults(&answer);
        assert_eq!(
            (answer.error_code, told.len(), told.first().map(|f| f.0)),
            (INVALID_RECORD, 1, Some(1)),
            "{topic} {why}: {answer:?}"
        );
        assert!(told[0].1.contains(why), "{told:?}");
    }
}

#[test]
fn confluents_serializers_pass_and_raw_values_do_not() {
    let node = Node::start();
    let checks = super::serializers::drive(&node, "validate", "-");
    assert!(checks > 40, "a driver that stops checking must not pass: {checks}");
}

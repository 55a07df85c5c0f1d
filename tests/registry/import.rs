//! A `_schemas` topic as Confluent's registry writes it, brought in by a Kafka client: ids, versions, settings are its own;
//! what the client writes later is followed.

use highway_client::admin::NewTopic;
use highway_client::{Client, ClientConfig, Endpoint, Producer, ProducerConfig, ProducerRecord};
use highway_tests::{Broker, Node};
use highway_types::TopicName;

use super::{avro, call};

/// Keys and values, byte for byte as in a topic of Confluent's.
const RECORDS: [(&str, Option<&str>); 8] = [
    (r#"{"keytype":"NOOP","magic":0}"#, None),
    (
        r#"{"keytype":"SCHEMA","subject":"flights-value","version":1,"magic":1}"#,
        Some(r#"{"subject":"flights-value","version":1,"id":100007,"schema":"\"string\"","deleted":false}"#),
    ),
    (
        r#"{"keytype":"SCHEMA","subject":"flights-value","version":3,"magic":1}"#,
        Some(
            r#"{"subject":"flights-value","version":3,"id":100042,"md5":"YWJjZGVmZ2hpamtsbW5vcA==","schemaType":"JSON","schema":"{\"type\":\"object\"}","deleted":false}"#,
        ),
    ),
    (
        r#"{"keytype":"SCHEMA","subject":"gone","version":1,"magic":1}"#,
        Some(r#"{"subject":"gone","version":1,"id":100050,"schema":"\"int\"","deleted":true}"#),
    ),
    (r#"{"keytype":"CONFIG","subject":null,"magic":0}"#, Some(r#"{"compatibilityLevel":"NONE"}"#)),
    (r#"{"keytype":"MODE","subject":"gone","magic":0}"#, Some(r#"{"subject":"gone","mode":"READONLY"}"#)),
    (r#"{"keytype":"SOMETHING_NEW","magic":0}"#, Some("{}")),
    ("not JSON at all", Some("either")),
];

async fn write(client: &Client, records: &[(&str, Option<&str>)]) {
    let topic = TopicName::new("_schemas");
    let producer = Producer::new(client.clone(), ProducerConfig::default());
    for (key, value) in records {
        let record = ProducerRecord {
            partition: Some(0),
            key: Some(key.as_bytes()),
            value: value.map(str::as_bytes),
            ..ProducerRecord::new(&topic, b"")
        };
        producer.send(&record).await.expect("taken in");
    }
    producer.flush().await.expect("acknowledged");
}

#[test]
fn an_existing_topic_is_taken_over_with_its_ids() {
    let mut node = Node::start();
    assert_eq!(call(&node, "GET /subjects", "").body, "[]");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let endpoint: Endpoint = node.bootstrap().parse().expect("an address");
    let client = runtime.block_on(Client::connect(ClientConfig::new(vec![endpoint]))).expect("a client");
    let topic = NewTopic {
        name: TopicName::new("_schemas"),
        partitions: Some(1),
        replication: None,
        configs: vec![("cleanup.policy".to_owned(), "compact".to_owned())],
    };
    runtime.block_on(client.create_topic(&topic, false)).expect("a topic");
    runtime.block_on(write(&client, &RECORDS));

    let check = |node: &Node| {
        let active = call(node, "GET /subjects", "").body;
        assert!(active.contains("flights-value") && !active.contains("gone"), "{active}");
        assert!(call(node, "GET /subjects?deleted=true", "").body.contains("gone"));
        assert_eq!(call(node, "GET /subjects/flights-value/versions", "").body, "[1,3]");
        assert_eq!(call(node, "GET /schemas/ids/100007/schema", "").body, "\"string\"");
        let latest = call(node, "GET /subjects/flights-value/versions/latest", "").json();
        assert_eq!((latest["id"].as_i64(), latest["schemaType"].as_str()), (Some(100_042), Some("JSON")));
        assert_eq!(latest["guid"], "61626364-6566-6768-696a-6b6c6d6e6f70", "the GUID of the record");
        assert_eq!(call(node, "GET /config", "").json()["compatibilityLevel"], "NONE");
        assert_eq!(call(node, "GET /mode/gone", "").json()["mode"], "READONLY");
    };
    // Nothing is waited for: what is acknowledged on the topic is in the next answer.
    check(&node);
    // Ids go on behind the highest, which belongs to a schema that is deleted.
    assert_eq!(call(&node, "POST /subjects/new/versions", &avro(1)).json()["id"], 100_051);
    for n in 2..20 {
        let id = 100_050 + n;
        let key = format!(r#"{{"keytype":"SCHEMA","subject":"other","version":{n},"magic":1}}"#);
        let value = format!(
            r#"{{"subject":"other","version":{n},"id":{},"schema":"\"int\"","deleted":false}}"#,
            id + 1
        );
        // Two writers in turn: the client, then the registry.
        runtime.block_on(write(&client, &[(&key, Some(&value))]));
        let found = call(&node, &format!("GET /subjects/other/versions/{n}"), "").json();
        assert_eq!(found["id"].as_i64(), Some(id + 1));
    }
    assert_eq!(call(&node, "POST /subjects/new/versions", &avro(2)).json()["id"], 100_071);
    node.kill();
    node.restart();
    check(&node);
    assert_eq!(call(&node, "GET /subjects/new/versions/2", "").json()["id"], 100_071);
}

#[test]
fn a_topic_that_is_deleted_leaves_an_empty_registry() {
    let node = Node::start();
    assert_eq!(call(&node, "POST /subjects/a/versions", &avro(1)).json()["id"], 1);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let endpoint: Endpoint = node.bootstrap().parse().expect("an address");
    let client = runtime.block_on(Client::connect(ClientConfig::new(vec![endpoint]))).expect("a client");
    let described = runtime.block_on(client.topic(&TopicName::new("_schemas"), false)).expect("the topic");
    assert_eq!((described.partitions.len(), described.internal), (1, false));
    runtime.block_on(client.delete_topic(&TopicName::new("_schemas"))).expect("deleted");
    assert_eq!(call(&node, "GET /subjects", "").body, "[]");
    assert_eq!(call(&node, "POST /subjects/b/versions", &avro(1)).json()["id"], 1);
    assert_eq!(call(&node, "GET /subjects", "").body, r#"["b"]"#);
}

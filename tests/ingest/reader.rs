//! All records of a topic through the project's own client, for topics that are too long for the text of a tool.

use std::collections::BTreeMap;

use highway_client::consumer::partition_of;
use highway_client::{Client, ClientConfig, Consumer, ConsumerConfig, ConsumerEvent, Record};
use highway_types::{Offset, TopicName};

use super::PATIENCE;

/// Calls `each` with the partition and every record up to the end of each partition.
pub fn each(bootstrap: &str, topic: &str, mut each: impl FnMut(i32, &Record)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let config = ClientConfig::new(vec![bootstrap.parse().expect("an address")]);
        let client = Client::connect(config).await.expect("the node answers");
        let topic = TopicName::new(topic);
        let partitions = client.topic(&topic, false).await.expect("the topic").partitions.len();
        let all = (0..).take(partitions).map(|p| (partition_of(&topic, p), Offset(0))).collect();
        let mut consumer = Consumer::assign(client.clone(), ConsumerConfig::default(), all);
        let mut open: BTreeMap<i32, ()> = (0..).take(partitions).map(|p| (p, ())).collect();
        while !open.is_empty() {
            let event = tokio::time::timeout(PATIENCE, consumer.poll()).await.expect("in time");
            match event.expect("records") {
                ConsumerEvent::Records { partition, records, .. } => {
                    records.iter().for_each(|record| each(partition.partition.0, record));
                }
                ConsumerEvent::End { partition, .. } => {
                    open.remove(&partition.partition.0);
                }
                _ => {}
            }
        }
    });
}

/// A header's value as text.
pub fn header(record: &Record, name: &str) -> String {
    let found = record.headers.iter().rev().find(|h| &h.name[..] == name.as_bytes());
    let value =
        found.and_then(|h| h.value.as_deref()).unwrap_or_else(|| panic!("no header {name}: {record:?}"));
    String::from_utf8(value.to_vec()).expect("UTF-8")
}

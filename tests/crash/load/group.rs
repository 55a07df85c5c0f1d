//! Commits offsets for a group that has no members, higher ones each time.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use highway_tests::wire::text;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::{GroupId, OffsetCommitRequest, TopicName};

use super::{Session, Worker, pause};
use crate::history::{Grown, Notes, Part};
use crate::verify::find_coordinator;

/// See the module.
pub struct Committer {
    group: &'static str,
    parts: Vec<Part>,
    offset: i64,
}

impl Committer {
    /// Commits for each of `parts`.
    pub fn new(group: &'static str, parts: Vec<Part>) -> Committer {
        Committer { group, parts, offset: 0 }
    }

    fn request(&self) -> OffsetCommitRequest {
        let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
        for (topic, partition) in &self.parts {
            let partition = OffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(self.offset)
                .with_committed_metadata(Some(text("")));
            topics.entry(topic).or_default().push(partition);
        }
        let topic = |(name, partitions)| {
            OffsetCommitRequestTopic::default().with_name(TopicName(text(name))).with_partitions(partitions)
        };
        OffsetCommitRequest::default()
            .with_group_id(GroupId(text(self.group)))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics.into_iter().map(topic).collect())
    }
}

impl Worker for Committer {
    fn run(&mut self, session: &Session, notes: &mut Notes) -> io::Result<()> {
        let mut conn = session.connect()?;
        find_coordinator(&mut conn, self.group)?;
        while session.goes_on() {
            self.offset += 1;
            for part in &self.parts {
                let key = (self.group.to_owned(), part.clone());
                // Never committed is -1.
                let grown = notes.commits.entry(key).or_insert(Grown { confirmed: -1, asked: -1 });
                grown.asked = self.offset;
            }
            let answer = conn.call(8, &self.request())?;
            for topic in answer.topics {
                for partition in topic.partitions {
                    if partition.error_code != 0 {
                        *notes.refusals.entry(partition.error_code).or_default() += 1;
                        continue;
                    }
                    let key = (self.group.to_owned(), (topic.name.0.to_string(), partition.partition_index));
                    if let Some(grown) = notes.commits.get_mut(&key) {
                        grown.confirmed = self.offset;
                    }
                }
            }
            pause(Duration::from_millis(3), session);
        }
        Ok(())
    }
}

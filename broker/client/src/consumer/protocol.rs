//! What consumers of a group tell each other (Kafka's `ConsumerProtocol`, version 0 with the fields later versions
//! add left out). Read with bounds: it comes from other clients.
//!
//! ```text
//! subscription: version i16 · topics [string] · user data bytes
//! assignment:   version i16 · [topic string · partitions [i32]] · user data bytes
//! ```

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};
use highway_types::{PartitionIndex, TopicName, TopicPartition};

/// The topics that a member wants.
pub(crate) fn write_subscription(topics: &[TopicName]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i16(0);
    count(&mut out, topics.len());
    for topic in topics {
        string(&mut out, topic.as_str());
    }
    out.put_i32(-1);
    out.freeze()
}

/// The topics that a member wants; `None` for bytes that are no subscription.
pub(crate) fn read_subscription(bytes: &[u8]) -> Option<Vec<TopicName>> {
    let mut read = Reader(bytes);
    read.i16()?;
    let count = read.count(2)?;
    (0..count).map(|_| read.string().map(TopicName::new)).collect()
}

/// A member's share.
pub(crate) fn write_assignment(partitions: &[TopicPartition]) -> Bytes {
    let mut topics: BTreeMap<&TopicName, Vec<i32>> = BTreeMap::new();
    for p in partitions {
        topics.entry(&p.topic).or_default().push(p.partition.0);
    }
    let mut out = BytesMut::new();
    out.put_i16(0);
    count(&mut out, topics.len());
    for (topic, partitions) in topics {
        string(&mut out, topic.as_str());
        count(&mut out, partitions.len());
        partitions.into_iter().for_each(|p| out.put_i32(p));
    }
    out.put_i32(-1);
    out.freeze()
}

/// A member's share; `None` for bytes that are no assignment.
pub(crate) fn read_assignment(bytes: &[u8]) -> Option<Vec<TopicPartition>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let mut read = Reader(bytes);
    read.i16()?;
    let mut out = Vec::new();
    for _ in 0..read.count(6)? {
        let topic = TopicName::new(read.string()?);
        for _ in 0..read.count(4)? {
            out.push(TopicPartition { topic: topic.clone(), partition: PartitionIndex(read.i32()?) });
        }
    }
    Some(out)
}

fn count(out: &mut BytesMut, len: usize) {
    out.put_i32(i32::try_from(len).unwrap_or(i32::MAX));
}

fn string(out: &mut BytesMut, text: &str) {
    out.put_i16(i16::try_from(text.len()).unwrap_or(i16::MAX));
    out.put_slice(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    /// A number of elements of at least `each` bytes, all of which are there.
    fn count(&mut self, each: usize) -> Option<usize> {
        let count = usize::try_from(self.i32()?).ok()?;
        (count.checked_mul(each)? <= self.0.len()).then_some(count)
    }

    fn string(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.i16()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_lies_are_not() {
        let topics = [TopicName::new("a"), TopicName::new("b.c")];
        assert_eq!(read_subscription(&write_subscription(&topics)).unwrap(), topics);
        let share: Vec<_> = [("a", 0), ("a", 2), ("b", 1)]
            .map(|(t, p)| TopicPartition { topic: TopicName::new(t), partition: PartitionIndex(p) })
            .into();
        let bytes = write_assignment(&share);
        assert_eq!(read_assignment(&bytes).unwrap(), share);
        for cut in 1..bytes.len() - 4 {
            assert_eq!(read_assignment(&bytes[..cut]), None, "cut at {cut}");
        }
        assert_eq!(read_assignment(&[0, 0, 0x7f, 0xff, 0xff, 0xff]), None);
    }
}

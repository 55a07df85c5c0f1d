//! The bytes of keys. Persisted: never change one, add a new [`FORMAT`] instead.
//!
//! | key | value |
//! | --- | --- |
//! | `a` + source | the last offset of the source that is applied, 8 bytes big-endian |
//! | `d` + data key | what the owner of the family put there |
//! | `v` | [`FORMAT`], 4 bytes big-endian |
//!
//! The source is the name of the log partition that the state is derived from, such as `__consumer_offsets-7`.

use highway_types::{GroupId, Offset, TopicPartition};

/// The format of the whole store; a store of another format is thrown away and rebuilt.
pub const FORMAT: u32 = 1;
/// The key of the format, in every family.
pub const FORMAT_KEY: &[u8] = b"v";

/// The key of the applied offset of a source.
#[must_use]
pub fn applied(source: &str) -> Vec<u8> {
    [b"a", source.as_bytes()].concat()
}

/// The key of data.
#[must_use]
pub fn data(key: &[u8]) -> Vec<u8> {
    [b"d", key].concat()
}

/// A group's committed offset of a partition: group and topic with their lengths (2 bytes each), then the partition
/// (4 bytes), so that a group's offsets lie together. `None` for names over 65,535 bytes, which no protocol carries.
#[must_use]
pub fn group_offset(group: &GroupId, partition: &TopicPartition) -> Option<Vec<u8>> {
    let mut key = group_prefix(group)?;
    key.extend(sized(partition.topic.as_str())?);
    key.extend(partition.partition.0.to_be_bytes());
    Some(key)
}

/// What all offsets of a group begin with.
#[must_use]
pub fn group_prefix(group: &GroupId) -> Option<Vec<u8>> {
    sized(group.as_str())
}

fn sized(text: &str) -> Option<Vec<u8>> {
    let length = u16::try_from(text.len()).ok()?;
    Some([&length.to_be_bytes(), text.as_bytes()].concat())
}

pub(crate) fn offset_value(offset: Offset) -> [u8; 8] {
    offset.0.to_be_bytes()
}

pub(crate) fn read_offset(value: &[u8]) -> Option<Offset> {
    Some(Offset(i64::from_be_bytes(value.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highway_types::PartitionIndex;

    #[test]
    fn no_two_offsets_share_a_key() {
        let at =
            |topic: &str, index| TopicPartition { topic: topic.into(), partition: PartitionIndex(index) };
        let key = |group: &str, topic: &str, index| group_offset(&group.into(), &at(topic, index)).unwrap();
        assert_ne!(key("a", "bc", 0), key("ab", "c", 0));
        assert!(key("a", "t", 1).starts_with(&group_prefix(&"a".into()).unwrap()));
        assert!(!key("ab", "t", 1).starts_with(&group_prefix(&"a".into()).unwrap()));
        assert_eq!(group_offset(&"g".repeat(70_000).as_str().into(), &at("t", 0)), None);
    }
}

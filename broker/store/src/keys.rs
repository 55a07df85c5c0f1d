//! The bytes of keys. Persisted: never change one, raise [`FORMAT`] instead.
//!
//! | key | value |
//! | --- | --- |
//! | `a` + source | the last offset of the source that is applied, 8 bytes big-endian, and its mark, 4 bytes big-endian |
//! | `d` + source + data key | what the owner of the family put there |
//! | `v` | [`FORMAT`], 4 bytes big-endian |
//!
//! The source is the log partition that the state is derived from: topic id (16 bytes) and partition (4 bytes).

use highway_types::{Offset, TopicIdPartition};

/// The format of the whole store; a store of another format is set aside and rebuilt.
pub const FORMAT: u32 = 1;
/// The key of the format, in every family.
pub const FORMAT_KEY: &[u8] = b"v";

/// Up to where a source is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The last offset.
    pub offset: Offset,
    /// The checksum of the batch that holds it: tells another log of the same name from this one.
    pub mark: u32,
}

/// The key of the applied offset of a source.
#[must_use]
pub fn applied(source: TopicIdPartition) -> Vec<u8> {
    [b"a", &source_bytes(source)[..]].concat()
}

/// The key of data.
#[must_use]
pub fn data(source: TopicIdPartition, key: &[u8]) -> Vec<u8> {
    [b"d", &source_bytes(source)[..], key].concat()
}

/// A key behind all data of a source.
#[must_use]
pub fn data_end(source: TopicIdPartition) -> Vec<u8> {
    let mut end = data(source, &[]);
    // The first byte is `d`: the carry never runs out.
    while end.last() == Some(&u8::MAX) {
        end.pop();
    }
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

fn source_bytes(source: TopicIdPartition) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..16].copy_from_slice(source.topic_id.0.as_bytes());
    bytes[16..].copy_from_slice(&source.partition.0.to_be_bytes());
    bytes
}

impl Applied {
    pub(crate) fn encode(self) -> [u8; 12] {
        let mut value = [0; 12];
        value[..8].copy_from_slice(&self.offset.0.to_be_bytes());
        value[8..].copy_from_slice(&self.mark.to_be_bytes());
        value
    }

    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        let (offset, mark) = value.split_at_checked(8)?;
        Some(Self {
            offset: Offset(i64::from_be_bytes(offset.try_into().ok()?)),
            mark: u32::from_be_bytes(mark.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use highway_types::{PartitionIndex, TopicId};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn source(id: u128, partition: i32) -> TopicIdPartition {
        TopicIdPartition { topic_id: TopicId(Uuid::from_u128(id)), partition: PartitionIndex(partition) }
    }

    proptest! {
        #[test]
        fn a_source_has_a_range_of_its_own(
            id in any::<u128>(), partition in any::<i32>(), key in proptest::collection::vec(any::<u8>(), 0..40),
            other in any::<u128>(),
        ) {
            let (mine, end) = (data(source(id, partition), &key), data_end(source(id, partition)));
            prop_assert!(mine < end && data(source(id, partition), &[]) <= mine);
            let theirs = data(source(other, partition), &key);
            prop_assert!(id == other || theirs >= end || theirs < data(source(id, partition), &[]));
        }
    }

    #[test]
    fn the_end_carries() {
        let end = data_end(source(u128::MAX, -1));
        assert_eq!(end, b"e");
        let position = Applied { offset: Offset(7), mark: 9 };
        assert_eq!(Applied::decode(&position.encode()), Some(position));
        assert_eq!(Applied::decode(&[0; 11]), None);
    }
}

//! Which `__consumer_offsets` partition a group lives in.

use highway_types::PartitionIndex;

/// The partition of `group_id` among `count` (at least 1): the absolute value of Java's string hash modulo
/// the count, where the smallest hash counts as 0, as Kafka's `Utils.abs` has it.
#[must_use]
pub fn partition_for(group_id: &str, count: i32) -> PartitionIndex {
    assert!(count > 0, "a topic has at least one partition, not {count}");
    let hash =
        group_id.encode_utf16().fold(0_i32, |h, unit| h.wrapping_mul(31).wrapping_add(i32::from(unit)));
    PartitionIndex(hash.checked_abs().unwrap_or(0) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i119_partition_is_javas_hash() {
        // "hello".hashCode() == 99162322; "polygenelubricants".hashCode() == Integer.MIN_VALUE
        assert_eq!(partition_for("hello", 50), PartitionIndex(99_162_322 % 50));
        assert_eq!(partition_for("polygenelubricants", 50), PartitionIndex(0));
        assert_eq!(partition_for("", 50), PartitionIndex(0));
        // UTF-16 units, not bytes: "ä".hashCode() == 228, a surrogate pair counts as two units
        assert_eq!(partition_for("ä", 50), PartitionIndex(228 % 50));
        assert_eq!(partition_for("😀", 50), PartitionIndex((0xd83d * 31 + 0xde00) % 50));
        for count in [1, 3, 50] {
            assert!((0..count).contains(&partition_for("any group", count).0));
        }
    }
}

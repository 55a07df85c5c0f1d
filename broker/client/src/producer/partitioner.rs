//! Which partition a record goes to: Kafka's choice for keys, so that records of one key stay together whichever
//! client writes them.

/// The partition of a key among `count` (Kafka's `BuiltInPartitioner.partitionForKey`).
#[must_use]
pub fn partition_of_key(key: &[u8], count: i32) -> i32 {
    (murmur2(key) & i32::MAX) % count.max(1)
}

/// MurmurHash2, 32 bits, with Kafka's seed (Austin Appleby, public domain).
fn murmur2(data: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    let mut h: u32 = 0x9747_b28c ^ data.len() as u32;
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = chunk.first_chunk::<4>().map_or(0, |c| u32::from_le_bytes(*c)).wrapping_mul(M);
        k = (k ^ k >> 24).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0u32, |tail, byte| tail << 8 | u32::from(*byte));
        h = (h ^ tail).wrapping_mul(M);
    }
    h = (h ^ h >> 13).wrapping_mul(M);
    (h ^ h >> 15).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of Apache Kafka's own test (`UtilsTest.testMurmur2`).
    #[test]
    fn agrees_with_kafka() {
        for (text, hash) in [
            ("21", -973932308),
            ("foobar", -790332482),
            ("a-little-bit-long-string", -985981536),
            ("a-little-bit-longer-string", -1486304829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
            ("abc", 479470107),
        ] {
            assert_eq!(murmur2(text.as_bytes()), hash, "{text}");
        }
    }
}

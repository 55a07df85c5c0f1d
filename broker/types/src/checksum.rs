//! CRC-32C (Castagnoli; RFC 3720, appendix B.4), the checksum of Kafka's record batches.
//!
//! With the carry-less multiplication of newer processors it runs at the speed of memory (an order of magnitude above the CRC32
//! instruction of older ones); the crate chooses at run time.

use crc_fast::{CrcAlgorithm, Digest, checksum};

const ALGORITHM: CrcAlgorithm = CrcAlgorithm::Crc32Iscsi;

/// The checksum of `bytes`.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    low(checksum(ALGORITHM, bytes))
}

/// The checksum of what `crc` is the checksum of, and `bytes` behind it.
#[must_use]
pub fn crc32c_append(crc: u32, bytes: &[u8]) -> u32 {
    let mut digest = Digest::new_with_init_state(ALGORITHM, u64::from(!crc));
    digest.update(bytes);
    low(digest.finalize())
}

/// The crate answers for widths up to 64 bits.
fn low(crc: u64) -> u32 {
    debug_assert!(u32::try_from(crc).is_ok());
    crc as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bit by bit, as the polynomial says.
    fn slow(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg()))
        })
    }

    #[test]
    fn it_is_the_checksum_that_rfc_3720_shows() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn all_lengths_and_all_parts_agree_with_the_definition() {
        let bytes: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for len in (0..600).chain([1023, 1024, 1025, 4095, 4999, 5000]) {
            let expected = slow(&bytes[..len]);
            assert_eq!(crc32c(&bytes[..len]), expected, "{len} bytes");
            for cut in [0, 1, 7, 40, len / 3, len] {
                let (head, tail) = bytes[..len].split_at(cut.min(len));
                assert_eq!(crc32c_append(crc32c(head), tail), expected, "{len} bytes cut at {cut}");
            }
        }
    }
}

//! Record batches (format 2) with random, incompressible values.

use rand::{RngCore, SeedableRng, rngs::StdRng};

const HEADER: usize = 61;
const CRC_START: usize = 21;

/// A prepared batch of equal records.
#[derive(Clone, Debug)]
pub struct Batch {
    /// As sent.
    pub bytes: Vec<u8>,
    /// How many records.
    pub records: u64,
    /// Bytes of their values.
    pub value_bytes: u64,
}

/// As many records of `value` bytes as fit into `limit` bytes, at least one.
pub fn batch(value: usize, limit: usize) -> Batch {
    let mut random = StdRng::seed_from_u64(7);
    let mut content = vec![0; value];
    let mut out = vec![0; HEADER];
    let mut count: i32 = 0;
    loop {
        random.fill_bytes(&mut content);
        let mut body = vec![0]; // attributes
        varint(&mut body, 0); // timestamp delta
        varint(&mut body, i64::from(count));
        varint(&mut body, -1); // no key
        varint(&mut body, content.len() as i64);
        body.extend_from_slice(&content);
        varint(&mut body, 0); // no headers
        if count > 0 && out.len() + body.len() + 5 > limit {
            break;
        }
        varint(&mut out, body.len() as i64);
        out.extend_from_slice(&body);
        count += 1;
        if limit <= out.len() {
            break;
        }
    }
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_millis() as i64);
    let behind = i32::try_from(out.len() - 12).unwrap_or(i32::MAX);
    put(&mut out, 8, &behind.to_be_bytes());
    put(&mut out, 12, &(-1i32).to_be_bytes()); // leader epoch
    out[16] = 2;
    put(&mut out, 23, &(count - 1).to_be_bytes());
    put(&mut out, 27, &now.to_be_bytes());
    put(&mut out, 35, &now.to_be_bytes());
    put(&mut out, 43, &(-1i64).to_be_bytes());
    put(&mut out, 51, &(-1i16).to_be_bytes());
    put(&mut out, 53, &(-1i32).to_be_bytes());
    put(&mut out, 57, &count.to_be_bytes());
    let crc = crc32c::crc32c(&out[CRC_START..]);
    put(&mut out, 17, &crc.to_be_bytes());
    Batch { bytes: out, records: count as u64, value_bytes: count as u64 * value as u64 }
}

/// The offset behind the last whole batch in `bytes`, if there is one, and how many records that is from `from` on.
pub fn walk(mut bytes: &[u8], from: i64) -> (i64, u64) {
    let (mut next, mut records) = (from, 0);
    while bytes.len() >= HEADER {
        let base = i64::from_be_bytes(field(bytes, 0));
        let len = 12 + i32::from_be_bytes(field(bytes, 8)) as usize;
        if len > bytes.len() {
            break;
        }
        let end = base + i64::from(i32::from_be_bytes(field(bytes, 23))) + 1;
        if end > next {
            records += (end - next.max(base)) as u64;
            next = end;
        }
        bytes = &bytes[len..];
    }
    (next, records)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_what_the_log_reads() {
        let made = batch(1024, 1_000_000);
        assert!(made.bytes.len() <= 1_000_000 && made.bytes.len() > 990_000);
        let header = highway_log::batch::header::BatchHeader::parse(&made.bytes).unwrap();
        assert_eq!(header.count as u64, made.records);
        assert!(highway_log::batch::header::stored_crc_matches(&made.bytes));
        let read: Vec<_> =
            highway_log::batch::records::records(&made.bytes[HEADER..], header.count).collect();
        assert_eq!(read.len() as u64, made.records);
        assert!(read.into_iter().all(|r| r.unwrap().value.unwrap().len() == 1024));
        assert_eq!(
            walk(&[made.bytes.clone(), made.bytes[..70].to_vec()].concat(), 0),
            (made.records as i64, made.records)
        );
    }
}

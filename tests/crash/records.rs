//! Record batches of the load, written and read without the broker's own code: every value names its producer and its
//! place in what that producer sent, and carries a checksum of its own.

use bytes::Bytes;

/// Which record it is: a producer of the load and how many it sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The producer.
    pub process: u32,
    /// Its counter.
    pub counter: u64,
}

/// The producer's side of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// Producer id, -1 without idempotence.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// Sequence of the first record.
    pub sequence: i32,
}

/// Not idempotent.
pub const NOBODY: Sender = Sender { id: -1, epoch: -1, sequence: -1 };

const HEADER: usize = 61;
/// Process, counter and checksum.
const OWN: usize = 4 + 8 + 4;

/// A batch of `count` records from `first` on, each value with `filler` bytes of padding.
pub fn encode(sender: Sender, timestamp: i64, first: RecordId, count: u32, filler: usize) -> Bytes {
    let mut out = vec![0; HEADER];
    for at in 0..count {
        let value = value(RecordId { counter: first.counter + u64::from(at), ..first }, filler);
        let mut record = vec![0]; // attributes
        varint(&mut record, 0); // timestamp delta
        varint(&mut record, i64::from(at));
        varint(&mut record, -1); // no key
        varint(&mut record, value.len() as i64);
        record.extend_from_slice(&value);
        varint(&mut record, 0); // headers
        varint(&mut out, record.len() as i64);
        out.extend_from_slice(&record);
    }
    let length = out.len() as i32 - 12;
    let mut set = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    set(8, &length.to_be_bytes());
    set(12, &(-1_i32).to_be_bytes());
    set(16, &[2]);
    set(23, &(count as i32 - 1).to_be_bytes());
    set(27, &timestamp.to_be_bytes());
    set(35, &timestamp.to_be_bytes());
    set(43, &sender.id.to_be_bytes());
    set(51, &sender.epoch.to_be_bytes());
    set(53, &sender.sequence.to_be_bytes());
    set(57, &count.to_be_bytes());
    let crc = crc32c::crc32c(&out[21..]);
    out[17..21].copy_from_slice(&crc.to_be_bytes());
    out.into()
}

fn value(id: RecordId, filler: usize) -> Vec<u8> {
    let mut value = Vec::with_capacity(OWN + filler);
    value.extend_from_slice(&id.process.to_be_bytes());
    value.extend_from_slice(&id.counter.to_be_bytes());
    value.resize(12 + filler, id.counter as u8);
    let crc = crc32c::crc32c(&value);
    value.extend_from_slice(&crc.to_be_bytes());
    value
}

/// Reads fetched batches: `visit` gets every record's offset and what it is. A cut batch at the end is left out.
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode(records: &[u8], mut visit: impl FnMut(i64, RecordId)) -> Result<(), String> {
    let mut rest = records;
    while rest.len() >= HEADER {
        let base = i64::from_be_bytes(array(rest, 0)?);
        let length = 12 + u32::from_be_bytes(array(rest, 8)?) as usize;
        if rest.len() < length {
            return Ok(());
        }
        let batch = &rest[..length];
        if length < HEADER || crc32c::crc32c(&batch[21..]) != u32::from_be_bytes(array(batch, 17)?) {
            return Err(format!("the batch at offset {base} has a wrong checksum"));
        }
        let count = u32::from_be_bytes(array(batch, 57)?);
        let mut body = &batch[HEADER..];
        for _ in 0..count {
            let size = take_varint(&mut body)?;
            let mut record = take(&mut body, size)?;
            take(&mut record, 1)?;
            take_varint(&mut record)?;
            let delta = take_varint(&mut record)?;
            if take_varint(&mut record)? >= 0 {
                return Err(format!("a key at offset {}", base + delta));
            }
            let size = take_varint(&mut record)?;
            let value = take(&mut record, size)?;
            let at = base + delta;
            visit(at, identify(value).ok_or_else(|| format!("a damaged value at offset {at}"))?);
        }
        rest = &rest[length..];
    }
    Ok(())
}

fn identify(value: &[u8]) -> Option<RecordId> {
    let (body, crc) = value.split_at_checked(value.len().checked_sub(4)?)?;
    if value.len() < OWN || crc32c::crc32c(body).to_be_bytes() != crc {
        return None;
    }
    Some(RecordId {
        process: u32::from_be_bytes(array(body, 0).ok()?),
        counter: u64::from_be_bytes(array(body, 4).ok()?),
    })
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], String> {
    let found = bytes.get(at..at + N).and_then(|b| b.try_into().ok());
    found.ok_or_else(|| format!("{} bytes are too few", bytes.len()))
}

fn take<'a>(bytes: &mut &'a [u8], size: i64) -> Result<&'a [u8], String> {
    let size = usize::try_from(size).map_err(|_| format!("a length of {size}"))?;
    let (taken, rest) = bytes.split_at_checked(size).ok_or("a record that ends too early")?;
    *bytes = rest;
    Ok(taken)
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Result<i64, String> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err("a varint without end".to_owned())
}

#[test]
fn what_is_encoded_is_read_and_damage_is_seen() {
    let first = RecordId { process: 7, counter: 1 << 40 };
    let batch = encode(NOBODY, 1_700_000_000_000, first, 3, 200);
    let mut found = Vec::new();
    decode(&batch, |offset, id| found.push((offset, id))).expect("it is whole");
    let ids = (0..3).map(|n| (n as i64, RecordId { process: 7, counter: (1 << 40) + n }));
    assert_eq!(found, ids.collect::<Vec<_>>());
    for at in 21..batch.len() {
        let mut bad = batch.to_vec();
        bad[at] ^= 1;
        decode(&bad, |_, _| {}).expect_err("a flipped bit");
    }
}

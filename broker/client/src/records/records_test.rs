use highway_types::checksum::crc32c;
use proptest::prelude::*;

use super::*;

fn header(name: &str, value: Option<&[u8]>) -> Header {
    Header { name: Bytes::copy_from_slice(name.as_bytes()), value: value.map(Bytes::copy_from_slice) }
}

fn read_all(bytes: Bytes) -> Result<Vec<Record>, RecordsError> {
    let mut out = Vec::new();
    let mut batches = Batches::new(bytes);
    while let Some(batch) = batches.next()? {
        for record in batch {
            out.push(record?);
        }
    }
    Ok(out)
}

#[test]
fn what_is_written_is_read_with_every_codec() {
    for codec in Compression::ALL {
        let mut builder = BatchBuilder::with_capacity(100);
        let headers = [header("h", Some(b"1")), header("h", None), header("", Some(b""))];
        assert_eq!(builder.push(Timestamp(1000), Some(b"k"), Some(&[0xff; 300]), &headers), 0);
        assert_eq!(builder.push(Timestamp(900), None, Some(b""), &[]), 1);
        assert_eq!(builder.push(Timestamp(2000), Some(b""), None, &[]), 2);
        let mut bytes = builder.seal(codec).unwrap().stamp(7, 1, 5).to_vec();
        // A half batch behind it is left alone.
        bytes.extend_from_slice(&bytes.clone()[..40]);
        let records = read_all(bytes.into()).unwrap();
        assert_eq!(records.len(), 3, "{codec}");
        assert_eq!(records[0].headers, headers, "equal names are kept, in order");
        assert_eq!(records[0].value.as_deref(), Some(&[0xff; 300][..]));
        assert_eq!((records[1].offset, records[1].timestamp), (Offset(1), Timestamp(900)));
        assert_eq!((&records[1].key, records[1].value.as_deref()), (&None, Some(&b""[..])));
        assert_eq!((records[2].key.as_deref(), &records[2].value), (Some(&b""[..]), &None));
    }
}

#[test]
fn a_flipped_bit_is_seen() {
    let mut builder = BatchBuilder::with_capacity(100);
    builder.push(Timestamp(1), None, Some(b"value"), &[]);
    let mut bytes = builder.seal(Compression::None).unwrap().stamp(-1, -1, -1).to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    assert!(matches!(read_all(bytes.clone().into()), Err(RecordsError::Checksum { .. })));
    bytes[16] = 1;
    assert!(matches!(read_all(bytes.into()), Err(RecordsError::Magic { magic: 1, .. })));
}

#[test]
fn the_broker_clock_replaces_timestamps() {
    let mut builder = BatchBuilder::with_capacity(100);
    builder.push(Timestamp(1), None, Some(b"a"), &[]);
    let mut bytes = builder.seal(Compression::None).unwrap().stamp(-1, -1, -1).to_vec();
    bytes[22] |= 8;
    bytes[35..43].copy_from_slice(&77i64.to_be_bytes());
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(read_all(bytes.into()).unwrap()[0].timestamp, Timestamp(77));
}

proptest! {
    #[test]
    fn varints_agree_with_their_length(value: i64) {
        let mut out = Vec::new();
        varint::put(&mut out, value);
        prop_assert_eq!(out.len(), varint::len(value));
        let mut at = 0;
        prop_assert_eq!(varint::get(&out, &mut at), Some(value));
        prop_assert_eq!(at, out.len());
    }

    #[test]
    fn hostile_records_do_not_panic(payload: Vec<u8>, codec in 0i16..8, count: i32) {
        let mut bytes = vec![0u8; HEADER_LEN];
        bytes[8..12].copy_from_slice(&i32::try_from(payload.len() + 49).unwrap().to_be_bytes());
        bytes[16] = 2;
        bytes[21..23].copy_from_slice(&codec.to_be_bytes());
        bytes[57..61].copy_from_slice(&count.to_be_bytes());
        bytes.extend_from_slice(&payload);
        let crc = crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        let _ = read_all(bytes.into());
    }

    #[test]
    fn a_record_is_no_larger_than_its_bound(key: Option<Vec<u8>>, value: Option<Vec<u8>>, time: i32, n in 0usize..3) {
        let headers = vec![header("name", Some(b"value")); n];
        let mut builder = BatchBuilder::with_capacity(0);
        builder.push(Timestamp(0), None, None, &[]);
        let before = builder.len();
        builder.push(Timestamp(i64::from(time)), key.as_deref(), value.as_deref(), &headers);
        let bound = BatchBuilder::record_bound(key.as_deref(), value.as_deref(), &headers);
        prop_assert!(builder.len() - before <= bound);
    }
}

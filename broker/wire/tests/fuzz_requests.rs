//! Every request type at every version: the walk of `bounds` agrees with the codec, and no body, however broken, makes
//! decoding allocate more than the walk promised.
//!
//! One binary with an allocator that counts per thread. Without the walk the first mutated count aborts the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use highway_wire::bounds::{BoundsError, check_request};
use highway_wire::fuzz::{described, fuzz_one, sample, transcode};
use highway_wire::request::DecodeError;
use kafka_protocol::messages::{CreateTopicsRequest, MetadataRequest, OffsetFetchRequest, ProduceRequest};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

#[allow(unsafe_code)] // The contract is System's: every call is passed on unchanged, and counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.with(|a| a.set(a.get().saturating_add(layout.size())));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.with(|a| a.set(a.get().saturating_add(size)));
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocated<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATED.with(Cell::get);
    let result = work();
    (ALLOCATED.with(Cell::get) - before, result)
}

/// Errors and their texts, and the shared head of a `Bytes`.
const SLACK: usize = 4096;

fn sampled(rng: &mut StdRng, key: i16, version: i16) -> Vec<u8> {
    sample(key, version, &mut |below| rng.random_range(0..below)).expect("a described version")
}

fn check(key: i16, version: i16, body: Vec<u8>) {
    let (len, body) = (body.len(), Bytes::from(body));
    let (walked, verdict) = allocated(|| check_request(key, version, &body));
    assert_eq!(walked, 0, "the walk allocates: key {key} v{version} {body:02x?}");
    if let Ok(cost) = &verdict {
        assert!(cost.memory <= (4 << 20) + 16 * len);
    }
    let promised = verdict.as_ref().map_or(0, |c| c.memory);
    // Encoding the request again takes another buffer, at most doubled as it grows.
    let (taken, outcome) = allocated(|| transcode(key, version, &body));
    assert!(
        taken <= promised + 4 * len + SLACK,
        "key {key} v{version} took {taken}, promised {promised}: {body:02x?}"
    );
    match (verdict, outcome) {
        (Err(expected), outcome) => assert_eq!(outcome, Err(DecodeError::Bounds(expected))),
        (Ok(_), Ok(_)) => {}
        (Ok(_), Err(DecodeError::Malformed(text))) => {
            assert!(
                text.contains("utf-8"),
                "the codec refuses what the walk passes: {text}: {key} v{version} {body:02x?}"
            );
        }
        (Ok(_), Err(other)) => panic!("{other}"),
    }
}

#[test]
fn valid_requests_pass_and_come_out_as_they_went_in() {
    let mut rng = StdRng::seed_from_u64(1);
    for (key, versions) in described() {
        for version in versions {
            for _ in 0..200 {
                let body = Bytes::from(sampled(&mut rng, key, version));
                check_request(key, version, &body)
                    .unwrap_or_else(|e| panic!("{key} v{version}: {e}: {body:02x?}"));
                let back = transcode(key, version, &body)
                    .unwrap_or_else(|e| panic!("{key} v{version}: {e}: {body:02x?}"));
                assert_eq!(back.encoded.as_ref(), Some(&body), "key {key} v{version}");
                let mut longer = body.to_vec();
                longer.extend_from_slice(b"behind");
                assert!(transcode(key, version, &longer.into()).is_ok(), "bytes behind are allowed");
            }
        }
    }
}

#[test]
fn truncated_requests_are_refused() {
    let mut rng = StdRng::seed_from_u64(2);
    for (key, versions) in described() {
        for version in versions {
            for _ in 0..5 {
                let body = sampled(&mut rng, key, version);
                for len in 0..body.len() {
                    assert!(
                        check_request(key, version, &body[..len]).is_err(),
                        "key {key} v{version} cut at {len}"
                    );
                    check(key, version, body[..len].to_vec());
                }
            }
        }
    }
}

#[test]
fn broken_requests_take_no_more_memory_than_promised() {
    let mut rng = StdRng::seed_from_u64(3);
    let end = Instant::now() + Duration::from_secs(8);
    let lies: [&[u8]; 8] = [
        &[0x7f, 0xff, 0xff, 0xff],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff; 10],
        &[0x80, 0x00, 0x00, 0x00],
        &[0x00, 0xff, 0xff, 0xff],
        &[0x7f, 0xff],
        &[0xff, 0xff, 0x03],
        &[0xff, 0xff, 0xff, 0xfe],
    ];
    let all: Vec<_> = described().collect();
    for round in 0..120 {
        for (key, versions) in all.iter().cloned() {
            for version in versions {
                let mut body = sampled(&mut rng, key, version);
                for _ in 0..rng.random_range(1..4) {
                    let at = rng.random_range(0..=body.len());
                    let lie = lies[rng.random_range(0..lies.len())];
                    match rng.random_range(0..4) {
                        0 => body.iter_mut().skip(at).zip(lie).for_each(|(b, l)| *b = *l),
                        1 => drop(body.splice(at..at, lie.iter().copied())),
                        2 if at < body.len() => body[at] = rng.random(),
                        _ => body.truncate(at),
                    }
                }
                let mut frame = vec![];
                frame.extend_from_slice(&key.to_be_bytes());
                frame.extend_from_slice(&version.to_be_bytes());
                frame.extend_from_slice(&[0, 0, 0, 1, 0xff, 0xff]);
                frame.extend_from_slice(&body);
                fuzz_one(&frame);
                check(key, version, body);
            }
        }
        assert!(Instant::now() < end || round > 5, "only {round} rounds in 8 s");
    }
}

#[test]
fn noise_is_refused_or_read_without_harm() {
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..20_000 {
        let mut frame = vec![0u8; rng.random_range(0..64)];
        rng.fill(&mut frame[..]);
        if frame.len() > 3 {
            (frame[0], frame[2]) = (0, 0);
            frame[1] %= 80;
            frame[3] %= 19;
        }
        fuzz_one(&frame);
    }
}

fn refused<T: kafka_protocol::protocol::Request>(version: i16, body: &'static [u8]) {
    let (taken, result) =
        allocated(|| highway_wire::request::decode::<T>(version, &Bytes::from_static(body)));
    let Err(DecodeError::Bounds(BoundsError::Short { .. })) = result else {
        panic!("v{version}: {:?}", result.err())
    };
    assert_eq!(taken, 0);
}

/// Each of these aborts a process that hands it to kafka-protocol 0.18 unchecked.
#[test]
fn counts_that_abort_the_codec_are_refused() {
    refused::<MetadataRequest>(1, &[0x7f, 0xff, 0xff, 0xff, 0, 0]); // 154 GB
    refused::<MetadataRequest>(9, &[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]);
    refused::<ProduceRequest>(3, &[0xff, 0xff, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 0, 0]);
    refused::<OffsetFetchRequest>(1, &[0, 1, b'g', 0x7f, 0xff, 0xff, 0xff, 0, 0]);
    refused::<CreateTopicsRequest>(2, &[0x7f, 0xff, 0xff, 0xff, 0, 0]); // 240 GB
    refused::<CreateTopicsRequest>(5, &[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]);
}

#[test]
fn many_small_elements_are_refused_by_what_they_take_in_memory() {
    // 10 MB of empty names would become 370 MB.
    let count = 5_000_000_u32;
    let mut body = count.to_be_bytes().to_vec();
    body.resize(4 + 2 * count as usize, 0);
    assert!(matches!(check_request(3, 1, &body), Err(BoundsError::Memory { .. })));
    check(3, 1, body);
    // One struct after the other with one unknown tagged field each: a map node per 5 bytes.
    let mut body = vec![0, 0x80, 0x80, 0x20];
    body.resize(body.len() + 16 * 1024, 0);
    check(32, 4, body);
    // What clients really send fits: 100,000 topics by name.
    let count = 100_000_u32;
    let mut body = count.to_be_bytes().to_vec();
    for _ in 0..count {
        body.extend_from_slice(&[0, 3, b'a', b'b', b'c']);
    }
    assert_eq!(check_request(3, 1, &body).unwrap().elements, count as usize);
    check(3, 1, body);
}

#[test]
fn unknown_tagged_fields_cost_what_their_maps_take() {
    // DescribeTopicPartitions v0: 20,000 topics with an empty name and one unknown tagged field.
    for count in [1_u32, 100, 2_000, 20_000] {
        let mut body = vec![];
        let mut claim = count + 1;
        while claim >= 0x80 {
            body.push((claim & 0x7f) as u8 | 0x80);
            claim >>= 7;
        }
        body.push(claim as u8);
        for _ in 0..count {
            body.extend_from_slice(&[1, 1, 9, 0]);
        }
        body.extend_from_slice(&[0, 0, 0, 1, 0xff, 0]);
        assert_eq!(check_request(75, 0, &body).is_err(), count == 20_000);
        check(75, 0, body);
    }
    // Ascending and many: nodes split in halves.
    let mut body = vec![1, 0, 0, 0, 1, 0xff, 0x90, 0x4e];
    for tag in 0..10_000_u32 {
        body.extend_from_slice(&[(tag & 0x7f) as u8 | 0x80, (tag >> 7) as u8 & 0x7f, 0]);
    }
    assert!(check_request(75, 0, &body).is_ok());
    check(75, 0, body);
}

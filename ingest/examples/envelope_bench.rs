//! How many native events of 1 KB one core decodes into records, from NDJSON in batches of 100.
//!
//! `cargo run --profile perf -p highway-ingest --example envelope_bench [batches]`. One thread, by its CPU time.

use std::time::Duration;

use bytes::Bytes;
use highway_ingest::dialect::native;
use highway_ingest::envelope::{KeyRule, Provenance, Rules, Stamp};
use highway_ingest::ids::IdMaker;
use highway_ingest::json::Pointer;
use highway_types::Timestamp;
use http::{HeaderMap, HeaderValue, header};
use rand::SeedableRng;

fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

fn event(number: usize, complete: bool) -> String {
    let metadata = if complete {
        format!(
            "\"metadata\":{{\"id\":\"event-{number:08}\",\"timestamp\":\"2026-11-25T12:00:00.123Z\",\"version\":\"1\"}},"
        )
    } else {
        String::new()
    };
    let head =
        format!("{{{metadata}\"event_name\":\"order.placed\",\"payload\":{{\"user_id\":{number},\"items\":[");
    let mut text = head;
    let mut item = 0;
    while text.len() < 960 {
        text.push_str(&format!(
            "{{\"sku\":\"A-{item:05}\",\"price\":{}.99,\"note\":\"a line of text\"}},",
            item * 7
        ));
        item += 1;
    }
    text.push_str("{}]}}");
    text
}

fn main() {
    let batches = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(5_000_usize);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    let pointer = Pointer::parse("/payload/user_id").ok();
    let keyed = pointer.map_or(KeyRule::None, |pointer| KeyRule::Pointer { pointer, required: true });
    for (name, complete, key) in [
        ("complete, no key", true, KeyRule::None),
        ("id and time filled in, no key", false, KeyRule::None),
        ("complete, key by pointer", true, keyed),
    ] {
        let lines: Vec<String> = (0..100).map(|n| event(n, complete)).collect();
        let body = Bytes::from(lines.join("\n"));
        let rules = Rules { key, ..Rules::default() };
        let mut ids = IdMaker::new(rand::rngs::StdRng::seed_from_u64(1));
        let now = Timestamp(1_795_608_000_123);
        let provenance = Provenance::new("orders/native", now);
        let (start, mut events) = (cpu(), 0);
        for _ in 0..batches {
            let mut stamp =
                Stamp { now, ids: &mut ids, rules: &rules, provenance: &provenance, schema: None };
            let decoded = native::decode(&headers, std::hint::black_box(&body), 1000, &mut stamp);
            events += std::hint::black_box(decoded).map_or(0, |d| d.items.len());
        }
        let seconds = (cpu() - start).as_secs_f64();
        println!("{name:32} {:>9.0} events/s of CPU, {} B each", events as f64 / seconds, body.len() / 100);
    }
}

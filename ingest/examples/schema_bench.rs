//! How many native events of 1 KB one core decodes and checks against a JSON Schema, from NDJSON in batches of 100.
//!
//! `cargo run --profile perf -p highway-ingest --example schema_bench [batches]`. One thread, by its CPU time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use highway_ingest::dialect::{Item, native};
use highway_ingest::envelope::{Provenance, Rules, Stamp};
use highway_ingest::ids::IdMaker;
use highway_ingest::schema::{Checking, Misfit, PayloadCheck};
use highway_registry::fits::Fits;
use highway_registry::schema::{Schema, SchemaType, parse};
use highway_types::Timestamp;
use http::{HeaderMap, HeaderValue, header};
use rand::SeedableRng;
use serde_json::{Value, json};

fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

#[derive(Debug)]
struct Ready(Fits);

impl PayloadCheck for Ready {
    fn id(&self) -> i32 {
        1
    }

    fn version(&self) -> i32 {
        1
    }

    fn check(&self, payload: &str) -> Result<(), Misfit> {
        self.0.check(payload).map_err(|fault| Misfit { path: fault.path, message: fault.reason })
    }
}

/// Nested array, patterns, closed objects.
fn order_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["order_id", "customer", "lines", "total", "currency"],
        "properties": {
            "order_id": {"type": "string", "pattern": "^ord-[0-9]{6}$"},
            "customer": {
                "type": "object", "additionalProperties": false, "required": ["id", "email"],
                "properties": {"id": {"type": "integer", "minimum": 1}, "email": {"type": "string", "maxLength": 100},
                    "vip": {"type": "boolean"}}
            },
            "lines": {"type": "array", "minItems": 1, "maxItems": 50, "items": {
                "type": "object", "additionalProperties": false, "required": ["sku", "quantity", "price"],
                "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}, "quantity": {"type": "integer", "minimum": 1},
                    "price": {"type": "number", "minimum": 0}, "note": {"type": ["string", "null"]}}
            }},
            "total": {"type": "number"},
            "currency": {"enum": ["EUR", "USD", "GBP"]},
            "comment": {"type": "string"}
        }
    })
}

fn order() -> Value {
    let lines: Vec<Value> = (0..8)
        .map(|n| json!({"sku": format!("ABC-{n}"), "quantity": n + 1, "price": 9.99, "note": if n % 2 == 0 { Value::Null } else { json!("gift") }}))
        .collect();
    json!({"order_id": "ord-123456", "customer": {"id": 17, "email": "someone@example.com", "vip": true}, "lines": lines,
        "total": 359.64, "currency": "EUR", "comment": "x".repeat(250)})
}

const AVRO: &str = r#"{"type":"record","name":"Order","fields":[{"name":"order_id","type":"string"},
  {"name":"customer","type":{"type":"record","name":"Customer","fields":[{"name":"id","type":"long"},{"name":"email","type":"string"},
    {"name":"vip","type":"boolean"}]}},
  {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"},
    {"name":"quantity","type":"int"},{"name":"price","type":"double"},{"name":"note","type":["null","string"]}]}}},
  {"name":"total","type":"double"},{"name":"currency","type":{"type":"enum","name":"C","symbols":["EUR","USD"]}},
  {"name":"comment","type":"string"}]}"#;

const PROTO: &str = "syntax = \"proto3\"; message Order { string order_id = 1; Customer customer = 2; repeated Line lines = 3;
  double total = 4; string currency = 5; string comment = 6; }
  message Customer { int64 id = 1; string email = 2; bool vip = 3; }
  message Line { string sku = 1; int32 quantity = 2; double price = 3; string note = 4; }";

fn checking(of: SchemaType, text: &str) -> Option<Checking> {
    let parsed = parse(&Schema::new(of, text), &[], false).ok()?;
    let fits = Fits::new(&Arc::new(parsed), None).ok()?;
    Some(Checking::new(Arc::new(Ready(fits)), None))
}

fn main() {
    let batches = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(3_000_usize);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    let line = json!({"metadata": {"id": "event-0001", "timestamp": "2026-11-25T12:00:00.123Z"}, "event_name": "order.placed",
        "payload": order()})
    .to_string();
    let body = Bytes::from(vec![line.as_str(); 100].join("\n"));
    for (name, schema) in [
        ("envelope alone", None),
        ("JSON Schema 2020-12", checking(SchemaType::Json, &order_schema().to_string())),
        ("Avro", checking(SchemaType::Avro, AVRO)),
        ("Protobuf", checking(SchemaType::Protobuf, PROTO)),
    ] {
        let rules = Rules::default();
        let mut ids = IdMaker::new(rand::rngs::StdRng::seed_from_u64(1));
        let now = Timestamp(1_795_608_000_123);
        let provenance = Provenance::new("orders/native", now);
        let (start, mut events) = (cpu(), 0);
        for _ in 0..batches {
            let mut stamp =
                Stamp { now, ids: &mut ids, rules: &rules, provenance: &provenance, schema: schema.as_ref() };
            let decoded = native::decode(&headers, std::hint::black_box(&body), 1000, &mut stamp);
            let items = std::hint::black_box(decoded).map_or(Vec::new(), |d| d.items);
            events += items.iter().filter(|item| matches!(item, Item::Event(_))).count();
        }
        let seconds = (cpu() - start).as_secs_f64();
        println!("{name:32} {:>9.0} events/s of CPU, {} B each", events as f64 / seconds, body.len() / 100);
    }
}

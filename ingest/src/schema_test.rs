use std::sync::Arc;

use bytes::Bytes;
use highway_registry::fits::Fits;
use highway_registry::schema::{Schema, SchemaType, parse};
use serde_json::{Value, json};

use super::*;
use crate::dialect::{Item, native};
use crate::envelope::{Provenance, Rules, Stamp};
use crate::ids::IdMaker;
use highway_types::Timestamp;

#[derive(Debug)]
struct Ready(Fits);

impl PayloadCheck for Ready {
    fn id(&self) -> i32 {
        7
    }

    fn version(&self) -> i32 {
        2
    }

    fn check(&self, payload: &str) -> Result<(), Misfit> {
        self.0.check(payload).map_err(|fault| Misfit { path: fault.path, message: fault.reason })
    }
}

fn check(schema: &Value) -> Arc<dyn PayloadCheck> {
    let parsed = parse(&Schema::new(SchemaType::Json, schema.to_string()), &[], false).unwrap();
    Arc::new(Ready(Fits::new(&Arc::new(parsed), None).unwrap()))
}

fn decode(body: &Bytes, checking: Option<&Checking>) -> Vec<Item> {
    let mut ids = IdMaker::new(rand::rng());
    let (now, rules) = (Timestamp(1_800_000_000_000), Rules::default());
    let provenance = Provenance::new("e/native", now);
    let mut stamp = Stamp { now, ids: &mut ids, rules: &rules, provenance: &provenance, schema: checking };
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/x-ndjson"));
    native::decode(&headers, body, usize::MAX, &mut stamp).unwrap().items
}

fn event(payload: &Value) -> String {
    json!({"metadata": {"id": "e-1", "timestamp": "2026-11-25T12:00:00Z"}, "event_name": "order", "payload": payload}).to_string()
}

/// As in the reference: nested array, pattern, closed objects.
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

#[test]
fn a_misfit_names_its_place_and_its_schema() {
    let schema = check(&order_schema());
    let checking = Checking::new(Arc::clone(&schema), None);
    let mut wrong = order();
    wrong["lines"][3]["quantity"] = json!(0);
    let body = Bytes::from(format!("{}\n{}\n{}", event(&order()), event(&wrong), event(&order())));
    let items = decode(&body, Some(&checking));
    let [Item::Event(first), Item::Refused(refused), Item::Event(_)] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(first.header(crate::record::header::SCHEMA_ID).map(|id| &id[..]), Some(&b"7"[..]));
    assert_eq!(
        (refused.violation.code, refused.violation.path.as_str()),
        (Code::Schema, "/payload/lines/3/quantity")
    );
    assert_eq!(refused.violation.message, "0 is less than the minimum of 1 (schema id 7, version 2)");
    assert_eq!(&refused.raw[..], event(&wrong).as_bytes());
    // Only counted.
    let misfits = Arc::<Misfits>::default();
    let items = decode(&body, Some(&Checking::new(schema, Some(Arc::clone(&misfits)))));
    assert!(items.iter().all(|item| matches!(item, Item::Event(_))));
    let (count, last) = misfits.seen();
    assert_eq!((count, last.map(|m| m.path)), (1, Some("/lines/3/quantity".to_owned())));
}

use highway_types::limits::{INFER_MAX_DEPTH, INFER_MAX_MEMBERS, INFER_MAX_WORDS};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn learnt(samples: &[Value]) -> Value {
    let mut shape = Shape::default();
    samples.iter().for_each(|sample| shape.take(sample));
    shape.schema("t")
}

fn valid(schema: &Value, sample: &Value) -> bool {
    jsonschema::validator_for(schema).expect("a schema").is_valid(sample)
}

#[test]
fn a_schema_of_flights() {
    let samples: Vec<Value> = (0..40)
        .map(|n| {
            let mut flight = json!({"carrier": (["UA", "AA"][n % 2]), "flight": n, "tailnum": format!("N{n}"), "delay": null,
                "legs": [{"from": "EWR", "miles": 1.5}], "tags": []});
            if n % 4 > 0 {
                flight["delay"] = json!(n);
                flight["gate"] = json!("a");
            }
            flight
        })
        .collect();
    let schema = learnt(&samples);
    assert_eq!(
        schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "t",
            "type": "object",
            "properties": {
                "carrier": {"type": "string", "enum": ["AA", "UA"]},
                "flight": {"type": "integer"},
                "tailnum": {"type": "string"},
                "delay": {"type": ["null", "integer"]},
                "gate": {"type": "string", "enum": ["a"]},
                "legs": {"type": "array", "items": {"type": "object", "required": ["from", "miles"],
                    "properties": {"from": {"type": "string", "enum": ["EWR"]}, "miles": {"type": "number"}}}},
                "tags": {"type": "array"},
            },
            "required": ["carrier", "delay", "flight", "legs", "tags", "tailnum"],
        })
    );
    assert!(samples.iter().all(|sample| valid(&schema, sample)));
    let mut other = samples[0].clone();
    other["flight"] = json!("x");
    assert!(!valid(&schema, &other), "a learnt schema refuses another type");
    other = samples[0].clone();
    other["new"] = json!(1);
    assert!(valid(&schema, &other), "and takes a new member");
}

#[test]
fn what_is_too_much_is_left_open() {
    let mut deep = json!(1);
    for _ in 0..INFER_MAX_DEPTH + 5 {
        deep = json!([deep]);
    }
    assert!(valid(&learnt(std::slice::from_ref(&deep)), &deep));
    let wide: serde_json::Map<String, Value> =
        (0..INFER_MAX_MEMBERS + 1).map(|n| (format!("k{n}"), json!(n))).collect();
    let wide = Value::Object(wide);
    let schema = learnt(std::slice::from_ref(&wide));
    assert_eq!(schema.get("properties"), None, "a map");
    assert!(valid(&schema, &json!({"k0": "x"})));
    let words: Vec<Value> = (0..1000).map(|n| json!(format!("w{}", n % (INFER_MAX_WORDS + 1)))).collect();
    assert_eq!(learnt(&words).get("enum"), None);
    assert_eq!(learnt(&[]).get("type"), None, "nothing is said of what was never seen");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
        "\\PC{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-d/~]", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_sample_is_valid(samples in prop::collection::vec(value(), 1..30), again in 1..20_usize) {
        // Seen often, few words become an enum.
        let samples: Vec<Value> = samples.iter().cycle().take(samples.len() * again).cloned().collect();
        let schema = learnt(&samples);
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for sample in &samples {
            prop_assert!(validator.is_valid(sample), "{sample} against {schema}");
        }
    }
}

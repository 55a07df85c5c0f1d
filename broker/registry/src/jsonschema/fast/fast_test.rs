use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn fast(schema: &Value) -> Option<Fast> {
    Fast::new(schema, Draft::Draft202012)
}

fn valid(schema: &Value, text: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(schema)
        .expect("a schema")
        .is_valid(&value)
}

#[test]
fn everyday_schemas_have_a_short_way() {
    let schema = json!({"type": "object", "required": ["a", "z"], "additionalProperties": false, "properties": {
        "a": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}, "b": {"enum": ["x", 3, null]},
        "c": {"type": ["integer", "null"], "minimum": 0, "exclusiveMaximum": 10}, "d": {"type": "number", "maximum": 2.5},
        "e": {"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 1}, "f": {"const": true},
        "z": {"additionalProperties": {"type": "integer"}}}});
    let short = fast(&schema).expect("a short way");
    for (text, plainly) in [
        (r#"{"a":"ABC-1","z":{}}"#, true),
        (
            r#" { "z" : { "k" : 1 , "l" : -2 } , "a" : "ABC-12", "b":"x", "c":null, "d":2.25, "e":["äöü"], "f":true } "#,
            true,
        ),
        (r#"{"a":"ABC-1","z":{},"b":3,"c":9}"#, true),
        (r#"{"a":"ABC-1","z":{},"c":0}"#, true),
        (r#"{"a":"ABC-1","z":{},"d":2.5}"#, false),
        (r#"{"a":"ABC-1","z":{},"b":3.0}"#, false),
        (r#"{"a":"ABC-1","z":{},"d":1e0}"#, false),
        (r#"{"a":"ABC\u002d1","z":{}}"#, false),
        (r#"{"a":"ABC-1","z":{},"c":1.0}"#, false),
    ] {
        assert!(valid(&schema, text), "{text}");
        assert_eq!(short.accepts(text), plainly, "{text}");
    }
    for text in [
        r#"{"a":"ABC-1"}"#,
        r#"{"a":"ABC","z":{}}"#,
        r#"{"a":"ABC-1","z":{},"b":"y"}"#,
        r#"{"a":"ABC-1","z":{},"c":10}"#,
        r#"{"a":"ABC-1","z":{},"c":-1}"#,
        r#"{"a":"ABC-1","z":{},"c":1.5}"#,
        r#"{"a":"ABC-1","z":{},"d":2.6}"#,
        r#"{"a":"ABC-1","z":{},"e":[]}"#,
        r#"{"a":"ABC-1","z":{},"e":["abcd"]}"#,
        r#"{"a":"ABC-1","z":{},"f":false}"#,
        r#"{"a":"ABC-1","z":{"k":1.5}}"#,
        r#"{"a":"ABC-1","z":{},"g":1}"#,
        r#"{"a":"ABC-1","z":{},"a":7}"#,
        r#"{"a":"ABC-1","z":{}"#,
        r#"{"a":"ABC-1","z":{},}"#,
        r#"{"a":"ABC-1" "z":{}}"#,
        r#"{"a":"ABC-1","z":{}} x"#,
        "{\"a\":\"ABC-1\",\"z\":{\"k\n\":1}}",
        "[]",
        "",
    ] {
        assert!(!valid(&schema, text), "{text}");
        assert!(!short.accepts(text), "{text}");
    }
}

#[test]
fn schemas_that_say_more_have_none() {
    for schema in [
        json!({"$ref": "#/$defs/a", "$defs": {"a": {}}}),
        json!({"oneOf": [{}]}),
        json!({"type": "object", "patternProperties": {"^a": {}}}),
        json!({"pattern": "\\d"}),
        json!({"pattern": "a.c"}),
        json!({"properties": {"a": {"not": {}}}}),
        json!({"items": [{}]}),
        json!({"enum": [1.5]}),
        json!({"enum": [{}]}),
        json!(false),
        json!({"required": ["a"], "additionalProperties": false}),
    ] {
        assert!(fast(&schema).is_none(), "{schema}");
    }
    assert!(Fast::new(&json!({"format": "email"}), Draft::Draft7).is_none(), "an assertion there");
}

fn schema() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just(json!("a")),
        Just(json!("bb")),
        Just(json!(1)),
        Just(json!(null)),
        Just(json!(true))
    ];
    let types = prop::sample::subsequence(
        vec!["null", "boolean", "number", "integer", "string", "array", "object"],
        1..4,
    );
    let leaf = prop_oneof![
        Just(json!({})),
        Just(json!(true)),
        types.prop_map(|types| json!({ "type": types })),
        prop::collection::vec(word.clone(), 1..4).prop_map(|words| json!({ "enum": words })),
        word.prop_map(|word| json!({ "const": word })),
        (-3..3_i64, -3..3_i64).prop_map(|(low, high)| json!({"minimum": low, "exclusiveMaximum": high})),
        (-3.0..3.0, -3.0..3.0).prop_map(|(low, high)| json!({"exclusiveMinimum": low, "maximum": high})),
        (0..3_u8, 0..4_u8).prop_map(|(low, high)| json!({"minLength": low, "maxLength": high})),
        prop_oneof!["\\^?[ab]{1,2}\\$?", "\\^\\[ab\\]\\{1,2\\}\\$", "a\\|b", "\\(a\\|b\\)\\+\\$"]
            .prop_map(|pattern| json!({ "pattern": pattern })),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..2_u8, 0..4_u8)
                .prop_map(|(items, low, high)| json!({"items": items, "minItems": low, "maxItems": high})),
            (
                prop::collection::btree_map("[a-c]", inner.clone(), 0..3),
                prop::collection::btree_set("[a-c]", 0..2),
                prop_oneof![Just(json!(true)), Just(json!(false)), inner],
            )
                .prop_map(|(properties, required, others)| {
                    json!({"type": ["object", "null"], "properties": properties, "required": required,
                        "additionalProperties": others})
                }),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "1",
            "0",
            "-0",
            "1.0",
            "1e2",
            "-2",
            "2.5",
            "01",
            "1.",
            "\"a\"",
            "\"bb\"",
            "\"ä\"",
            "\"\\n\"",
            "\"\\u0061\"",
            "\"\\ud800\"",
            "\"ab",
            "nul",
            "12345678901234567890",
            "-2.0000000001",
            "0.1",
        ])
        .prop_map(str::to_owned),
        (-3.0..3.0).prop_map(|number: f64| number.to_string()),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(", "))),
            prop::collection::vec(("[a-d]", inner), 0..4).prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(name, value)| format!("\"{name}\" :{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// The one thing that must hold.
    #[test]
    fn what_is_accepted_is_valid(schema in schema(), texts in prop::collection::vec(text(), 1..8)) {
        if let Some(short) = fast(&schema) {
            for text in texts {
                prop_assert!(!short.accepts(&text) || valid(&schema, &text), "{text} against {schema}");
            }
        }
    }
}

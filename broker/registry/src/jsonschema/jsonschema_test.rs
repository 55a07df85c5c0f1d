use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> JsonSchema {
    JsonSchema::parse(text, &[]).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn texts() {
    let schema = parsed("{ \"type\" : \"object\", \"$id\": \"x\", \"a\": 1.50 }");
    assert_eq!(schema.canonical(), r#"{"type":"object","$id":"x","a":1.5}"#);
    assert_eq!(schema.normalized(), r#"{"$id":"x","a":1.5,"type":"object"}"#);
}

#[test]
fn drafts() {
    for (uri, draft) in [
        ("http://json-schema.org/draft-04/schema#", Draft::Draft4),
        ("http://json-schema.org/draft-06/schema#", Draft::Draft6),
        ("http://json-schema.org/draft-07/schema#", Draft::Draft7),
        ("https://json-schema.org/draft/2019-09/schema", Draft::Draft201909),
        ("https://json-schema.org/draft/2020-12/schema", Draft::Draft202012),
        ("urn:unknown", Draft::Draft7),
    ] {
        assert_eq!(parsed(&format!(r#"{{"$schema":"{uri}"}}"#)).draft(), draft);
    }
}

#[test]
fn where_references_lead() {
    let used = r#"{"$id":"http://e.x/u.json","definitions":{"p":{"type":"string"}},"type":"object"}"#;
    for (text, found) in [
        (r##"{"$ref":"#"}"##, true),
        (r##"{"properties":{"a":{"$ref":"#/definitions/a~1b"}},"definitions":{"a/b":{}}}"##, true),
        (r##"{"$ref":"#/definitions/x"}"##, false),
        (r#"{"$ref":"u.json"}"#, true),
        (r##"{"$ref":"u.json#/definitions/p"}"##, true),
        (r##"{"$ref":"http://e.x/u.json#/definitions/p"}"##, true),
        (r#"{"$ref":"http://e.x/other.json"}"#, false),
        (r#"{"$id":"http://e.x/me.json","properties":{"a":{"$ref":"u.json"}}}"#, true),
        (r#"{"$ref":"http://json-schema.org/draft-07/schema#"}"#, true),
        (
            r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#n","$defs":{"a":{"$anchor":"n"}}}"##,
            true,
        ),
        (r##"{"definitions":{"a":{"$id":"#n"}},"$ref":"#n"}"##, true),
    ] {
        let read = JsonSchema::parse(text, &[("u.json", used)]);
        assert_eq!(read.is_ok(), found, "{text}: {read:?}");
    }
    // Round and round: read, and nothing is like it.
    let round = parsed(r##"{"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/a"}}}"##);
    assert!(!incompatibilities(crate::compat::Policy::Strict, &round, &round).is_empty());
}

#[test]
fn what_is_no_schema() {
    for text in
        ["", "1", "[]", r#"{"type":1}"#, r#"{"type":"strin"}"#, r#"{"properties":{"a":1}}"#, r#"{"enum":1}"#]
    {
        assert!(JsonSchema::parse(text, &[]).is_err(), "{text}");
    }
}

#[test]
fn values() {
    let compiled = |text: &str| Validator::new(&parsed(text));
    let schema = r#"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"array","items":{"pattern":"^x+$"}}},"required":["a"]}"#;
    let validator = compiled(schema).unwrap();
    assert_eq!(validator.check(br#"{"a":1,"b":["xx"]}"#), Ok(()));
    let fault = validator.check(br#"{"a":1,"b":["xx","y"]}"#).unwrap_err();
    assert_eq!(fault.path, "/b/1");
    assert!(validator.check(b"{}").is_err());
    assert!(validator.check(b"{").is_err());
    assert!(validator.check(b"\xff").is_err());
    assert!(validator.check("[".repeat(100_000).as_bytes()).is_err());
    // Quadratic or worse by backtracking; linear here.
    let slow = compiled(r#"{"pattern":"^(a+)+$"}"#).unwrap();
    assert!(slow.check(format!("\"{}b\"", "a".repeat(50_000)).as_bytes()).is_err());
    assert!(compiled(r#"{"pattern":"(?=a)b"}"#).is_err(), "look-around is not linear");
    assert!(compiled(r#"{"pattern":"(((a{1000}){1000}){1000})"}"#).is_err(), "a bomb");
    let used = JsonSchema::parse(
        r##"{"$ref":"u.json#/definitions/p"}"##,
        &[("u.json", r#"{"definitions":{"p":{"type":"string"}}}"#)],
    );
    let validator = Validator::new(&used.unwrap()).unwrap();
    assert_eq!(validator.check(b"\"x\""), Ok(()));
    assert!(validator.check(b"1").is_err());
    let four = compiled(
        r#"{"$schema":"http://json-schema.org/draft-04/schema#","maximum":5,"exclusiveMaximum":true}"#,
    );
    assert!(four.unwrap().check(b"5").is_err());
}

/// Schemas by chance: types, ranges, objects, choices.
fn any_schema() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "true",
        "{}",
        r#"{"type":"string"}"#,
        r#"{"type":"string","maxLength":3}"#,
        r#"{"type":"integer","minimum":0}"#,
        r#"{"type":"number"}"#,
        r#"{"enum":["a","b"]}"#,
        r#"{"type":["null","string"]}"#,
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, closed)| format!(
                r#"{{"type":"object","properties":{{"a":{a},"b":{b}}},"additionalProperties":{}}}"#,
                !closed
            )),
            inner.clone().prop_map(|of| format!(r#"{{"type":"array","items":{of}}}"#)),
            (inner.clone(), inner).prop_map(|(a, b)| format!(r#"{{"anyOf":[{a},{b}]}}"#)),
        ]
    })
}

/// Values that the schemas above tell apart.
const VALUES: &[&str] = &[
    "null",
    "1",
    "-1",
    "1.5",
    "\"a\"",
    "\"abcd\"",
    "[]",
    "[1]",
    "[\"abcd\"]",
    "{}",
    r#"{"a":1}"#,
    r#"{"a":"abcd"}"#,
    r#"{"b":null}"#,
    r#"{"c":1}"#,
    r#"{"a":{"a":-1}}"#,
    r#"{"a":[null]}"#,
    "[[1]]",
    "[{\"b\":\"a\"}]",
];

proptest! {
    #[test]
    fn a_schema_goes_with_itself(text in any_schema()) {
        let schema = parsed(&text);
        prop_assert_eq!(incompatibilities(crate::compat::Policy::Strict, &schema, &schema), []);
    }

    /// What is judged compatible is so: the reader takes every value of the writer's.
    #[test]
    fn compatible_means_that_values_are_taken(reader in any_schema(), writer in any_schema()) {
        let (reader, writer) = (parsed(&reader), parsed(&writer));
        if incompatibilities(crate::compat::Policy::Strict, &reader, &writer).is_empty() {
            let (reads, writes) = (Validator::new(&reader).unwrap(), Validator::new(&writer).unwrap());
            for value in VALUES {
                if writes.check(value.as_bytes()).is_ok() {
                    prop_assert!(reads.check(value.as_bytes()).is_ok(), "{} reads not {} of {}", reader.canonical(), value, writer.canonical());
                }
            }
        }
    }
}

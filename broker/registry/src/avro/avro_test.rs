use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    parse(text, &[], false).unwrap_or_else(|e| panic!("{text}: {e}")).canonical()
}

/// The text as Java's `Schema.toString()` has it.
#[test]
fn canonical_text() {
    for (text, written) in [
        ("string", "\"string\""),
        ("{\"type\" : \"string\"}", "\"string\""),
        (
            r#"{"type":"string","avro.java.string":"String"}"#,
            r#"{"type":"string","avro.java.string":"String"}"#,
        ),
        (r#"{"logicalType":"date","type":"int"}"#, r#"{"type":"int","logicalType":"date"}"#),
        (r#"["null", {"type":"array","items":"int"}]"#, r#"["null",{"type":"array","items":"int"}]"#),
        (
            r#"{"name":"a.b.R","type":"record","doc":"d","aliases":["Q","x.Y"],"fields":[
               {"type":"int","name":"f","default":1,"doc":"e","order":"ignore","aliases":["g"],"x":1},
               {"name":"n","type":["null","R"],"order":"ascending","default":null}],"z":true}"#,
            r#"{"type":"record","name":"R","namespace":"a.b","doc":"d","fields":[{"name":"f","type":"int","doc":"e","default":1,"order":"ignore","aliases":["g"],"x":1},{"name":"n","type":["null","R"],"default":null}],"z":true,"aliases":["Q","x.Y"]}"#,
        ),
        (
            r#"{"type":"enum","name":"E","namespace":"n","default":"A","symbols":["A","B"]}"#,
            r#"{"type":"enum","name":"E","namespace":"n","symbols":["A","B"],"default":"A"}"#,
        ),
        (
            r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":4}},{"name":"y","type":"n.F"},{"name":"z","type":{"type":"fixed","name":"o.G","size":1}}]}"#,
            r#"{"type":"record","name":"R","namespace":"n","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":4}},{"name":"y","type":"F"},{"name":"z","type":{"type":"fixed","name":"G","namespace":"o","size":1}}]}"#,
        ),
    ] {
        assert_eq!(canonical(text), written);
        assert_eq!(canonical(written), written, "what is written is read as the same");
    }
}

#[test]
fn normalized_text_sorts_properties() {
    let schema = parse(r#"{"type":"int","z":{"b":1,"a":2},"a":3}"#, &[], false).unwrap();
    assert_eq!(schema.canonical(), r#"{"type":"int","z":{"b":1,"a":2},"a":3}"#);
    assert_eq!(schema.normalized(), r#"{"type":"int","a":3,"z":{"a":2,"b":1}}"#);
}

#[test]
fn references_stay_names() {
    let used = r#"{"type":"record","name":"U","namespace":"n","fields":[]}"#;
    let text = r#"{"type":"record","name":"R","fields":[{"name":"u","type":"n.U"}]}"#;
    let schema = parse(text, &[used], false).unwrap();
    assert_eq!(schema.canonical(), text);
    assert_eq!(
        schema.resolved(),
        r#"{"type":"record","name":"R","fields":[{"name":"u","type":{"type":"record","name":"U","namespace":"n","fields":[]}}]}"#
    );
    assert_eq!(parse(text, &[], false).unwrap_err(), "Undefined schema: n.U");
}

#[test]
fn what_is_no_schema() {
    for text in [
        "x",
        "\"x\"",
        "{}",
        "1",
        r#"{"type":"record","name":"R"}"#,
        r#"{"type":"record","fields":[]}"#,
        r#"{"type":"record","name":"1R","fields":[]}"#,
        r#"{"type":"record","name":"R","namespace":"a..b","fields":[]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"up"}]}"#,
        r#"{"type":"record","name":"int","fields":[]}"#,
        r#"["int","int"]"#,
        r#"["int",["string"]]"#,
        r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]"#,
        r#"{"type":"enum","name":"E","symbols":["A","A"]}"#,
        r#"{"type":"enum","name":"E","symbols":["A-B"]}"#,
        r#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#,
        r#"{"type":"fixed","name":"F","size":-1}"#,
        r#"{"type":"array"}"#,
    ] {
        assert!(parse(text, &[], true).is_err(), "{text}");
    }
}

/// As they stand in registries that were filled before names were checked.
#[test]
fn names_of_old_schemas_are_taken() {
    for text in [
        r#"{"type":"record","name":"1R","namespace":"a-b","fields":[{"name":"c-d","type":"int"}]}"#,
        r#"{"type":"enum","name":"E","symbols":["A-B"]}"#,
    ] {
        assert!(parse(text, &[], false).is_ok() && parse(text, &[], true).is_err(), "{text}");
    }
}

#[test]
fn defaults_are_checked_when_asked() {
    let field = |of: &str, default: &str| {
        format!(r#"{{"type":"record","name":"R","fields":[{{"name":"a","type":{of},"default":{default}}}]}}"#)
    };
    for (of, default, fits) in [
        ("\"int\"", "1", true),
        ("\"int\"", "3000000000", false),
        ("\"long\"", "3000000000", true),
        ("\"int\"", "\"1\"", false),
        ("[\"null\",\"int\"]", "null", true),
        ("[\"null\",\"int\"]", "1", true),
        ("[\"null\",\"int\"]", "\"a\"", false),
        ("{\"type\":\"array\",\"items\":\"int\"}", "[1,\"a\"]", false),
        ("{\"type\":\"map\",\"values\":\"int\"}", "{\"k\":1}", true),
        ("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "\"B\"", false),
        ("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "\"ab\"", true),
        ("{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"}]}", "{}", false),
        ("\"bytes\"", "\"\\u0100\"", false),
    ] {
        assert_eq!(parse(&field(of, default), &[], true).is_ok(), fits, "{of} {default}");
        assert!(parse(&field(of, default), &[], false).is_ok());
    }
}

#[test]
fn deep_schemas_are_refused() {
    let text = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(5000), "}".repeat(5000));
    assert!(parse(&text, &[], false).unwrap_err().contains("nested deeper"));
}

/// Encoded by hand from the specification.
#[test]
fn bytes_of_values() {
    let record = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":["null","long"]},{"name":"c","type":{"type":"array","items":"int"}}]}"#;
    let map = r#"{"type":"map","values":"boolean"}"#;
    let list = r#"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#;
    for (schema, bytes, valid) in [
        ("\"null\"", &b""[..], true),
        ("\"boolean\"", b"\x01", true),
        ("\"boolean\"", b"\x02", false),
        ("\"int\"", b"\x80\x01", true),
        ("\"int\"", b"\xfe\xff\xff\xff\x0f", true),
        ("\"int\"", b"\x80\x80\x80\x80\x10", false),
        ("\"long\"", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", true),
        ("\"long\"", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", false),
        ("\"long\"", b"\x80", false),
        ("\"float\"", b"1234", true),
        ("\"double\"", b"1234567", false),
        ("\"string\"", b"\x06foo", true),
        ("\"string\"", b"\x06fo", false),
        ("\"string\"", b"\x02\xff", false),
        ("\"bytes\"", b"\x02\xff", true),
        ("\"bytes\"", b"\x01", false),
        ("\"string\"", b"\x06foo\0", false),
        (record, b"\x02x\0\0", true),
        (record, b"\x02x\x02\x04\x04\x02\x04\0", true),
        (record, b"\x02x\x02\x04\x03\x04\x02\x04\0", true),
        (record, b"\x02x\x02\x04\x03\x06\x02\x04\0", false),
        (record, b"\x02x\x04\0", false),
        (map, b"\x02\x02k\x01\0", true),
        (map, b"\x02\x02k\x05\0", false),
        (r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, b"\x02", true),
        (r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, b"\x04", false),
        (r#"{"type":"fixed","name":"F","size":2}"#, b"ab", true),
        (list, b"\x02\x02\0", true),
        // A billion nulls in a few bytes.
        (r#"{"type":"array","items":"null"}"#, b"\x80\xa8\xd6\xb9\x07\0", false),
    ] {
        let found = check(&parse(schema, &[], false).unwrap(), bytes);
        assert_eq!(found.is_ok(), valid, "{schema} {bytes:?}: {found:?}");
    }
    let endless = check(&parse(list, &[], false).unwrap(), &[2; 100_000]).unwrap_err();
    assert!(endless.reason.contains("nested deeper"), "{endless}");
    let fault = check(&parse(record, &[], false).unwrap(), b"\x02x\x04\0").unwrap_err();
    assert_eq!(fault.to_string(), "at 'b': a union has no branch number 2 (byte 3)");
}

/// Schemas by chance, without references.
fn any_schema() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "\"null\"",
        "\"int\"",
        "\"long\"",
        "\"string\"",
        "\"bytes\"",
        "\"double\"",
    ])
    .prop_map(str::to_owned);
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| format!(r#"{{"type":"array","items":{of}}}"#)),
            inner.clone().prop_map(|of| format!(r#"{{"type":"map","values":{of}}}"#)),
            prop::collection::vec((inner, any::<bool>()), 0..4).prop_map(|fields| {
                let fields: Vec<String> = fields
                    .iter()
                    .enumerate()
                    .map(|(i, (of, default))| {
                        let default = if *default { ",\"default\":null" } else { "" };
                        format!(r#"{{"name":"f{i}","type":{of}{default}}}"#)
                    })
                    .collect();
                format!(r#"{{"type":"record","name":"R@","fields":[{}]}}"#, fields.join(","))
            }),
        ]
    });
    tree.prop_map(|text| {
        // Each record a name of its own.
        let mut parts = text.split('@');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for (number, part) in parts.enumerate() {
            out.push_str(&format!("{number}{part}"));
        }
        out
    })
}

proptest! {
    #[test]
    fn every_schema_reads_itself_and_its_canonical_text(text in any_schema()) {
        let schema = parse(&text, &[], false).unwrap();
        let again = parse(&schema.canonical(), &[], false).unwrap();
        prop_assert_eq!(schema.canonical(), again.canonical());
        prop_assert!(incompatibilities(&schema, &again).is_empty());
    }

    #[test]
    fn whatever_bytes_come(text in any_schema(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = check(&parse(&text, &[], false).unwrap(), &bytes);
    }

    #[test]
    fn whatever_text_comes(text in "[\\[\\]{}:,\"a-f0-9typenamrcodfils. ]{0,60}") {
        let _ = parse(&text, &[], true);
    }
}

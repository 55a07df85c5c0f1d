//! The published rules as tables: reader, writer, and what Confluent calls the difference (empty: compatible).

use super::check::differences;
use super::*;
use crate::schema::{Parsed, Schema, SchemaType, parse};

fn parsed(of: SchemaType, text: &str) -> Parsed {
    parse(&Schema::new(of, text), &[], false).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn types(of: SchemaType, policy: Policy, reader: &str, writer: &str) -> Vec<String> {
    differences(policy, &parsed(of, reader), &parsed(of, writer)).into_iter().map(|d| d.error_type).collect()
}

fn table(of: SchemaType, rows: &[(&str, &str, &str)]) {
    for (reader, writer, expected) in rows {
        let found = types(of, Policy::Strict, reader, writer);
        let expected: Vec<&str> = expected.split(' ').filter(|e| !e.is_empty()).collect();
        assert_eq!(found, expected, "reader {reader}\nwriter {writer}");
    }
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"R","namespace":"n","fields":[{fields}]}}"#)
}

/// Avro specification, "Schema Resolution".
#[test]
fn avro_rules() {
    let primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
    for reader in primitives {
        for writer in primitives {
            let promotes = reader == writer
                || matches!(
                    (writer, reader),
                    ("int", "long" | "float" | "double")
                        | ("long", "float" | "double")
                        | ("float", "double")
                        | ("string", "bytes")
                        | ("bytes", "string")
                );
            let expected = if promotes { "" } else { "TYPE_MISMATCH" };
            table(SchemaType::Avro, &[(&format!("\"{reader}\""), &format!("\"{writer}\""), expected)]);
        }
    }
    let (a, a_default) = (r#"{"name":"a","type":"int"}"#, r#"{"name":"a","type":"int","default":1}"#);
    let b = r#"{"name":"b","type":"string"}"#;
    let renamed = r#"{"name":"c","type":"int","aliases":["a"]}"#;
    let symbols = |s: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{s}]}}"#);
    let with_default = r#"{"type":"enum","name":"E","symbols":["A","U"],"default":"U"}"#;
    let fixed = |name: &str, size: u8| format!(r#"{{"type":"fixed","name":"{name}","size":{size}}}"#);
    let aliased = r#"{"type":"record","name":"S","aliases":["n.R"],"fields":[]}"#;
    let array = |of: &str| format!(r#"{{"type":"array","items":{of}}}"#);
    let map = |of: &str| format!(r#"{{"type":"map","values":{of}}}"#);
    table(
        SchemaType::Avro,
        &[
            (&record(a_default), &record(""), ""),
            (&record(a), &record(""), "READER_FIELD_MISSING_DEFAULT_VALUE"),
            (&record(""), &record(a), ""),
            (&record(&format!("{b},{a}")), &record(&format!("{a},{b}")), ""),
            (&record(renamed), &record(a), ""),
            (&record(r#"{"name":"a","type":"string"}"#), &record(a), "TYPE_MISMATCH"),
            (&record(r#"{"name":"a","type":["null","int"]}"#), &record(a), ""),
            (&record(a), &record(r#"{"name":"a","type":["null","int"]}"#), "TYPE_MISMATCH"),
            (r#"{"type":"record","name":"S","fields":[]}"#, &record(""), "NAME_MISMATCH"),
            (r#"{"type":"record","name":"m.R","fields":[]}"#, &record(""), ""),
            (aliased, &record(""), ""),
            (&symbols("\"A\",\"B\""), &symbols("\"A\""), ""),
            (&symbols("\"A\""), &symbols("\"A\",\"B\""), "MISSING_ENUM_SYMBOLS"),
            (with_default, &symbols("\"A\",\"B\""), ""),
            (&fixed("F", 4), &fixed("F", 4), ""),
            (&fixed("F", 4), &fixed("F", 8), "FIXED_SIZE_MISMATCH"),
            (&fixed("F", 4), &fixed("G", 4), "NAME_MISMATCH"),
            (&array("\"long\""), &array("\"int\""), ""),
            (&array("\"int\""), &array("\"long\""), "TYPE_MISMATCH"),
            (&map("\"double\""), &map("\"int\""), ""),
            (&map("\"int\""), &array("\"int\""), "TYPE_MISMATCH"),
            (r#"["null","string"]"#, r#"["null"]"#, ""),
            (r#"["null"]"#, r#"["null","string"]"#, "MISSING_UNION_BRANCH"),
            (r#"["int","string"]"#, r#"["string","int"]"#, ""),
            (r#"["long","string"]"#, "\"int\"", ""),
            (r#"["null","boolean"]"#, "\"int\"", "MISSING_UNION_BRANCH"),
            ("\"long\"", r#"["int","long"]"#, ""),
            ("\"int\"", r#"["int","long"]"#, "TYPE_MISMATCH"),
            ("\"int\"", "[]", ""),
            // Logical types do not count.
            (r#"{"type":"int","logicalType":"date"}"#, "\"int\"", ""),
            (
                r#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
                r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}"#,
                "",
            ),
        ],
    );
}

#[test]
fn avro_recursion() {
    let list = |value: &str| {
        format!(
            r#"{{"type":"record","name":"L","fields":[{{"name":"v","type":"{value}"}},{{"name":"n","type":["null","L"]}}]}}"#
        )
    };
    table(
        SchemaType::Avro,
        &[(&list("long"), &list("int"), ""), (&list("int"), &list("long"), "TYPE_MISMATCH")],
    );
    // Two thousand types one in the other: given up, not a crash.
    let chain = |last: &str| {
        let mut types: Vec<String> = (0..2000)
            .rev()
            .map(|i| {
                let of = if i == 1999 { last.to_owned() } else { format!("\"R{}\"", i + 1) };
                format!(r#"{{"type":"record","name":"R{i}","fields":[{{"name":"f","type":{of}}}]}}"#)
            })
            .collect();
        types.push("\"null\"".to_owned());
        format!("[{}]", types.join(","))
    };
    let found = types(SchemaType::Avro, Policy::Strict, &chain("\"int\""), &chain("\"int\""));
    assert!(found.is_empty() || found == ["TOO_COMPLEX"], "{found:?}");
}

fn object(more: &str, properties: &str) -> String {
    format!(r#"{{"type":"object","properties":{{{properties}}}{more}}}"#)
}

/// Confluent's rules for JSON Schema.
#[test]
fn json_rules() {
    let open = |p: &str| object("", p);
    let closed = |p: &str| object(r#","additionalProperties":false"#, p);
    let partly = |p: &str| object(r#","additionalProperties":{"type":"string"}"#, p);
    let (a, ab) = (r#""a":{"type":"string"}"#, r#""a":{"type":"string"},"b":{"type":"string"}"#);
    let ab_number = r#""a":{"type":"string"},"b":{"type":"number"}"#;
    let required =
        |names: &str, p: &str| object(&format!(r#","required":[{names}],"additionalProperties":false"#), p);
    let string = |more: &str| format!(r#"{{"type":"string"{more}}}"#);
    let number = |more: &str| format!(r#"{{"type":"number"{more}}}"#);
    let array = |more: &str| format!(r#"{{"type":"array"{more}}}"#);
    let not = |of: &str| format!(r#"{{"not":{of}}}"#);
    table(
        SchemaType::Json,
        &[
            // Types.
            (&string(""), &string(""), ""),
            (&string(""), &number(""), "TYPE_CHANGED"),
            ("true", &string(""), ""),
            ("{}", &string(""), ""),
            (&string(""), "true", "TYPE_CHANGED"),
            (&string(""), "false", ""),
            (&number(""), r#"{"type":"integer"}"#, ""),
            (r#"{"type":"integer"}"#, &number(""), "TYPE_NARROWED"),
            (r#"{"type":["string","null"]}"#, &string(""), ""),
            (&string(""), r#"{"type":["string","null"]}"#, "TYPE_CHANGED"),
            (r#"{"type":["string","null"]}"#, r#"{"type":["null","string","boolean"]}"#, "SUM_TYPE_NARROWED"),
            // Ranges.
            (&string(r#","maxLength":5"#), &string(r#","maxLength":9"#), "MAX_LENGTH_DECREASED"),
            (&string(r#","maxLength":9"#), &string(r#","maxLength":5"#), ""),
            (&string(r#","maxLength":9"#), &string(""), "MAX_LENGTH_ADDED"),
            (&string(""), &string(r#","maxLength":9"#), ""),
            (&string(r#","minLength":2"#), &string(r#","minLength":1"#), "MIN_LENGTH_INCREASED"),
            (&string(r#","pattern":"a""#), &string(r#","pattern":"b""#), "PATTERN_CHANGED"),
            (&string(r#","pattern":"a""#), &string(""), "PATTERN_ADDED"),
            (&number(r#","maximum":1"#), &number(r#","maximum":2"#), "MAXIMUM_DECREASED"),
            (&number(r#","minimum":2"#), &number(r#","minimum":1"#), "MINIMUM_INCREASED"),
            (&number(r#","exclusiveMinimum":2"#), &number(""), "EXCLUSIVE_MINIMUM_ADDED"),
            (&number(r#","multipleOf":10"#), &number(r#","multipleOf":5"#), "MULTIPLE_OF_EXPANDED"),
            (&number(r#","multipleOf":5"#), &number(r#","multipleOf":10"#), ""),
            (&number(r#","multipleOf":0.1"#), &number(r#","multipleOf":0.3"#), ""),
            (&number(r#","multipleOf":3"#), &number(r#","multipleOf":10"#), "MULTIPLE_OF_CHANGED"),
            // Enumerations.
            (r#"{"enum":["a","b"]}"#, r#"{"enum":["a"]}"#, ""),
            (r#"{"enum":["a"]}"#, r#"{"enum":["a","b"]}"#, "ENUM_ARRAY_NARROWED"),
            (r#"{"enum":["a","c"]}"#, r#"{"enum":["a","b"]}"#, "ENUM_ARRAY_CHANGED"),
            (r#"{"type":"string","enum":["a","b"]}"#, r#"{"type":"string","enum":["a"]}"#, ""),
            (
                r#"{"type":"string","enum":["a"]}"#,
                r#"{"type":"string","enum":["a","b"]}"#,
                "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
            ),
            (r#"{"const":1}"#, r#"{"const":2}"#, "ENUM_ARRAY_CHANGED"),
            // Content models.
            (&open(ab), &open(a), "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"),
            (&open(r#""a":{"type":"string"},"b":{}"#), &open(a), ""),
            (&open(a), &open(ab), ""),
            (&closed(ab), &closed(a), ""),
            (&closed(a), &closed(ab), "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"),
            (&closed(a), &closed(r#""a":{"type":"string"},"b":false"#), ""),
            (&partly(ab), &partly(a), ""),
            (
                &partly(ab_number),
                &partly(a),
                "TYPE_CHANGED PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            ),
            (&partly(a), &partly(ab), ""),
            (
                &partly(a),
                &partly(ab_number),
                "TYPE_CHANGED PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            ),
            (&open(a), &closed(a), ""),
            (&closed(a), &open(a), "ADDITIONAL_PROPERTIES_REMOVED"),
            (&partly(a), &open(a), "ADDITIONAL_PROPERTIES_NARROWED"),
            (&open(a), &partly(a), ""),
            // Required.
            (&required("", a), &required("\"a\"", a), ""),
            (&required("\"a\"", a), &required("", a), "REQUIRED_ATTRIBUTE_ADDED"),
            (&required("\"a\"", r#""a":{"type":"string","default":"x"}"#), &required("", a), ""),
            (&required("\"b\"", ab), &required("", a), "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"),
            (
                &required("\"b\"", r#""a":{"type":"string"},"b":{"type":"string","default":"x"}"#),
                &required("", a),
                "",
            ),
            (&object(r#","required":["b"]"#, ab), &open(a), "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"),
            (&object(r#","maxProperties":1"#, a), &open(a), "MAX_PROPERTIES_ADDED"),
            (&object(r#","dependencies":{"a":["b"]}"#, a), &open(a), "DEPENDENCY_ARRAY_ADDED"),
            (&open(a), &object(r#","dependencies":{"a":["b"]}"#, a), ""),
            (
                &object(r#","dependentSchemas":{"a":{"type":"object"}}"#, a),
                &object(r#","dependentSchemas":{"a":{"type":"array"}}"#, a),
                "TYPE_CHANGED",
            ),
            // Arrays.
            (&array(r#","items":{"type":"number"}"#), &array(r#","items":{"type":"integer"}"#), ""),
            (
                &array(r#","items":{"type":"integer"}"#),
                &array(r#","items":{"type":"number"}"#),
                "TYPE_NARROWED",
            ),
            (&array(r#","items":{"type":"integer"}"#), &array(""), "SCHEMA_ADDED"),
            (&array(r#","uniqueItems":true"#), &array(""), "UNIQUE_ITEMS_ADDED"),
            (&array(r#","maxItems":3"#), &array(r#","maxItems":4"#), "MAX_ITEMS_DECREASED"),
            (
                &array(r#","items":[{"type":"string"}]"#),
                &array(r#","items":[]"#),
                "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
            ),
            (
                &array(r#","items":[{"type":"string"}],"additionalItems":false"#),
                &array(r#","items":[],"additionalItems":false"#),
                "",
            ),
            (
                &array(r#","items":[],"additionalItems":false"#),
                &array(r#","items":[{"type":"string"}],"additionalItems":false"#),
                "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
            ),
            // Sums and products.
            (r#"{"oneOf":[{"type":"string"},{"type":"number"}]}"#, &string(""), ""),
            (r#"{"oneOf":[{"type":"string"},{"type":"number"}]}"#, r#"{"type":"boolean"}"#, "TYPE_CHANGED"),
            (
                r#"{"oneOf":[{"type":"string"}]}"#,
                r#"{"oneOf":[{"type":"string"},{"type":"number"}]}"#,
                "SUM_TYPE_NARROWED",
            ),
            (
                r#"{"oneOf":[{"type":"number"},{"type":"string"},{"type":"null"}]}"#,
                r#"{"oneOf":[{"type":"string"},{"type":"number"}]}"#,
                "",
            ),
            (
                r#"{"oneOf":[{"type":"string"},{"type":"boolean"}]}"#,
                r#"{"oneOf":[{"type":"string"},{"type":"number"}]}"#,
                "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
            ),
            (
                r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
                r#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
                "",
            ),
            (
                r#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
                r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
                "COMBINED_TYPE_CHANGED",
            ),
            (
                r#"{"allOf":[{"minLength":1},{"maximum":3}]}"#,
                r#"{"allOf":[{"minLength":1}]}"#,
                "PRODUCT_TYPE_EXTENDED",
            ),
            (r#"{"minLength":1}"#, r#"{"allOf":[{"minLength":1},{"maximum":3}]}"#, ""),
            (&not(r#"{"type":"number"}"#), &not(r#"{"type":"integer"}"#), "NOT_TYPE_EXTENDED"),
            (&not(r#"{"type":"integer"}"#), &not(r#"{"type":"number"}"#), ""),
        ],
    );
}

#[test]
fn json_references_and_recursion() {
    let tree = |leaf: &str| {
        format!(
            r##"{{"$ref":"#/definitions/t","definitions":{{"t":{{"type":"object","additionalProperties":false,"properties":{{"l":{{"$ref":"#/definitions/t"}},"v":{{"type":"{leaf}"}}}}}}}}}}"##
        )
    };
    table(
        SchemaType::Json,
        &[
            (&tree("number"), &tree("integer"), ""),
            // At the top, and once more where the type comes back to itself.
            (&tree("integer"), &tree("number"), "TYPE_NARROWED TYPE_NARROWED"),
            (r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}"##, r#"{"type":"string"}"#, ""),
        ],
    );
    // Each definition uses the next twice: two to the sixtieth ways, but sixty pairs.
    let wide = |last: &str| {
        let mut definitions: Vec<String> = (0..60)
            .map(|i| {
                let next = format!(r##"{{"$ref":"#/definitions/d{}"}}"##, i + 1);
                format!(
                    r#""d{i}":{{"type":"object","additionalProperties":false,"properties":{{"a":{next},"b":{next}}}}}"#
                )
            })
            .collect();
        definitions.push(format!(r#""d60":{{"type":"{last}"}}"#));
        format!(r##"{{"$ref":"#/definitions/d0","definitions":{{{}}}}}"##, definitions.join(","))
    };
    assert!(types(SchemaType::Json, Policy::Strict, &wide("number"), &wide("integer")).is_empty());
    assert!(!types(SchemaType::Json, Policy::Strict, &wide("integer"), &wide("number")).is_empty());
}

#[test]
fn json_lenient() {
    let closed = |p: &str| object(r#","additionalProperties":false"#, p);
    let (a, ab) = (r#""a":{"type":"string"}"#, r#""a":{"type":"string"},"b":{"type":"string"}"#);
    for (reader, writer) in
        [(object("", ab), object("", a)), (closed(a), closed(ab)), (closed(a), object("", a))]
    {
        assert!(!types(SchemaType::Json, Policy::Strict, &reader, &writer).is_empty());
        assert!(types(SchemaType::Json, Policy::Lenient, &reader, &writer).is_empty(), "{reader} {writer}");
    }
    let required = object(r#","required":["b"]"#, ab);
    assert!(!types(SchemaType::Json, Policy::Lenient, &required, &object("", a)).is_empty());
}

fn proto(body: &str) -> String {
    format!("syntax = \"proto3\"; package p; {body}")
}

/// Protocol Buffers, "Updating a Message Type", as Confluent judges it.
#[test]
fn protobuf_rules() {
    let m = |fields: &str| proto(&format!("message M {{ {fields} }}"));
    let two = |fields: &str| format!("syntax = \"proto2\"; package p; message M {{ {fields} }}");
    table(
        SchemaType::Protobuf,
        &[
            (&m("int32 a = 1; string b = 2;"), &m("int32 a = 1;"), ""),
            (&m("int32 a = 1;"), &m("int32 a = 1; string b = 2;"), ""),
            (&m("int32 renamed = 1;"), &m("int32 a = 1;"), ""),
            (&m("int64 a = 1;"), &m("int32 a = 1;"), ""),
            (&m("bool a = 1;"), &m("uint64 a = 1;"), ""),
            (&m("bytes a = 1;"), &m("string a = 1;"), ""),
            (&m("sint32 a = 1;"), &m("int32 a = 1;"), "FIELD_SCALAR_KIND_CHANGED"),
            (&m("fixed32 a = 1;"), &m("sfixed32 a = 1;"), ""),
            (&m("double a = 1;"), &m("float a = 1;"), "FIELD_SCALAR_KIND_CHANGED"),
            (&m("string a = 1;"), &m("int32 a = 1;"), "FIELD_SCALAR_KIND_CHANGED"),
            (&m("map<string, int32> a = 1;"), &m("int32 a = 1;"), "FIELD_KIND_CHANGED"),
            (&m("map<string, string> a = 1;"), &m("map<string, int32> a = 1;"), "FIELD_SCALAR_KIND_CHANGED"),
            (&m("E a = 1; enum E { X = 0; }"), &m("int32 a = 1;"), ""),
            (&m("N a = 1; message N { int32 x = 1; }"), &m("int32 a = 1;"), "FIELD_KIND_CHANGED"),
            (
                &m("O a = 1; message O { } message N { }"),
                &m("N a = 1; message O { } message N { }"),
                "FIELD_NAMED_TYPE_CHANGED",
            ),
            (
                &m("N a = 1; message N { string x = 1; }"),
                &m("N a = 1; message N { int32 x = 1; }"),
                "FIELD_NAMED_TYPE_CHANGED FIELD_SCALAR_KIND_CHANGED",
            ),
            (&proto("message M { }"), &proto("message M { } message N { }"), "MESSAGE_REMOVED"),
            (&proto("message N { } message M { }"), &proto("message M { } message N { }"), ""),
            (&m(""), &m("message N { }"), "MESSAGE_REMOVED"),
            (&m("enum E { A = 0; }"), &m("enum E { A = 0; B = 1; }"), ""),
            ("syntax = \"proto3\"; package q; message M { }", &m(""), "PACKAGE_CHANGED"),
            (&two("required int32 a = 1;"), &two(""), "REQUIRED_FIELD_ADDED"),
            (&two(""), &two("required int32 a = 1;"), "REQUIRED_FIELD_REMOVED"),
            (&two("repeated int32 a = 1;"), &two("optional int32 a = 1;"), "FIELD_NUMERIC_LABEL_CHANGED"),
            (&two("repeated string a = 1;"), &two("optional string a = 1;"), ""),
            // Oneofs.
            (&m("oneof o { int32 a = 1; }"), &m("int32 a = 1;"), ""),
            (
                &m("oneof o { int32 a = 1; int32 b = 2; }"),
                &m("int32 a = 1; int32 b = 2;"),
                "MULTIPLE_FIELDS_MOVED_TO_ONEOF",
            ),
            (
                &m("oneof o { int32 a = 1; int32 b = 2; }"),
                &m("oneof o { int32 a = 1; } int32 b = 2;"),
                "FIELD_MOVED_TO_EXISTING_ONEOF",
            ),
            (&m("oneof o { int32 a = 1; int32 b = 2; }"), &m("oneof o { int32 a = 1; }"), ""),
            (
                &m("oneof o { int32 a = 1; }"),
                &m("oneof o { int32 a = 1; int32 b = 2; }"),
                "ONEOF_FIELD_REMOVED",
            ),
            (&m("int32 a = 1;"), &m("oneof o { int32 a = 1; }"), ""),
            (&m(""), &m("oneof o { int32 a = 1; }"), ""),
            // Recursive.
            (&m("M m = 1; string a = 2;"), &m("M m = 1; bytes a = 2;"), ""),
        ],
    );
}

#[test]
fn levels() {
    let versions = [
        parsed(SchemaType::Avro, &record(r#"{"name":"a","type":"int"}"#)),
        parsed(
            SchemaType::Avro,
            &record(r#"{"name":"a","type":"int"},{"name":"b","type":"int","default":1}"#),
        ),
    ];
    let existing: Vec<Existing<'_>> =
        versions.iter().zip(1..).map(|(schema, version)| Existing { version, schema }).collect();
    let b_required =
        parsed(SchemaType::Avro, &record(r#"{"name":"a","type":"int"},{"name":"b","type":"int"}"#));
    let without_a = parsed(SchemaType::Avro, &record(r#"{"name":"b","type":"int","default":1}"#));
    let fails = |schema: &Parsed| -> Vec<&'static str> {
        let failing = |level: &Level| !check(*level, Policy::Strict, schema, &existing).is_empty();
        Level::ALL.iter().filter(|level| failing(level)).map(|level| level.name()).collect()
    };
    // The latest has b, the first does not.
    assert_eq!(fails(&b_required), ["BACKWARD_TRANSITIVE", "FULL_TRANSITIVE"]);
    assert_eq!(fails(&without_a), ["FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"]);
    let other = parsed(SchemaType::Json, "{}");
    assert_eq!(
        check(Level::Backward, Policy::Strict, &other, &existing),
        ["Incompatible because of different schema type"]
    );
}

#[test]
fn messages_have_confluents_shape() {
    let old = parsed(SchemaType::Avro, &record(""));
    let new = parsed(SchemaType::Avro, &record(r#"{"name":"a","type":"int"}"#));
    let messages = check(Level::Full, Policy::Strict, &new, &[Existing { version: 3, schema: &old }]);
    assert_eq!(
        messages,
        [
            "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'a' at path '/fields/0' of the new schema has no default value and is missing in the old schema', additionalInfo:'a'}",
            "{oldSchemaVersion: 3}",
            r#"{oldSchema: '{"type":"record","name":"R","namespace":"n","fields":[]}'}"#,
        ]
    );
    let old = parsed(SchemaType::Json, r#"{"type":"object","properties":{"a":{"type":"string"}}}"#);
    let new = parsed(SchemaType::Json, r#"{"type":"object","properties":{"a":{"type":"number"}}}"#);
    let messages = check(Level::Forward, Policy::Strict, &new, &[Existing { version: 1, schema: &old }]);
    assert_eq!(
        messages[0],
        "{errorType:\"TYPE_CHANGED\", description:\"A type at path '#/properties/a' is another in the old schema than in the new schema\"}"
    );
}

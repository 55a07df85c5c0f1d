use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> ProtobufSchema {
    ProtobufSchema::parse(text, &[]).unwrap_or_else(|e| panic!("{text}: {e}"))
}

const WHOLE: &str = r#"
syntax = "proto3"; // a comment
package p.q;
import "google/protobuf/timestamp.proto"; /* another
one */
option java_package = 'a.b';
message M {
  reserved 8, 10 to 12; reserved "old";
  option (my.option).x = { a: "b" c: 1 };
  string name = 1 [json_name = "n", deprecated=true];
  repeated int32 numbers = 2;
  map<string, N> many = 3;
  oneof choice { int32 a = 4; N b = 5; }
  message N { E e = 1; google.protobuf.Timestamp at = 2; }
  optional bytes raw = 6;
  .p.q.M again = 7;
}
enum E { ZERO = 0; ONE = 1; }
service S { rpc Get (M) returns (stream M.N); }
"#;

#[test]
fn text_as_kept() {
    let text = parsed(WHOLE).canonical();
    assert_eq!(
        text,
        r#"syntax = "proto3";
package p.q;

import "google/protobuf/timestamp.proto";

option java_package = "a.b";

message M {
  reserved 8;
  reserved 10 to 12;
  reserved "old";
  option (my.option).x = {a:"b" c:1};
  string name = 1 [json_name = "n", deprecated = true];
  repeated int32 numbers = 2;
  map<string, N> many = 3;
  optional bytes raw = 6;
  .p.q.M again = 7;
  oneof choice {
    int32 a = 4;
    N b = 5;
  }
  message N {
    E e = 1;
    google.protobuf.Timestamp at = 2;
  }
}

enum E {
  ZERO = 0;
  ONE = 1;
}

service S {
  rpc Get (M) returns (stream M.N);
}
"#
    );
    assert_eq!(parsed(&text).canonical(), text, "what is written is read as the same");
}

#[test]
fn words_of_the_language_as_names() {
    parsed(
        "syntax = \"proto3\"; message message { string message = 1; int32 option = 2; message reserved = 3; string optional = 4; bool syntax = 5; string oneof = 6; }",
    );
    parsed(
        "message M { optional group G = 1 { required int32 x = 2; } extensions 100 to max; } extend M { optional int32 y = 100; }",
    );
}

#[test]
fn what_is_no_schema() {
    let m = |body: &str| format!("syntax = \"proto3\"; message M {{ {body} }}");
    for text in [
        "x".to_owned(),
        "message M {".to_owned(),
        "syntax = \"proto4\";".to_owned(),
        m("int32 a = 0;"),
        m("int32 a = 19001;"),
        m("int32 a = 1; int32 b = 1;"),
        m("int32 a = 1; int32 a = 2;"),
        m("Unknown a = 1;"),
        m("map<float, int32> a = 1;"),
        m("required int32 a = 1;"),
        m("reserved 1; int32 a = 1;"),
        m("reserved \"a\"; int32 a = 1;"),
        m("enum E { A = 1; }"),
        m("enum E { }"),
        m("enum E { A = 0; B = 0; }"),
        m("oneof o { }"),
        m("message N { } message N { }"),
        "import \"other.proto\";".to_owned(),
        "/* open".to_owned(),
        "import \"open".to_owned(),
    ] {
        assert!(ProtobufSchema::parse(&text, &[]).is_err(), "{text}");
    }
    let deep = format!("{}{}", "message M { ".repeat(5000), "}".repeat(5000));
    assert!(ProtobufSchema::parse(&deep, &[]).unwrap_err().contains("nested deeper"));
}

#[test]
fn imports() {
    let used = "syntax = \"proto3\"; package u; message U { int32 x = 1; }";
    let text = "syntax = \"proto3\"; import \"u.proto\"; message M { u.U u = 1; }";
    let schema = ProtobufSchema::parse(text, &[("u.proto", used)]).unwrap();
    assert!(ProtobufSchema::parse(text, &[]).is_err());
    assert_eq!(check(&schema, &[], b"\x0a\x02\x08\x01"), Ok(()));
    assert!(check(&schema, &[], b"\x0a\x02\x0a\x01").is_err());
}

/// The descriptor of `package p; message M { optional string a = 1; map<string, int32> m = 2; oneof o { int64 b = 3; } }`,
/// put together by hand from descriptor.proto.
#[test]
fn descriptors() {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }
    fn number(field: u8, value: u8) -> Vec<u8> {
        vec![field << 3, value]
    }
    let member = |name: &str, no: u8, label: u8, of: u8, more: &[u8]| {
        [field(1, name.as_bytes()), number(3, no), number(4, label), number(5, of), more.to_vec()].concat()
    };
    let entry = [
        field(1, b"MEntry"),
        field(2, &member("key", 1, 1, 9, &[])),
        field(2, &member("value", 2, 1, 5, &[])),
        field(7, &number(7, 1)),
    ]
    .concat();
    let message = [
        field(1, b"M"),
        // Proto3's own oneof of an optional field: label, number 17 and the second oneof.
        field(2, &member("a", 1, 1, 9, &[0x88, 0x01, 1, 9 << 3, 1])),
        field(2, &member("m", 2, 3, 11, &field(6, b".p.M.MEntry"))),
        field(2, &member("b", 3, 1, 3, &number(9, 0))),
        field(3, &entry),
        field(8, &field(1, b"o")),
        field(8, &field(1, b"_a")),
    ]
    .concat();
    let file = [field(1, b"f.proto"), field(2, b"p"), field(4, &message), field(12, b"proto3")].concat();
    let schema = parsed(&data_encoding::BASE64.encode(&file));
    let text = "syntax = \"proto3\"; package p; message M { optional string a = 1; map<string, int32> m = 2; oneof o { int64 b = 3; } }";
    assert_eq!(schema.canonical(), parsed(text).canonical());
    for end in 0..file.len() {
        let _ = ProtobufSchema::parse(&data_encoding::BASE64.encode(&file[..end]), &[]);
    }
}

#[test]
fn descriptors_and_texts_say_the_same() {
    for text in [
        "syntax = \"proto3\"; package p.q; option java_package = \"a.b\"; message M { repeated int32 n = 1; map<string, N> many_n = 2; oneof c { int32 a = 3; N b = 4; } message N { E e = 1; } optional bytes raw = 5; string j = 6 [json_name = \"x\"]; reserved 8; } enum E { Z = 0; NEG = -1; }",
        "syntax = \"proto2\"; message M { required string s = 1 [default = \"a\\\"b\"]; optional group G = 2 { optional bool b = 1; } extensions 100 to max; }",
    ] {
        let schema = parsed(text);
        let again = parsed(&schema.serialized());
        assert_eq!(again.serialized(), schema.serialized(), "{}", again.canonical());
        assert!(
            incompatibilities(&schema, &again).is_empty() && incompatibilities(&again, &schema).is_empty()
        );
        assert_eq!(again.canonical().matches('\n').count(), schema.canonical().matches('\n').count());
    }
}

/// Encoded by hand from the wire format's description.
#[test]
fn bytes_of_values() {
    let text = "syntax = \"proto2\"; message M { optional int32 i = 1; optional string s = 2; repeated fixed32 f = 3; optional M m = 4; map<string, M> x = 5; optional group G = 6 { optional bool b = 1; } repeated int64 p = 7; } message R { required int32 a = 1; message N { optional double d = 1; } }";
    let schema = parsed(text);
    for (indexes, bytes, valid) in [
        (&[][..], &b""[..], true),
        (&[0], b"\x08\x01", true),
        (&[0], b"\x08", false),
        (&[0], b"\x0a\x01x", false),
        (&[0], b"\x12\x01x", true),
        (&[0], b"\x12\x01\xff", false),
        (&[0], b"\x12\x05x", false),
        (&[0], b"\x1d1234", true),
        (&[0], b"\x1a\x0812341234", true),
        (&[0], b"\x1a\x0712341234", false),
        (&[0], b"\x22\x02\x08\x01", true),
        (&[0], b"\x22\x02\x0a\x01", false),
        (&[0], b"\x2a\x07\x0a\x01k\x12\x02\x08\x01", true),
        (&[0], b"\x2a\x03\x0a\x01\xff", false),
        (&[0], b"\x33\x08\x01\x34", true),
        (&[0], b"\x33\x08\x01", false),
        (&[0], b"\x34", false),
        (&[0], b"\x3a\x02\x01\x02", true),
        (&[0], b"\x3a\x02\x01\x82", false),
        (&[0], b"\xfa\x01\x01x", true),
        (&[0], b"\x07", false),
        (&[0], b"\x00\x01", false),
        (&[1], b"\x08\x01", true),
        (&[1], b"", false),
        (&[1, 0], b"\x0912345678", true),
        (&[2], b"", false),
        (&[1, 1], b"", false),
    ] {
        let found = check(&schema, indexes, bytes);
        assert_eq!(found.is_ok(), valid, "{indexes:?} {bytes:?}: {found:?}");
    }
    let fault = check(&schema, &[0], b"\x22\x02\x0a\x01").unwrap_err();
    assert_eq!(fault.path, "m");
    // Groups in groups are one byte each.
    assert!(check(&schema, &[0], &[0x33; 100_000]).unwrap_err().reason.contains("nested deeper"));
    assert!(check(&schema, &[0], &[0xfb; 100_000]).is_err());
}

proptest! {
    #[test]
    fn whatever_bytes_come(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = check(&parsed(WHOLE), &[0], &bytes);
        let _ = ProtobufSchema::parse(&data_encoding::BASE64.encode(&bytes), &[]);
    }

    #[test]
    fn whatever_text_comes(words in prop::collection::vec(prop::sample::select(vec![
        "message", "enum", "M", "{", "}", "=", "1", ";", "string", "a", "oneof", "map", "<", ">", ",", "option", "(", ")",
        "reserved", "to", "max", "\"x\"", "[", "]", "repeated", "syntax", "proto3", "extend", "service", "rpc", "returns",
        "group", "-", "import", "package", "0x1f", "//", "/*", "'",
    ]), 0..40)) {
        let text = words.join(" ");
        if let Ok(schema) = ProtobufSchema::parse(&text, &[]) {
            let again = ProtobufSchema::parse(&schema.canonical(), &[]);
            prop_assert!(again.is_ok_and(|again| again.canonical() == schema.canonical()), "{}", text);
        }
    }

    #[test]
    fn a_schema_goes_with_itself(types in prop::collection::vec(0..6_usize, 0..8)) {
        let of = ["int32", "string", "repeated double", "map<string, M>", "M", "E"];
        let fields: String = types.iter().zip(1..).map(|(t, n)| format!("{} f{n} = {n};", of[*t])).collect();
        let schema = parsed(&format!("syntax = \"proto3\"; message M {{ {fields} }} enum E {{ A = 0; }}"));
        prop_assert_eq!(incompatibilities(&schema, &schema), []);
    }
}

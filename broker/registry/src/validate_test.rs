//! One door for the three languages.

use std::sync::Arc;

use crate::schema::{Schema, SchemaType, parse};
use crate::validate::{Compiled, validate};

fn compiled(of: SchemaType, text: &str) -> Compiled {
    Compiled::new(Arc::new(parse(&Schema::new(of, text), &[], false).unwrap())).unwrap()
}

#[test]
fn each_language() {
    let avro = compiled(SchemaType::Avro, "\"string\"");
    assert_eq!(validate(&avro, &[], b"\x02a"), Ok(()));
    assert_eq!(
        validate(&avro, &[], b"\x04a").unwrap_err().to_string(),
        "a string of 2 bytes ends early (byte 1)"
    );
    let json = compiled(SchemaType::Json, r#"{"type":"string"}"#);
    assert_eq!(validate(&json, &[], b"\"a\""), Ok(()));
    assert!(validate(&json, &[], b"1").is_err());
    let protobuf = compiled(SchemaType::Protobuf, "syntax = \"proto3\"; message M { string a = 1; }");
    assert_eq!(validate(&protobuf, &[0], b"\x0a\x01a"), Ok(()));
    assert!(validate(&protobuf, &[0], b"\x0a\x01").is_err());
    let wrong = parse(&Schema::new(SchemaType::Json, r#"{"pattern":"(?=a)"}"#), &[], false).unwrap();
    assert!(Compiled::new(Arc::new(wrong)).is_err());
}

use super::*;
use crate::schema::Type;

fn parsed(text: &str) -> (Option<Type>, String) {
    let found = parse(text).expect("never fails for small texts");
    (found.schema.map(|s| s.r#type()), found.value.to_string())
}

#[test]
fn literals_are_read() {
    let cases = [
        ("null", None, "null"),
        ("true", Some(Type::Boolean), "true"),
        ("true}", Some(Type::String), "true}"),
        ("12", Some(Type::Int8), "12"),
        ("300", Some(Type::Int16), "300"),
        ("-70000", Some(Type::Int32), "-70000"),
        ("5000000000", Some(Type::Int64), "5000000000"),
        ("1.5", Some(Type::Float32), "1.5"),
        ("1e300", Some(Type::Float64), "1.0E300"),
        ("12345678901234567890", Some(Type::Bytes), "12345678901234567890"),
        ("2019-08-23", Some(Type::Int32), "1566518400000"),
        ("14:34:54.346Z", Some(Type::Int32), "52494346"),
        ("2019-08-23T14:34:54.346Z", Some(Type::Int64), "1566570894346"),
        ("[1, 2, 300]", Some(Type::Array), "[1, 2, 300]"),
        ("{\"a\":1,\"b\":2}", Some(Type::Map), "{a=1, b=2}"),
        ("[1, a]", Some(Type::String), "[1, a]"),
        ("[1,,2]", Some(Type::String), "[1,,2]"),
        ("some text", Some(Type::String), "some text"),
        ("", Some(Type::String), ""),
        (" ", Some(Type::String), " "),
    ];
    for (text, r#type, value) in cases {
        assert_eq!(parsed(text), (r#type, value.to_owned()), "{text}");
    }
}

#[test]
fn deep_literals_are_texts() {
    let deep = "[".repeat(5000);
    assert_eq!(parsed(&deep).0, Some(Type::String));
}

#[test]
fn values_are_written() {
    let list = Value::from(vec![Value::from("a\"b"), Value::from(1i32), Value::Null]);
    assert_eq!(text(&list).expect("text"), "[\"a\\\"b\",1,null]");
    assert_eq!(text(&Value::Instant(0)).expect("text"), "00:00:00.000Z");
    assert_eq!(text(&Value::Instant(86_400_000)).expect("text"), "1970-01-02");
    assert_eq!(text(&Value::Instant(1_566_570_894_346)).expect("text"), "2019-08-23T14:34:54.346Z");
}

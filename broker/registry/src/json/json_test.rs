use highway_types::limits::SCHEMA_MAX_DEPTH;
use proptest::prelude::*;

use super::*;

#[test]
fn keeps_order_and_numbers() {
    let text = r#"{"b":1,"a":[1.50,-0,1e3,12345678901234567890123],"c":{"z":null,"y":"\u00e9\n\"\\"}}"#;
    let value = parse(text).unwrap();
    assert_eq!(
        value.to_string(),
        r#"{"b":1,"a":[1.5,-0,1000.0,12345678901234567890123],"c":{"z":null,"y":"é\n\"\\"}}"#
    );
    assert_eq!(
        value.sorted().to_string(),
        r#"{"a":[1.5,-0,1000.0,12345678901234567890123],"b":1,"c":{"y":"é\n\"\\","z":null}}"#
    );
}

#[test]
fn doubles_are_written_as_java_does() {
    for (text, written) in [
        ("1e10", "1.0E10"),
        ("0.0001", "1.0E-4"),
        ("1.0", "1.0"),
        ("9999999.5", "9999999.5"),
        ("1.25e-7", "1.25E-7"),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), written);
    }
}

#[test]
fn the_last_of_equal_members_counts() {
    assert_eq!(parse(r#"{"a":1,"b":2,"a":3}"#).unwrap().to_string(), r#"{"a":3,"b":2}"#);
}

#[test]
fn refuses_what_is_not_json() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\"}",
        "{a:1}",
        "01",
        "1.",
        "+1",
        "nul",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "1 2",
        "'a'",
        "\"\\u12\"",
        "-",
        "1e",
        "{\"a\":1,}",
        "NaN",
    ] {
        assert!(matches!(parse(text), Err(JsonError::Syntax { .. })), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(&nested(SCHEMA_MAX_DEPTH)).is_ok());
    assert_eq!(parse(&nested(SCHEMA_MAX_DEPTH + 2)), Err(JsonError::TooDeep));
    assert_eq!(parse(&"[".repeat(1_000_000)), Err(JsonError::TooDeep));
}

#[test]
fn equality_is_of_values() {
    assert_eq!(parse(r#"{"a":1,"b":[1.0]}"#), parse(r#"{"b":[1],"a":1.0}"#));
    assert_ne!(parse("1"), parse("\"1\""));
}

proptest! {
    #[test]
    fn agrees_with_serde(text in "[\\[\\]{}:,\"a0-9.eE+\\-\\\\nultrsfa \u{e9}]{0,24}") {
        let ours = parse(&text);
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(&ours.to_serde(), theirs),
            // serde refuses numbers beyond a double.
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{}", error),
            (Err(_), Err(_)) => {}
            (Err(error), Ok(_)) => prop_assert!(false, "{} refused: {}", text, error),
        }
    }

    #[test]
    fn what_is_written_is_read_back(text in ".{0,40}", number in any::<f64>()) {
        let value = Json::Array(vec![Json::string(text), Json::Number(format!("{number:e}"))]);
        prop_assert_eq!(parse(&value.to_string()).unwrap(), value);
    }
}

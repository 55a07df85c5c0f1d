use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> Result<serde_json::Value, String> {
    fn convert(json: Json<'_>) -> serde_json::Value {
        match json {
            Json::Null => serde_json::Value::Null,
            Json::Bool(value) => value.into(),
            Json::Number(text) => serde_json::from_str(text).expect("a number"),
            Json::String(text) => text.into_owned().into(),
            Json::Array(items) => items.into_iter().map(convert).collect(),
            Json::Object(members) => members.into_iter().map(|(k, v)| (k.into_owned(), convert(v))).collect(),
        }
    }
    let mut parser = Parser::new(text);
    let value = parser.value()?;
    if parser.peek().is_some() { Err("more behind it".to_owned()) } else { Ok(convert(value)) }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        "{",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        "nul",
        "nullx",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"",
        "{\"a\" 1}",
        "[1 2]",
        "-",
        "tru",
    ] {
        assert!(tree(text).is_err(), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
    }
    let deep = "[".repeat(10_000);
    assert!(tree(&deep).expect_err("deep").contains("nested too deep"));
}

#[test]
fn numbers_keep_their_low_bits() {
    let long = |text| Parser::new(text).value().expect("a number").long_value();
    assert_eq!(long("9223372036854775807"), i64::MAX);
    assert_eq!(long("9223372036854775808"), i64::MIN);
    assert_eq!(long("-9223372036854775809"), i64::MAX);
    assert_eq!((long("1.9"), long("-1.9"), long("1e3")), (1, -1, 1000));
}

proptest! {
    #[test]
    fn reads_what_serde_json_reads(text in "[\\[\\]{}:,\"a1.e\\-tn \\\\u0]{0,24}") {
        match (tree(&text), serde_json::from_str::<serde_json::Value>(&text)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(_), Err(_)) => {}
            // serde_json refuses lone surrogates and numbers that are too large for a double.
            (Ok(_), Err(error)) => prop_assert!(
                error.to_string().contains("surrogate") || error.to_string().contains("out of range")
                || error.to_string().contains("hex escape"), "{}: {}", text, error),
            (Err(error), Ok(_)) => prop_assert!(false, "{text}: {error}"),
        }
    }

    #[test]
    fn strings_come_back(text in any::<String>()) {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        let out = String::from_utf8(out).expect("UTF-8");
        prop_assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text.clone());
        let mut parser = Parser::new(&out);
        prop_assert_eq!(parser.string().expect("a string").into_owned(), text);
    }
}

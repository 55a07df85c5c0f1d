//! The scanner beside serde_json, which decides what JSON is.

use proptest::prelude::*;

use super::*;

fn ours(bytes: &[u8]) -> Result<String, JsonErrorKind> {
    Value::parse(bytes, 64).map(|v| v.text().to_owned()).map_err(|e| e.kind)
}

fn theirs(bytes: &[u8]) -> bool {
    // RawValue bounds no depth and keeps numbers, as we do.
    std::str::from_utf8(bytes).is_ok()
        && serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok()
}

#[test]
fn refuses_what_is_no_json_and_says_why() {
    use JsonErrorKind::*;
    for (text, kind) in [
        ("", End),
        ("{", End),
        ("{\"a\" 1}", Expected("':' behind a member's name")),
        ("{\"a\":1 \"b\":2}", Expected("',' or '}'")),
        ("[1 2]", Expected("',' or ']'")),
        ("[1,]", Expected("a value")),
        ("{\"a\":1,}", Expected("a string")),
        ("01", Trailing),
        ("1.", End),
        ("-x", Number),
        ("\"\u{1}\"", ControlCharacter),
        ("\"\\x\"", Escape),
        ("\"\\u12g4\"", Escape),
        ("nul", Expected("a value")),
        ("NaN", Expected("a value")),
        ("{} {}", Trailing),
    ] {
        assert_eq!(ours(text.as_bytes()), Err(kind), "{text}");
    }
    assert_eq!(ours(b"\"\xff\""), Err(Utf8));
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(ours(deep(64).as_bytes()).is_ok());
    assert_eq!(ours(deep(65).as_bytes()), Err(JsonErrorKind::Depth(64)));
    assert_eq!(ours("{\"a\":".repeat(1_000_000).as_bytes()), Err(JsonErrorKind::Depth(64)));
}

#[test]
fn numbers_and_members_stay_as_written() {
    let text =
        r#" {"a" : 1e400, "b":123456789012345678901234567890.10, "a":"\u00e9\n", "c":[1, {"x":[]} ,"]"]} "#;
    let value = Value::parse(text.as_bytes(), 8).unwrap();
    let mut object = value.object().unwrap();
    let mut seen = Vec::new();
    while let Some(member) = object.next_member().unwrap() {
        assert_eq!(&text[member.value.at()..][..member.value.text().len()], member.value.text());
        seen.push((member.name().unwrap().into_owned(), member.value.text().to_owned()));
    }
    let names: Vec<_> = seen.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(
        names,
        [
            ("a", "1e400"),
            ("b", "123456789012345678901234567890.10"),
            ("a", r#""\u00e9\n""#),
            ("c", r#"[1, {"x":[]} ,"]"]"#)
        ]
    );
    assert_eq!(value.get("a").unwrap().as_str().unwrap(), "é\n");
}

#[test]
fn pointers_select_or_say_that_they_cannot() {
    let text = r#"{"payload":{"a/b":{"~":[10,20,{"k":"v"}]},"twice":1,"twice":2}}"#;
    let value = Value::parse(text.as_bytes(), 8).unwrap();
    let find = |p: &str| Pointer::parse(p).unwrap().find(value).map(|v| v.map(|v| v.text().to_owned()));
    assert_eq!(find("/payload/a~1b/~0/1"), Ok(Some("20".to_owned())));
    assert_eq!(find("/payload/a~1b/~0/2/k"), Ok(Some("\"v\"".to_owned())));
    assert_eq!(find("/payload/a~1b/~0/01"), Ok(None));
    assert_eq!(find("/payload/a~1b/~0/3"), Ok(None));
    assert_eq!(find("/payload/missing/x"), Ok(None));
    assert!(matches!(find("/payload/twice"), Err(PointerError::Ambiguous { .. })));
    assert!(matches!(Pointer::parse("payload"), Err(InvalidPointer::Start(_))));
    assert!(matches!(Pointer::parse("/a~2"), Err(InvalidPointer::Tilde(_))));
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    let value = Value::parse(br#""\ud800""#, 8).unwrap();
    assert_eq!(value.string().unwrap().unwrap_err().kind, JsonErrorKind::Surrogate);
}

fn jsonish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\""),
        Just("\\"),
        Just("\\u00e9"),
        Just("\\n"),
        Just("-"),
        Just("0"),
        Just("1"),
        Just("."),
        Just("e"),
        Just("+"),
        Just("true"),
        Just("null"),
        Just(" "),
        Just("\n"),
        Just("é"),
        Just("\u{7f}"),
        Just("{\"k\":"),
        Just("[1,2]"),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn takes_exactly_what_serde_json_takes(text in jsonish()) {
        prop_assert_eq!(ours(text.as_bytes()).is_ok(), theirs(text.as_bytes()), "{}", text);
    }

    #[test]
    fn takes_exactly_what_serde_json_takes_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(ours(&bytes).is_ok(), theirs(&bytes));
    }

    #[test]
    fn written_strings_read_back(text in any::<String>()) {
        let mut out = Vec::new();
        push_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn lossy_strings_are_what_the_standard_library_makes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut out = Vec::new();
        let exact = push_lossy_string(&mut out, &bytes);
        let read: String = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&read, &String::from_utf8_lossy(&bytes));
        prop_assert_eq!(exact, std::str::from_utf8(&bytes).is_ok());
    }
}

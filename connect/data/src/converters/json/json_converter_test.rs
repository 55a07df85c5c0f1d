use bytes::Bytes;

use super::*;
use crate::config::Props;
use crate::value::Decimal;

fn converter(pairs: &[(&str, &str)]) -> JsonConverter {
    let props: Props = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    JsonConverter::new(&props).expect("settings")
}

fn there_and_back(converter: &mut JsonConverter, text: &str) -> String {
    let read = converter.to_connect("t", Some(&Bytes::copy_from_slice(text.as_bytes()))).expect(text);
    let written = converter.to_bytes("t", read.schema.as_ref(), &read.value).expect(text).expect("something");
    String::from_utf8(written.to_vec()).expect("UTF-8")
}

#[test]
fn envelopes_come_back() {
    let texts = [
        r#"{"schema":{"type":"int32","optional":false},"payload":5}"#,
        r#"{"schema":{"type":"struct","fields":[{"type":"string","optional":true,"field":"a"},{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"field":"d"}],"optional":false,"name":"s"},"payload":{"a":null,"d":"AJw="}}"#,
        r#"{"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"string","optional":false},"optional":false},"payload":[[1,"a"]]}"#,
        r#"{"schema":{"type":"array","items":{"type":"double","optional":false},"optional":true,"doc":"d"},"payload":[1.5,1.0E10]}"#,
        r#"{"schema":null,"payload":{"a":[1,2.5,null,true,"x\u0001é"]}}"#,
    ];
    let mut converter = converter(&[]);
    for text in texts {
        // Twice: the second time schemas come from the caches.
        assert_eq!(there_and_back(&mut converter, text), text);
        assert_eq!(there_and_back(&mut converter, text), text);
    }
}

#[test]
fn plain_texts_come_back() {
    let mut plain = converter(&[("schemas.enable", "false")]);
    for text in [r#"{"b":1,"a":{"x":[]}}"#, "null", "12", r#""a""#, "[1,-2.5]"] {
        assert_eq!(
            plain.to_connect("t", Some(&Bytes::copy_from_slice(text.as_bytes()))).map(|r| r.schema.is_none()),
            Ok(true)
        );
    }
    assert_eq!(there_and_back(&mut plain, r#"{"b":1,"a":{"x":[]}}"#), r#"{"b":1,"a":{"x":[]}}"#);
    assert_eq!(plain.to_connect("t", None), Ok(SchemaAndValue::NULL));
    assert_eq!(plain.to_bytes("t", None, &Value::Null), Ok(None));
    let error = plain.to_connect("t", Some(&Bytes::from_static(b"{\"a\":"))).expect_err("cut off");
    assert!(
        error
            .message
            .starts_with("Converting byte[] to Kafka Connect data failed due to serialization error: ")
    );
}

#[test]
fn decimals_are_numbers_where_that_is_asked_for() {
    let mut numeric = converter(&[("decimal.format", "numeric"), ("schemas.enable", "false")]);
    let schema = crate::schema::logical::decimal(2).build();
    let value = Value::from("1.56".parse::<Decimal>().expect("a number"));
    assert_eq!(numeric.to_bytes("t", Some(&schema), &value), Ok(Some(Bytes::from_static(b"1.56"))));
}

#[test]
fn what_is_no_envelope_is_refused() {
    let mut converter = converter(&[]);
    for text in ["{}", "5", r#"{"schema":null}"#, r#"{"schema":null,"payload":1,"x":2}"#] {
        let error =
            converter.to_connect("t", Some(&Bytes::copy_from_slice(text.as_bytes()))).expect_err(text);
        assert!(error.message.starts_with("JsonConverter with schemas.enable requires"), "{text}: {error}");
    }
}

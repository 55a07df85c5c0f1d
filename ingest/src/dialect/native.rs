//! Native events: one, an array, NDJSON, or values one after the other.

use bytes::Bytes;
use highway_types::limits::INGEST_JSON_MAX_DEPTH;
use http::HeaderMap;

use super::decoded::{Decoded, Form, RequestError, media_type};
use crate::envelope::{Stamp, Violation};
use crate::json::{JsonError, JsonErrorKind, Scanner, Value};

/// Decodes a request. With a media type of lines (`application/x-ndjson`, `application/jsonl`, …) a line that is no JSON is a reject of its
/// own; in any other text what follows a broken value cannot be told apart, so nothing of it is taken.
///
/// # Errors
/// The request as a whole is refused.
pub fn decode(
    headers: &HeaderMap,
    body: &Bytes,
    max_events: usize,
    stamp: &mut Stamp<'_>,
) -> Result<Decoded, RequestError> {
    match media_type(headers).as_str() {
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonl"
        | "application/jsonlines"
        | "application/json-seq" => lines(body, max_events, stamp),
        // Beacons may only send text/plain; curl -d sends a form's type.
        "" | "application/json" | "text/plain" | "text/json" | "application/x-www-form-urlencoded" => {
            values(body, max_events, stamp)
        }
        other if other.ends_with("+json") => values(body, max_events, stamp),
        other => Err(RequestError::MediaType {
            got: other.to_owned(),
            wanted: "application/json, application/x-ndjson or CloudEvents' types",
        }),
    }
}

fn lines(body: &Bytes, max_events: usize, stamp: &mut Stamp<'_>) -> Result<Decoded, RequestError> {
    let mut decoded = Decoded::new(Form::Batch);
    let mut start = 0;
    while start < body.len() {
        let end = memchr::memchr(b'\n', &body[start..]).map_or(body.len(), |at| start + at);
        // 0x1e begins a text of RFC 7464.
        let skip = body[start..end].iter().take_while(|&&b| b == 0x1e || b == b' ').count();
        let line = body.slice(start + skip..end);
        start = end + 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        decoded.room(max_events)?;
        match line_value(&line) {
            Ok(value) => decoded.push_native(value, &line, stamp),
            Err(error) => decoded.push(Err(error.into()), || (line.clone(), None)),
        }
    }
    Ok(decoded)
}

/// A line that begins as an object is checked while the event is read from it: one pass, not two.
fn line_value(line: &[u8]) -> Result<Value<'_>, JsonError> {
    if line.first() != Some(&b'{') {
        return Value::parse(line, INGEST_JSON_MAX_DEPTH);
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| JsonError { at: error.valid_up_to(), kind: JsonErrorKind::Utf8 })?;
    Ok(Value::unchecked(text, INGEST_JSON_MAX_DEPTH))
}

fn values(body: &Bytes, max_events: usize, stamp: &mut Stamp<'_>) -> Result<Decoded, RequestError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Violation::from(JsonError { at: error.valid_up_to(), kind: JsonErrorKind::Utf8 }))?;
    // One level more for an array of events.
    let mut scanner = Scanner::new(text, INGEST_JSON_MAX_DEPTH + 1);
    scanner.blanks();
    if scanner.peek() == Some(b'[') {
        // Elements are checked as they are read; if one is no JSON, all that was made of those before it is dropped.
        let mut decoded = Decoded::new(Form::Batch);
        let Some(mut array) = Value::unchecked(text, INGEST_JSON_MAX_DEPTH + 1).array() else {
            return Ok(decoded);
        };
        while let Some(value) = array.next_element().map_err(Violation::from)? {
            decoded.room(max_events)?;
            decoded.push_native(value, body, stamp);
        }
        array.end().map_err(Violation::from)?;
        return Ok(decoded);
    }
    let mut decoded = Decoded::new(Form::Single);
    loop {
        decoded.room(max_events)?;
        let value = Value::next(&mut scanner).map_err(Violation::from)?;
        decoded.push_native(value, body, stamp);
        scanner.blanks();
        if scanner.peek().is_none() {
            break;
        }
        decoded.form = Form::Batch;
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::testing::{headers, with_stamp};
    use crate::dialect::{Item, Refused};
    use crate::envelope::Code;

    fn run(media: &str, body: &str) -> Result<Decoded, RequestError> {
        with_stamp(|stamp| {
            decode(&headers(&[("content-type", media)]), &Bytes::from(body.to_owned()), 3, stamp)
        })
    }

    fn good(id: &str) -> String {
        format!(
            r#"{{"metadata":{{"id":"{id}","timestamp":"2026-11-25T12:00:00Z"}},"payload":{{}},"event_name":"n"}}"#
        )
    }

    fn ids(decoded: &Decoded) -> Vec<String> {
        let id = |item: &Item| match item {
            Item::Event(record) => record.id.clone(),
            Item::Refused(refused) => format!("!{}", refused.violation.path),
        };
        decoded.items.iter().map(id).collect()
    }

    #[test]
    fn all_forms() {
        let (a, b) = (good("a"), good("b"));
        let single = run("application/json; charset=utf-8", &a).unwrap();
        assert_eq!((single.form, ids(&single)), (Form::Single, vec!["a".to_owned()]));
        for (media, body) in [
            ("application/json", format!("[{a} , {b}]")),
            ("application/json", format!("{a}{b}")),
            ("", format!("{a}\n{b}\n")),
            ("application/x-ndjson", format!("{a}\r\n\n{b}")),
            ("application/json-seq", format!("\u{1e}{a}\n\u{1e}{b}\n")),
            ("text/plain", format!(" {a} {b} ")),
        ] {
            let decoded = run(media, &body).unwrap();
            assert_eq!(
                (decoded.form, ids(&decoded)),
                (Form::Batch, vec!["a".to_owned(), "b".to_owned()]),
                "{body}"
            );
        }
        assert_eq!(ids(&run("application/json", "[]").unwrap()), Vec::<String>::new());
    }

    #[test]
    fn one_bad_event_fails_no_neighbour() {
        let (a, b) = (good("a"), good("b"));
        let bad = r#"{"payload":[], "metadata":{"id":"bad"}}"#;
        let decoded = run("application/json", &format!("[{a},{bad},{b}]")).unwrap();
        assert_eq!(ids(&decoded), ["a", "!/payload", "b"]);
        let Item::Refused(Refused { id, raw, .. }) = &decoded.items[1] else { panic!() };
        assert_eq!((id.as_deref(), &raw[..]), (Some("bad"), bad.as_bytes()));
        for broken in
            [format!("{a}}}"), format!("{a} x"), a[..a.len() - 1].to_owned(), "7".to_owned(), "x".to_owned()]
        {
            let decoded = run("application/x-ndjson", &format!("{broken}\n{b}")).unwrap();
            assert_eq!(ids(&decoded), ["!", "b"], "{broken}");
        }
        let decoded = run("application/x-ndjson", &format!("{a}\n{{broken\n{b}")).unwrap();
        assert_eq!(ids(&decoded), ["a", "!", "b"]);
        let Item::Refused(Refused { violation, raw, .. }) = &decoded.items[1] else { panic!() };
        assert_eq!((violation.code, &raw[..]), (Code::Malformed, &b"{broken"[..]));
    }

    #[test]
    fn whole_requests_that_are_refused() {
        let a = good("a");
        assert!(matches!(run("application/json", &format!("[{a},")), Err(RequestError::Malformed(_))));
        assert!(matches!(run("application/json", &format!("[{a}] x")), Err(RequestError::Malformed(_))));
        assert!(matches!(run("application/json", &format!("{a}{{")), Err(RequestError::Malformed(_))));
        assert!(matches!(run("application/json", ""), Err(RequestError::Malformed(_))));
        assert!(matches!(run("image/png", &a), Err(RequestError::MediaType { .. })));
        for body in [format!("[{a},{a},{a},{a}]"), format!("{a}{a}{a}{a}")] {
            assert_eq!(run("application/json", &body).unwrap_err(), RequestError::TooMany { max: 3 });
        }
        assert_eq!(
            run("application/jsonl", &format!("{a}\n{a}\n{a}\n{a}")).unwrap_err(),
            RequestError::TooMany { max: 3 }
        );
    }
}

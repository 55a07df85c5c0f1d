//! Answers of the native dialect, and what all answers have in common.

use http::StatusCode;

use super::decoded::Form;
use crate::json::Members;
use crate::outcome::{EventResult, Outcome, Status, Turned};

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// `Content-Type`
    pub content_type: &'static str,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Its body.
    pub body: Vec<u8>,
}

/// `application/json`
pub const JSON: &str = "application/json";

/// The answer to events. One event: its result alone. A batch: counts, and a result for each in the order of the request.
#[must_use]
pub fn results(topic: &str, results: &[EventResult], form: Form) -> Answer {
    let status = Status::of_results(results, form);
    let mut body = Vec::with_capacity(64 + results.len() * 96);
    match (form, results) {
        (Form::Single, [result]) => {
            let mut members = Members::open(&mut body);
            members.string("topic", topic);
            push_result(&mut members, result);
            members.close();
        }
        _ => {
            let count = |of: fn(&Outcome) -> bool| results.iter().filter(|r| of(&r.outcome)).count();
            let mut members = Members::open(&mut body);
            members.string("topic", topic);
            members.number("stored", count(|o| matches!(o, Outcome::Stored { duplicate: false, .. })));
            members.number("duplicates", count(|o| matches!(o, Outcome::Stored { duplicate: true, .. })));
            members.number("rejected", count(|o| matches!(o, Outcome::Refused(_))));
            members.number("failed", count(|o| matches!(o, Outcome::Failed { .. } | Outcome::Unknown)));
            let out = members.member("results");
            out.push(b'[');
            for (index, result) in results.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let mut members = Members::open(out);
                members.number("index", index);
                push_result(&mut members, result);
                members.close();
            }
            out.push(b']');
            members.close();
        }
    }
    Answer { status: status.code, content_type: JSON, retry_after: status.retry_after, body }
}

fn push_result(members: &mut Members<'_>, result: &EventResult) {
    if let Some(id) = &result.id {
        members.string("id", id);
    }
    let mut error = |status: &str, code: &str, path: &str, message: &str| {
        members.string("status", status);
        let mut error = Members::open(members.member("error"));
        error.string("code", code);
        error.string("path", path);
        error.string("message", message);
        error.close();
    };
    match &result.outcome {
        Outcome::Stored { partition, offset, duplicate } => {
            members.string("status", if *duplicate { "duplicate" } else { "stored" });
            members.number("partition", *partition);
            members.number("offset", *offset);
        }
        Outcome::Refused(violation) => {
            error("rejected", violation.code.as_str(), &violation.path, &violation.message)
        }
        Outcome::Failed { reason } => error("failed", "not_stored", "", reason),
        Outcome::Unknown => {
            error("unknown", "timeout", "", "not known whether it is stored; send it again with the same id");
        }
    }
}

/// The answer to a request that was turned away.
#[must_use]
pub fn turned(turned: &Turned) -> Answer {
    let status = Status::of_turned(turned);
    let (code, path) = match turned {
        Turned::Request(super::RequestError::Malformed(violation)) => {
            (violation.code.as_str(), violation.path.as_str())
        }
        Turned::NoPath(_) => ("no_path", ""),
        _ => (reason(status.code), ""),
    };
    let message = match turned {
        Turned::Request(super::RequestError::Malformed(violation)) => violation.message.clone(),
        other => other.to_string(),
    };
    let mut body = Vec::new();
    let mut members = Members::open(&mut body);
    let mut error = Members::open(members.member("error"));
    error.string("code", code);
    error.string("path", path);
    error.string("message", &message);
    error.close();
    members.close();
    Answer { status: status.code, content_type: JSON, retry_after: status.retry_after, body }
}

fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "no_endpoint",
        405 => "method",
        413 => "size",
        415 => "media_type",
        429 => "rate",
        503 => "busy",
        _ => "malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Code, Violation};
    use serde_json::json;
    use std::time::Duration;

    fn body(answer: &Answer) -> serde_json::Value {
        serde_json::from_slice(&answer.body).unwrap()
    }

    #[test]
    fn bodies() {
        let stored = EventResult {
            id: Some("a".to_owned()),
            outcome: Outcome::Stored { partition: 2, offset: 9, duplicate: false },
        };
        let refused = EventResult {
            id: None,
            outcome: Outcome::Refused(Violation::new(Code::Type, "/payload", "send \"an object\"")),
        };
        let one = results("t", std::slice::from_ref(&stored), Form::Single);
        assert_eq!(body(&one), json!({"topic":"t","id":"a","status":"stored","partition":2,"offset":9}));
        let two = results("t", &[stored, refused], Form::Batch);
        assert_eq!(two.status.as_u16(), 207);
        assert_eq!(
            body(&two),
            json!({"topic":"t","stored":1,"duplicates":0,"rejected":1,"failed":0,"results":[
                {"index":0,"id":"a","status":"stored","partition":2,"offset":9},
                {"index":1,"status":"rejected","error":{"code":"type","path":"/payload","message":"send \"an object\""}}]})
        );
        let away = turned(&Turned::RateLimited(Duration::from_secs(3)));
        assert_eq!((away.status.as_u16(), away.retry_after), (429, Some(3)));
        assert_eq!(body(&away)["error"]["code"], "rate");
    }
}

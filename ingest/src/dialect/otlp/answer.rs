//! Answers of OTLP: success, partial success, and `Status` in the encoding of the request.

use http::StatusCode;

use super::Wire;
use crate::dialect::answer::Answer;
use crate::json::Members;
use crate::outcome::{EventResult, Outcome, Status, Turned};

/// The answer to records. Those that were refused for good are a partial success, which must not be sent again; if any is not stored
/// that could be, the whole is answered so that the exporter tries again (only 429, 502, 503 and 504 make it).
#[must_use]
pub fn answer(wire: Wire, results: &[EventResult]) -> Answer {
    let again: Vec<EventResult> = results
        .iter()
        .filter(|r| matches!(r.outcome, Outcome::Failed { .. } | Outcome::Unknown))
        .cloned()
        .collect();
    if !again.is_empty() {
        let unknown = again.iter().any(|r| r.outcome == Outcome::Unknown);
        let code = if unknown { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::SERVICE_UNAVAILABLE };
        let message = format!(
            "{} of {} records are not known to be stored; send them again",
            again.len(),
            results.len()
        );
        return status(wire, Status { code, retry_after: Some(1) }, &message);
    }
    let mut refused = results.iter().filter_map(|r| match &r.outcome {
        Outcome::Refused(violation) => Some(violation),
        _ => None,
    });
    let first = refused.next();
    let rejected = first.map_or(0, |_| 1 + refused.count() as u64);
    let message = first.map_or_else(String::new, ToString::to_string);
    let mut body = Vec::new();
    match wire {
        Wire::Json => {
            let mut members = Members::open(&mut body);
            if rejected > 0 {
                let mut partial = Members::open(members.member("partialSuccess"));
                partial.string("rejectedLogRecords", &rejected.to_string());
                partial.string("errorMessage", &message);
                partial.close();
            }
            members.close();
        }
        Wire::Protobuf if rejected > 0 => {
            let mut partial = vec![1 << 3];
            varint(&mut partial, rejected);
            bytes(&mut partial, 2, message.as_bytes());
            bytes(&mut body, 1, &partial);
        }
        Wire::Protobuf => {}
    }
    finish(wire, Status { code: StatusCode::OK, retry_after: None }, body)
}

/// The answer to a request that was turned away.
#[must_use]
pub fn turned(wire: Wire, turned: &Turned) -> Answer {
    status(wire, Status::of_turned(turned), &turned.to_string())
}

/// `google.rpc.Status`, with the code that gRPC has for the HTTP status.
fn status(wire: Wire, status: Status, message: &str) -> Answer {
    let code = match status.code.as_u16() {
        401 => 16,
        403 => 7,
        404 => 5,
        413 | 429 => 8,
        503 => 14,
        504 => 4,
        _ => 3,
    };
    let mut body = Vec::new();
    match wire {
        Wire::Json => {
            let mut members = Members::open(&mut body);
            members.number("code", code);
            members.string("message", message);
            members.close();
        }
        Wire::Protobuf => {
            body.push(1 << 3);
            varint(&mut body, code);
            bytes(&mut body, 2, message.as_bytes());
        }
    }
    finish(wire, status, body)
}

fn finish(wire: Wire, status: Status, body: Vec<u8>) -> Answer {
    let content_type = match wire {
        Wire::Json => "application/json",
        Wire::Protobuf => "application/x-protobuf",
    };
    Answer { status: status.code, content_type, retry_after: status.retry_after, body }
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

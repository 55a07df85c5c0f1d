//! What became of events and requests, and the one place where that becomes an HTTP status.
//!
//! | status | means |
//! | --- | --- |
//! | 200 | every event is committed, now or by an earlier try |
//! | 207 | some are; each has its own result |
//! | 400, 413, 415, 422 | nothing is stored, and sending the same again will not help |
//! | 401, 403, 404, 405 | not with this key, not here, not so |
//! | 429 | this client is over its own rate: wait `Retry-After` |
//! | 503 | the log does not take it now, nothing is stored: wait `Retry-After` |
//! | 504 | not known whether it is stored: send it again with the same ids |

use std::time::Duration;

use http::StatusCode;

use crate::dialect::{Form, RequestError};
use crate::envelope::{Code, Violation};

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is committed.
    Stored {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// It was there before, by an earlier try with the same id.
        duplicate: bool,
    },
    /// It was refused for good.
    Refused(Violation),
    /// It is not stored: the log did not take it.
    Failed {
        /// Why, for people.
        reason: String,
    },
    /// The answer of the log did not come in time.
    Unknown,
}

/// One event's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventResult {
    /// Its id, if one could be read.
    pub id: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Why a request got no further than the door.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Turned {
    /// No such endpoint.
    #[error("there is no endpoint '{0}'; create it with `highway endpoint create {0} --topic TOPIC`")]
    NoEndpoint(String),
    /// No such path.
    #[error(
        "there is nothing at {0}; events go to POST /v1/events/ENDPOINT, see the documentation for other dialects"
    )]
    NoPath(String),
    /// No key, or one that is not known.
    #[error("{0}")]
    Unauthorized(String),
    /// The key may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// A method other than POST.
    #[error("method {0} is not taken here; send POST")]
    Method(String),
    /// Over the key's own rate.
    #[error("over the rate of this key; wait {} s", seconds(*.0))]
    RateLimited(Duration),
    /// The node's memory for requests is given out, or its log is behind.
    #[error("the node is busy; wait {} s", seconds(*.0))]
    Busy(Duration),
    /// The node is shutting down, or its log cannot be written.
    #[error("{0}")]
    Unavailable(String),
    /// The request itself.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Whole seconds for `Retry-After`, one at the least.
#[must_use]
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// A status, and what `Retry-After` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The status.
    pub code: StatusCode,
    /// Seconds.
    pub retry_after: Option<u64>,
}

impl Status {
    fn plain(code: StatusCode) -> Self {
        Self { code, retry_after: None }
    }

    /// The status of a request that was turned away.
    #[must_use]
    pub fn of_turned(turned: &Turned) -> Self {
        match turned {
            Turned::NoEndpoint(_) | Turned::NoPath(_) => Self::plain(StatusCode::NOT_FOUND),
            Turned::Unauthorized(_) => Self::plain(StatusCode::UNAUTHORIZED),
            Turned::Forbidden(_) => Self::plain(StatusCode::FORBIDDEN),
            Turned::Method(_) => Self::plain(StatusCode::METHOD_NOT_ALLOWED),
            Turned::RateLimited(wait) => {
                Self { code: StatusCode::TOO_MANY_REQUESTS, retry_after: Some(seconds(*wait)) }
            }
            Turned::Busy(wait) => {
                Self { code: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(seconds(*wait)) }
            }
            Turned::Unavailable(_) => Self { code: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(5) },
            Turned::Request(error) => Self::plain(match error {
                RequestError::Malformed(violation) => refused(violation),
                RequestError::MediaType { .. } | RequestError::Encoding(_) => {
                    StatusCode::UNSUPPORTED_MEDIA_TYPE
                }
                RequestError::Unpack { .. } => StatusCode::BAD_REQUEST,
                RequestError::TooLarge { .. } | RequestError::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            }),
        }
    }

    /// The status of one event.
    #[must_use]
    pub fn of_event(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Stored { .. } => Self::plain(StatusCode::OK),
            Outcome::Refused(violation) => Self::plain(refused(violation)),
            Outcome::Failed { .. } => Self { code: StatusCode::SERVICE_UNAVAILABLE, retry_after: Some(1) },
            Outcome::Unknown => Self { code: StatusCode::GATEWAY_TIMEOUT, retry_after: Some(1) },
        }
    }

    /// The status of a request whose events have these results: what all have in common, else 207.
    #[must_use]
    pub fn of_results(results: &[EventResult], form: Form) -> Self {
        let mut statuses = results.iter().map(|r| Self::of_event(&r.outcome));
        let Some(first) = statuses.next() else { return Self::plain(StatusCode::OK) };
        if form == Form::Single {
            return first;
        }
        let refusal = |s: &Self| s.code.is_client_error();
        let (mut same, mut refusals) = (true, refusal(&first));
        for status in statuses {
            same &= status == first;
            refusals &= refusal(&status);
        }
        match (same, refusals) {
            (true, _) => first,
            (false, true) => Self::plain(StatusCode::UNPROCESSABLE_ENTITY),
            (false, false) => Self::plain(StatusCode::MULTI_STATUS),
        }
    }
}

fn refused(violation: &Violation) -> StatusCode {
    match violation.code {
        Code::Size => StatusCode::PAYLOAD_TOO_LARGE,
        code if code.is_syntax() => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(outcome: Outcome) -> EventResult {
        EventResult { id: None, outcome }
    }

    #[test]
    fn a_status_for_every_outcome() {
        let stored = || result(Outcome::Stored { partition: 0, offset: 1, duplicate: true });
        let refused = |code| result(Outcome::Refused(Violation::new(code, "", "x")));
        let failed = || result(Outcome::Failed { reason: "full".to_owned() });
        let unknown = || result(Outcome::Unknown);
        let of = |results: &[EventResult], form| {
            let status = Status::of_results(results, form);
            (status.code.as_u16(), status.retry_after)
        };
        for (results, expected) in [
            (vec![stored()], (200, None)),
            (vec![refused(Code::Schema)], (422, None)),
            (vec![refused(Code::Malformed)], (400, None)),
            (vec![refused(Code::Size)], (413, None)),
            (vec![failed()], (503, Some(1))),
            (vec![unknown()], (504, Some(1))),
        ] {
            assert_eq!(of(&results, Form::Single), expected);
            assert_eq!(of(&results, Form::Batch), expected);
        }
        assert_eq!(of(&[], Form::Batch), (200, None));
        for (results, expected) in [
            (vec![stored(), stored()], 200),
            (vec![stored(), refused(Code::Type)], 207),
            (vec![stored(), unknown()], 207),
            (vec![refused(Code::Type), unknown()], 207),
            (vec![failed(), unknown()], 207),
            (vec![unknown(), unknown()], 504),
            (vec![failed(), failed()], 503),
            (vec![refused(Code::Malformed), refused(Code::Type)], 422),
        ] {
            assert_eq!(of(&results, Form::Batch).0, expected, "{results:?}");
        }
    }

    #[test]
    fn a_status_for_every_way_to_be_turned_away() {
        let media = RequestError::MediaType { got: String::new(), wanted: "x" };
        for (turned, code, retry) in [
            (Turned::NoEndpoint(String::new()), 404, None),
            (Turned::NoPath(String::new()), 404, None),
            (Turned::Unauthorized(String::new()), 401, None),
            (Turned::Forbidden(String::new()), 403, None),
            (Turned::Method(String::new()), 405, None),
            (Turned::RateLimited(Duration::from_millis(1)), 429, Some(1)),
            (Turned::RateLimited(Duration::from_millis(2001)), 429, Some(3)),
            (Turned::Busy(Duration::ZERO), 503, Some(1)),
            (Turned::Unavailable(String::new()), 503, Some(5)),
            (media.into(), 415, None),
            (RequestError::Encoding(String::new()).into(), 415, None),
            (RequestError::Unpack { encoding: "gzip", reason: String::new() }.into(), 400, None),
            (RequestError::TooLarge { max: 1, unpacked: true }.into(), 413, None),
            (RequestError::TooMany { max: 1 }.into(), 413, None),
            (RequestError::from(Violation::new(Code::Depth, "", "x")).into(), 400, None),
        ] {
            let status = Status::of_turned(&turned);
            assert_eq!((status.code.as_u16(), status.retry_after), (code, retry), "{turned:?}");
        }
    }
}

//! Answers in the tongue of the request.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use super::Route;
use crate::dialect::answer::{self, Answer};
use crate::dialect::{Form, otlp, rest_proxy, segment};
use crate::endpoint::Dialect;
use crate::outcome::{EventResult, Status, Turned};
use crate::serve::live::Live;

/// How to answer, known before anything else is.
pub(super) enum Speech {
    Events(Option<otlp::Wire>),
    Otlp(otlp::Wire),
    Segment,
    ProxyV2,
    ProxyV3 { cluster: String, batch: bool },
}

impl Speech {
    pub fn of(route: &Route, headers: &HeaderMap, own_cluster: &str) -> Self {
        let wire = otlp::Wire::of(headers).ok();
        // A cluster's id that is not ours is answered with ours.
        let cluster = |_: &String| own_cluster.to_owned();
        match route {
            Route::Events => Self::Events(wire),
            Route::Otlp => Self::Otlp(wire.unwrap_or(otlp::Wire::Json)),
            Route::Segment(_) => Self::Segment,
            Route::ProxyV2(_) => Self::ProxyV2,
            Route::ProxyV3(id) => Self::ProxyV3 { cluster: cluster(id), batch: false },
            Route::ProxyV3Batch(id) => Self::ProxyV3 { cluster: cluster(id), batch: true },
        }
    }

    pub fn turned(&self, turned: &Turned) -> Response {
        let answer = match self {
            Self::Otlp(wire) => otlp::turned(*wire, turned),
            Self::Events(_) | Self::Segment => answer::turned(turned),
            Self::ProxyV2 | Self::ProxyV3 { .. } => {
                let status = Status::of_turned(turned);
                let code = u32::from(status.code.as_u16());
                // 404 has its own list of causes in the proxy: 40401 is the topic.
                rest_proxy::error(status, if code == 404 { 40401 } else { code }, &turned.to_string())
            }
        };
        let mut response = response(answer);
        if matches!(turned, Turned::Method(_)) {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }

    pub fn answer(&self, live: &Live, results: &[EventResult], form: Form, entries: &[String]) -> Response {
        let topic = live.definition.topic.as_str();
        response(match (self, live.definition.dialect) {
            (Self::Otlp(wire), _) | (Self::Events(Some(wire)), Dialect::Otlp) => otlp::answer(*wire, results),
            (Self::Segment, _) | (Self::Events(_), Dialect::Segment) => segment::answer(results),
            (Self::ProxyV2, _) | (Self::Events(_), Dialect::RestProxy) => rest_proxy::v2::answer(results),
            (Self::ProxyV3 { cluster, batch }, _) => {
                let target = rest_proxy::v3::Target { cluster, topic };
                if *batch {
                    rest_proxy::v3::answer_batch(target, entries, results)
                } else {
                    rest_proxy::v3::answer(target, results)
                }
            }
            (Self::Events(_), _) => answer::results(topic, results, form),
        })
    }
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The proxy's answer to a partition that is no number.
pub(super) fn no_partition(partition: &str) -> Response {
    let status = Status { code: http::StatusCode::NOT_FOUND, retry_after: None };
    response(rest_proxy::error(status, 40402, &format!("partition '{partition}' is no number")))
}

/// A text as it is.
pub(super) fn text(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// A document.
pub(super) fn json(value: &serde_json::Value) -> Response {
    let body = value.to_string().into_bytes();
    response(Answer { status: http::StatusCode::OK, content_type: answer::JSON, retry_after: None, body })
}

/// What the REST Proxy does not have.
pub(super) fn not_found_by_proxy(message: &str) -> Response {
    response(rest_proxy::error(Status { code: http::StatusCode::NOT_FOUND, retry_after: None }, 404, message))
}

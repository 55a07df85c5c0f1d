//! Who sends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use highway_types::Timestamp;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::dialect::webhook::{self, Secrets};
use crate::dialect::{Item, RequestError};
use crate::endpoint::{ApiKey, Auth, check_key};
use crate::envelope::{Code, Violation};
use crate::outcome::Turned;
use crate::record;
use crate::serve::live::Live;
use crate::serve::service::Ingest;

/// The key that a request was let in with, before its body is read.
pub(super) fn check<'a>(
    ingest: &Ingest,
    live: &'a Live,
    parts: &Parts,
    now: Timestamp,
) -> Result<Option<&'a ApiKey>, Turned> {
    match &live.definition.auth {
        Auth::None if ingest.options.exposed && !ingest.options.anonymous => {
            Err(Turned::Unauthorized(format!(
                "the listener can be reached from other machines, so endpoint '{}' needs keys: add one with \
             `highway endpoint key create {0}`",
                live.name
            )))
        }
        Auth::None | Auth::Signature { .. } => Ok(None),
        Auth::ApiKeys(keys) => {
            let mut sent = sent_key(&parts.headers);
            // A beacon cannot set headers.
            if sent.is_none() && live.definition.cors.is_some() {
                let pairs = parts.uri.query().unwrap_or_default().split('&');
                sent = pairs.filter_map(|pair| pair.strip_prefix("key=")).next().map(str::to_owned);
            }
            check_key(sent.as_deref(), keys, now)
                .map(Some)
                .map_err(|fault| Turned::Unauthorized(fault.to_string()))
        }
    }
}

/// `Authorization: Bearer KEY`, or the user name of basic authentication.
fn sent_key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    Some(if user.is_empty() { password } else { user }.to_owned())
}

/// Checks a webhook's signature; what to answer, if the request is the sender's question whether we are there.
pub(super) fn check_signature(
    live: &Live,
    headers: &HeaderMap,
    body: &Bytes,
    now: Timestamp,
) -> Result<Option<String>, Turned> {
    let Auth::Signature { profile, secrets, tolerance_seconds } = &live.definition.auth else {
        return Ok(None);
    };
    webhook::verify(*profile, Secrets(secrets), headers, body, now, *tolerance_seconds)
        .map_err(|error| Turned::Unauthorized(error.to_string()))?;
    Ok(webhook::challenge(*profile, body))
}

/// A key may be for some names of events only.
pub(super) fn check_names(key: &ApiKey, items: &[Item]) -> Result<(), Turned> {
    if key.event_names.is_empty() {
        return Ok(());
    }
    for item in items {
        let Item::Event(record) = item else { continue };
        let name = record.header(record::header::EVENT_NAME).map_or(&b""[..], |name| name);
        if !key.event_names.iter().any(|allowed| allowed.as_bytes() == name) {
            let name = String::from_utf8_lossy(name);
            return Err(Turned::Forbidden(format!(
                "the API key '{}' may not send events named '{name}'",
                key.id
            )));
        }
    }
    Ok(())
}

/// A body that ended early.
pub(super) fn cut(detail: &str) -> Turned {
    Turned::Request(RequestError::Malformed(Violation::new(
        Code::Malformed,
        "",
        format!("the body cannot be read: {detail}"),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_as_bearer_or_user_name() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            sent_key(&headers)
        };
        assert_eq!(of("Bearer k").as_deref(), Some("k"));
        assert_eq!(of("basic azo=").as_deref(), Some("k"), "k:");
        assert_eq!(of("Basic Oms=").as_deref(), Some("k"), ":k");
        assert_eq!(of("Digest k"), None);
        assert_eq!(of("Basic !"), None);
    }
}

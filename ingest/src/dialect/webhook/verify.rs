//! Is a request from whom it says?

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use highway_types::Timestamp;
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::signature::{ed25519_matches, hex, hmac_matches};
use crate::dialect::decoded::header;

/// How a sender signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature` (standardwebhooks.com).
    StandardWebhooks,
    /// `X-Hub-Signature-256`; GitHub signs no time.
    Github,
    /// `Stripe-Signature`
    Stripe,
    /// `X-Slack-Signature`
    Slack,
}

/// An endpoint's secrets, newest first; several while they are rotated.
#[derive(Clone, Copy, Debug)]
pub struct Secrets<'a>(pub &'a [String]);

/// Why a webhook was not believed. None of these says anything about the secret or the signature that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A header is missing or not of its form.
    #[error("the header {0} is missing or malformed; is this the right profile for the sender?")]
    Header(&'static str),
    /// Signed too long ago, or in the future.
    #[error(
        "signed {age} s ago, more than the {tolerance} s that the endpoint takes; check the sender's clock, or whether this is a replay"
    )]
    Time {
        /// Seconds since it was signed; negative: ahead.
        age: i64,
        /// Seconds that are taken.
        tolerance: i64,
    },
    /// No signature fits any secret.
    #[error(
        "no signature fits the endpoint's secrets; is the sender's secret one of them, and the body unchanged on its way?"
    )]
    Signature,
    /// A secret of the endpoint cannot be used.
    #[error("a secret of the endpoint is not of the form that its profile needs: {0}")]
    Secret(&'static str),
}

/// Checks the signature over the raw body, and the time that it was signed at.
///
/// # Errors
/// What could not be believed.
pub fn verify(
    profile: Profile,
    secrets: Secrets<'_>,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
    tolerance_seconds: i64,
) -> Result<(), WebhookError> {
    let fresh = |text: &str, name: &'static str| {
        let signed: i64 = text.parse().map_err(|_| WebhookError::Header(name))?;
        let age = (now.0.div_euclid(1000)).saturating_sub(signed);
        if age.saturating_abs() > tolerance_seconds {
            return Err(WebhookError::Time { age, tolerance: tolerance_seconds });
        }
        Ok(())
    };
    let get = |name: &'static str| header(headers, name).ok_or(WebhookError::Header(name));
    let any = |pieces: &[&[u8]], given: &[Vec<u8>]| {
        // Every pair is tried, whichever fits.
        let mut fits = false;
        for secret in secrets.0 {
            for signature in given {
                fits |= hmac_matches(secret.as_bytes(), pieces, signature);
            }
        }
        if fits { Ok(()) } else { Err(WebhookError::Signature) }
    };
    match profile {
        Profile::StandardWebhooks => {
            let (id, time) = (get("webhook-id")?, get("webhook-timestamp")?);
            let signatures = get("webhook-signature")?;
            fresh(time, "webhook-timestamp")?;
            standard(secrets, &[id.as_bytes(), b".", time.as_bytes(), b".", body], signatures)
        }
        Profile::Github => {
            let name = "x-hub-signature-256";
            let signature =
                get(name)?.strip_prefix("sha256=").and_then(hex).ok_or(WebhookError::Header(name))?;
            any(&[body], &[signature])
        }
        Profile::Stripe => {
            let name = "stripe-signature";
            let (mut time, mut given) = (None, Vec::new());
            for part in get(name)?.split(',') {
                match part.trim().split_once('=') {
                    Some(("t", text)) => time = Some(text),
                    Some(("v1", text)) if given.len() < 16 => given.extend(hex(text)),
                    _ => {}
                }
            }
            let time = time.filter(|_| !given.is_empty()).ok_or(WebhookError::Header(name))?;
            fresh(time, name)?;
            any(&[time.as_bytes(), b".", body], &given)
        }
        Profile::Slack => {
            let (name, time) = ("x-slack-signature", get("x-slack-request-timestamp")?);
            let signature = get(name)?.strip_prefix("v0=").and_then(hex).ok_or(WebhookError::Header(name))?;
            fresh(time, "x-slack-request-timestamp")?;
            any(&[b"v0:", time.as_bytes(), b":", body], &[signature])
        }
    }
}

/// A list of `v1,<base64 HMAC-SHA256>` and `v1a,<base64 Ed25519>`; secrets are `whsec_…` and public keys `whpk_…`.
fn standard(secrets: Secrets<'_>, pieces: &[&[u8]], signatures: &str) -> Result<(), WebhookError> {
    let mut fits = false;
    for secret in secrets.0 {
        let (public, text) = match (secret.strip_prefix("whsec_"), secret.strip_prefix("whpk_")) {
            (Some(text), _) => (false, text),
            (_, Some(text)) => (true, text),
            (None, None) => (false, secret.as_str()),
        };
        let key = STANDARD.decode(text).map_err(|_| WebhookError::Secret("base64, as whsec_… or whpk_…"))?;
        for signature in signatures.split(' ').take(16) {
            let Some((version, text)) = signature.split_once(',') else { continue };
            let Ok(given) = STANDARD.decode(text) else { continue };
            fits |= match (version, public) {
                ("v1", false) => hmac_matches(&key, pieces, &given),
                ("v1a", true) => ed25519_matches(&key, &pieces.concat(), &given),
                _ => false,
            };
        }
    }
    if fits { Ok(()) } else { Err(WebhookError::Signature) }
}

//! API keys: `hwk_<id>_<secret>`, kept as a hash.
//!
//! The hash is SHA-256 without salt or rounds: the secret is 256 random bits that we made, so there is no dictionary to try and
//! nothing for a slow hash to protect, while every request would pay for it. Keys that people choose are not taken.

use highway_types::Timestamp;
use rand::RngCore;
use ring::digest;
use subtle::ConstantTimeEq;

use super::definition::ApiKey;
use crate::time::Moment;

/// What is kept of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyHash([u8; 32]);

/// A key that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The key itself: shown once, kept nowhere.
    pub key: String,
    /// What is kept.
    pub kept: ApiKey,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("id", &self.kept.id).finish_non_exhaustive()
    }
}

/// Why a key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// None was sent.
    #[error("send an API key as 'Authorization: Bearer hwk_…', or as the user name of basic authentication")]
    Missing,
    /// Not a key of this endpoint. It is not said whether its id is.
    #[error("the API key is not one of this endpoint")]
    Unknown,
    /// It was one.
    #[error("the API key '{id}' expired at {at}; ask for a new one")]
    Expired {
        /// Its id.
        id: String,
        /// When.
        at: String,
    },
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl ApiKeyHash {
    /// Of a key as it is sent.
    #[must_use]
    pub fn of(key: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, key.as_bytes()).as_ref());
        Self(hash)
    }

    /// Reads `sha256:…`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").filter(|d| d.len() == 64)?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let digit = |b: u8| char::from(b).to_digit(16);
            *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
        }
        Some(Self(hash))
    }

    /// As it is kept.
    #[must_use]
    pub fn text(&self) -> String {
        format!("sha256:{}", hex(&self.0))
    }
}

/// Makes a key: an id of 48 bits, a secret of 256.
pub fn new_key(random: &mut impl RngCore) -> NewKey {
    let (mut id, mut secret) = ([0; 6], [0; 32]);
    random.fill_bytes(&mut id);
    random.fill_bytes(&mut secret);
    let id = hex(&id);
    let key = format!("hwk_{id}_{}", hex(&secret));
    let hash = ApiKeyHash::of(&key).text();
    NewKey { key, kept: ApiKey { id, hash, expires: None, event_names: Vec::new() } }
}

/// Finds the key that was sent among those of an endpoint. Every hash is compared, each in constant time, so that the time
/// that it takes tells nothing.
///
/// # Errors
/// It is none of them, or has expired.
pub fn check_key<'a>(sent: Option<&str>, keys: &'a [ApiKey], now: Timestamp) -> Result<&'a ApiKey, KeyFault> {
    let hash = ApiKeyHash::of(sent.filter(|s| !s.is_empty()).ok_or(KeyFault::Missing)?);
    let mut found = None;
    for key in keys {
        if let Some(kept) = ApiKeyHash::parse(&key.hash)
            && bool::from(kept.0.ct_eq(&hash.0))
        {
            found = Some(key);
        }
    }
    let key = found.ok_or(KeyFault::Unknown)?;
    if let Some(at) = &key.expires
        && Moment::parse_rfc3339(at).is_none_or(|expires| expires.timestamp() <= now)
    {
        return Err(KeyFault::Expired { id: key.id.clone(), at: at.clone() });
    }
    Ok(key)
}

//! Sending a refused event again.

use bytes::Bytes;

use super::record::{ATTEMPT, CONTENT_TYPE, DIALECT, ENDPOINT, Origin, RAW_BYTES, TOPIC};
use crate::record::header::{CLIENT_ADDRESS, KEY_ID};

/// What to feed to the endpoint's decoder: as if it came now, from where it came then. Its id is in its bytes, so one that was stored
/// in the meantime is recognised and not stored twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Where it came from; `attempt` is one more than it was.
    pub origin: Origin,
    /// Its bytes, or what a person made of them.
    pub body: Bytes,
}

/// Why a record cannot be sent again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A header that every reject has is not there.
    #[error("the record has no header {0}; is it of a rejects topic?")]
    Header(&'static str),
    /// Only its start was kept.
    #[error("only {kept} of {sent} bytes were kept; the sender has to send it again")]
    Cut {
        /// Bytes that are there.
        kept: usize,
        /// Bytes that were sent.
        sent: u64,
    },
    /// It was refused too often.
    #[error("it was refused {0} times; fix it, or leave it")]
    Attempts(u32),
}

impl Replay {
    /// Out of a record of a rejects topic; `edited` replaces its bytes.
    ///
    /// # Errors
    /// It cannot be sent again.
    pub fn of(
        headers: &[(&str, &[u8])],
        value: Bytes,
        edited: Option<Bytes>,
        max_attempts: u32,
    ) -> Result<Self, ReplayError> {
        let find = |key: &str| {
            let value = headers.iter().rev().find(|(k, _)| *k == key).map(|(_, value)| *value);
            value.and_then(|v| std::str::from_utf8(v).ok()).map(str::to_owned)
        };
        let must = |key: &'static str| find(key).ok_or(ReplayError::Header(key));
        let sent: u64 = must(RAW_BYTES)?.parse().map_err(|_| ReplayError::Header(RAW_BYTES))?;
        if edited.is_none() && sent != value.len() as u64 {
            return Err(ReplayError::Cut { kept: value.len(), sent });
        }
        let attempt: u32 = must(ATTEMPT)?.parse().map_err(|_| ReplayError::Header(ATTEMPT))?;
        if attempt >= max_attempts && edited.is_none() {
            return Err(ReplayError::Attempts(attempt));
        }
        let origin = Origin {
            endpoint: must(ENDPOINT)?,
            topic: must(TOPIC)?,
            dialect: must(DIALECT)?,
            content_type: must(CONTENT_TYPE)?,
            key_id: find(KEY_ID),
            client: find(CLIENT_ADDRESS),
            attempt: attempt.saturating_add(1),
        };
        Ok(Self { origin, body: edited.unwrap_or(value) })
    }
}

//! A body within its limits: memory first, then bytes.

use axum::body::Body;
use bytes::Bytes;
use highway_types::limits::INGEST_ADMIT_BYTES;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::time::Duration;

use super::auth::cut;
use crate::dialect::RequestError;
use crate::dialect::encoding::{Encoding, Unpacker};
use crate::endpoint::Denied;
use crate::outcome::Turned;
use crate::serve::live::Live;
use crate::serve::memory::Held;
use crate::serve::service::Ingest;

/// What the request says of its length.
pub(super) fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn denied(denied: Denied) -> Turned {
    match denied {
        Denied::Full { .. } => Turned::Busy(Duration::from_secs(1)),
        Denied::Never { total, .. } => {
            let max = usize::try_from(total).unwrap_or(usize::MAX);
            Turned::Request(RequestError::TooLarge { max, unpacked: true })
        }
    }
}

/// Reads and unpacks; what is held is held until the answer is there.
pub(super) async fn read(
    ingest: &Ingest,
    live: &Live,
    headers: &HeaderMap,
    declared: Option<u64>,
    mut body: Body,
) -> Result<(Bytes, Held), Turned> {
    let limits = &live.definition.limits;
    let encoding = Encoding::of(headers)?;
    if declared.is_some_and(|bytes| bytes > limits.max_body_bytes as u64) {
        return Err(RequestError::TooLarge { max: limits.max_body_bytes, unpacked: false }.into());
    }
    let held = ingest.memory.admit(declared.unwrap_or(INGEST_ADMIT_BYTES)).map_err(denied)?;
    // An unpacked body that needs no unpacking is bounded by what was sent alone.
    let max_unpacked = limits.max_unpacked_bytes.max(limits.max_body_bytes);
    let mut unpacker = Unpacker::new(encoding, limits.max_body_bytes, max_unpacked)?;
    let mut sent = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| cut(&error.to_string()))?;
        let Ok(piece) = frame.into_data() else { continue };
        sent += piece.len();
        // Small pieces, so that what comes out is asked for before there is much of it.
        for piece in piece.chunks(16 * 1024) {
            unpacker.push(piece)?;
            held.grow((unpacker.unpacked() + piece.len()) as u64).map_err(denied)?;
        }
    }
    let body = unpacker.finish()?;
    ingest.metrics.endpoint(Some(&live.name)).body(sent, body.len());
    Ok((body, held))
}

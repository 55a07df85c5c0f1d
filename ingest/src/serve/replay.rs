//! Refused events, sent again.
//!
//! How far a rejects topic was replayed is a group's offset, so that nothing is sent twice by two calls one after the other and a person can
//! set it back with `highway group reset`.

use std::collections::BTreeMap;

use bytes::Bytes;
use highway_client::consumer::partition_of;
use highway_client::{ClientError, Record};
use highway_types::limits::REJECT_MAX_ATTEMPTS;
use highway_types::{GroupId, Offset};
use http::{HeaderMap, header};

use super::http::{Decoding, Route, carry_out};
use super::live::Live;
use super::restore::{ends, read};
use super::service::Ingest;
use crate::dialect::{Item, segment};
use crate::envelope::Provenance;
use crate::outcome::Outcome;
use crate::rejects::{Origin, Replay};
use crate::schema::{Checking, SchemaFault};

/// Records that are held at the same time.
const PIECE: i64 = 100;

/// What came of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Replayed {
    /// Records that were read.
    pub read: usize,
    /// Stored now.
    pub stored: usize,
    /// In the log before.
    pub duplicates: usize,
    /// Refused again, and put aside again.
    pub refused: usize,
    /// Not stored for now; they are read again by the next replay.
    pub failed: usize,
    /// Cannot be sent again: cut, tried too often, or of a dialect that is more than its bytes.
    pub skipped: usize,
}

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayFault {
    /// The log.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There is no schema to check against.
    #[error(transparent)]
    Schema(#[from] SchemaFault),
}

impl Ingest {
    /// Replays everything that was refused since the last replay.
    pub(super) async fn replay(&self, live: &Live) -> Result<Replayed, ReplayFault> {
        let Some(topic) = &live.rejects else { return Ok(Replayed::default()) };
        let group = GroupId::from(format!("highway-replay-{}", live.name).as_str());
        let committed = self.client.committed(&group).await?;
        let partitions = self.client.topic(topic, true).await?.partitions.len();
        let mut done = Replayed::default();
        let schema = self.checking(live).await?;
        for partition in 0..i32::try_from(partitions).unwrap_or(0) {
            let which = partition_of(topic, partition);
            let (start, end) = ends(&self.client, topic, partition).await?;
            let mut from = committed.get(&which).map_or(start, |c| c.offset.0.clamp(start, end));
            while from < end {
                let to = end.min(from + PIECE);
                let mut records = Vec::new();
                read(&self.client, topic, partition, from..to, |record| records.push(record.clone())).await?;
                // Those of the same origin go in one go: each waits for the disk.
                let mut batches: Vec<(Origin, Vec<Item>)> = Vec::new();
                for record in records {
                    let Some((origin, items)) = self.decoded(live, schema.as_ref(), record, &mut done) else {
                        continue;
                    };
                    match batches.last_mut() {
                        Some((same, batch)) if *same == origin => batch.extend(items),
                        _ => batches.push((origin, items)),
                    }
                }
                for (origin, items) in batches {
                    let failed = done.failed;
                    self.again(live, &origin, items, &mut done).await;
                    if done.failed > failed {
                        return Ok(done);
                    }
                }
                from = to;
                self.client.set_offsets(&group, &BTreeMap::from([(which.clone(), Offset(from))])).await?;
            }
        }
        Ok(done)
    }

    /// What a record is, sent again; `None` and counted if it cannot be.
    fn decoded(
        &self,
        live: &Live,
        schema: Option<&Checking>,
        record: Record,
        done: &mut Replayed,
    ) -> Option<(Origin, Vec<Item>)> {
        done.read += 1;
        let headers: Vec<(&str, &[u8])> = record
            .headers
            .iter()
            .filter_map(|h| Some((std::str::from_utf8(&h.name).ok()?, h.value.as_deref()?)))
            .collect();
        let value = record.value.clone().unwrap_or_default();
        let Ok(replay) = Replay::of(&headers, value, None, REJECT_MAX_ATTEMPTS) else {
            done.skipped += 1;
            return None;
        };
        let items = decode(live, schema, &replay, self.clock.now());
        if items.is_none() {
            done.skipped += 1;
        }
        items.map(|items| (replay.origin, items))
    }

    async fn again(&self, live: &Live, origin: &Origin, items: Vec<Item>, done: &mut Replayed) {
        for result in carry_out(self, live, items, origin, self.clock.now()).await {
            match result.outcome {
                Outcome::Stored { duplicate: false, .. } => done.stored += 1,
                Outcome::Stored { duplicate: true, .. } => done.duplicates += 1,
                Outcome::Refused(_) => done.refused += 1,
                Outcome::Failed { .. } | Outcome::Unknown => done.failed += 1,
            }
        }
    }
}

fn decode(
    live: &Live,
    schema: Option<&Checking>,
    replay: &Replay,
    now: highway_types::Timestamp,
) -> Option<Vec<Item>> {
    let Origin { dialect, key_id, client, .. } = &replay.origin;
    let mut headers = HeaderMap::new();
    let (route, media, body) = match dialect.as_str() {
        // One event of a batch is a structured event.
        "cloudevents" => (Route::Events, "application/cloudevents+json", replay.body.clone()),
        "native" => (Route::Events, "application/json", replay.body.clone()),
        "segment" => {
            let body = [b"{\"batch\":[", &replay.body[..], b"]}"].concat();
            (Route::Segment(segment::Call::Batch), "application/json", Bytes::from(body))
        }
        _ => return None,
    };
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(media));
    let mut provenance = Provenance::new(format!("{}/{dialect}", live.name), now);
    provenance.key_id = key_id.clone().map(Into::into);
    provenance.client = client.clone().map(Into::into);
    let decoding = Decoding {
        live,
        route: &route,
        headers: &headers,
        body: &body,
        provenance: &provenance,
        schema,
        now,
    };
    match decoding.run() {
        Ok((decoded, _)) => Some(decoded.items),
        // The bytes are no event at all: that is a refusal as well.
        Err(crate::outcome::Turned::Request(crate::dialect::RequestError::Malformed(violation))) => {
            let refused = crate::dialect::Refused { id: None, raw: replay.body.clone(), violation };
            Some(vec![Item::Refused(refused)])
        }
        Err(_) => None,
    }
}

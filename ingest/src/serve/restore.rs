//! A lane's window out of the log: record headers, read from the end backwards until the window is full or old enough.
//!
//! There is no snapshot beside the log. A full window of a million events of 450 bytes was read in 1.2 seconds of CPU time, and only the first
//! request of its partition waits for that; a snapshot would be a second truth that has to be written, bounded and distrusted.

use std::collections::BTreeMap;
use std::time::Duration;

use highway_client::admin::OffsetSpec;
use highway_client::consumer::partition_of;
use highway_client::{Client, ClientError, Consumer, ConsumerConfig, ConsumerEvent, Record};
use highway_types::{Offset, Timestamp, TopicName};

use crate::dedup::{Bounds, EventId, Window, replay_from};
use crate::record::header;

/// Records of the first piece; each further one is four times as long.
const FIRST_PIECE: i64 = 16 * 1024;
/// A request is answered, or given up, within this time after it was received: records stand in the log that much out of order.
const DISORDER_MS: i64 = 10 * 60 * 1000;
/// How long the log may take for the next records.
const PATIENCE: Duration = Duration::from_secs(30);

/// A record with the header of an id.
pub(super) struct Seen {
    pub offset: i64,
    pub id: EventId,
    pub received: Timestamp,
}

/// The window of one partition for the events of `endpoint`, and where the log ended.
pub(super) async fn window(
    client: &Client,
    topic: &TopicName,
    partition: i32,
    endpoint: &str,
    bounds: Bounds,
    now: Timestamp,
) -> Result<Window, ClientError> {
    let (start, end) = ends(client, topic, partition).await?;
    let reach = replay_from(start, end, None, bounds);
    let oldest = now.0.saturating_sub(bounds.max_age_ms).saturating_sub(DISORDER_MS);
    let (mut pieces, mut to, mut length) = (Vec::new(), end, FIRST_PIECE);
    while to > reach {
        let from = to.saturating_sub(length).max(reach);
        let mut piece = Vec::new();
        read(client, topic, partition, from..to, |record| {
            piece.extend(seen(record, endpoint));
        })
        .await?;
        // Only events of this endpoint tell how far back a piece reaches: others may have any time.
        let newest = piece.iter().map(|seen: &Seen| seen.received).max();
        pieces.push(piece);
        to = from;
        length = length.saturating_mul(4);
        if newest.is_some_and(|newest| newest.0 < oldest) {
            break;
        }
    }
    let mut window = Window::new(bounds, start);
    for seen in pieces.into_iter().rev().flatten() {
        window.observe(seen.offset, seen.id, seen.received);
    }
    if end > 0 {
        window.pass(end - 1);
    }
    Ok(window)
}

/// First offset and end of a partition.
pub(super) async fn ends(
    client: &Client,
    topic: &TopicName,
    partition: i32,
) -> Result<(i64, i64), ClientError> {
    let at = |found: &BTreeMap<i32, highway_client::admin::ListedOffset>| {
        found.get(&partition).map_or(0, |l| l.offset.0)
    };
    let first = client.list_offsets(topic, &[(partition, OffsetSpec::Earliest)]).await?;
    let end = client.list_offsets(topic, &[(partition, OffsetSpec::Latest)]).await?;
    Ok((at(&first), at(&end)))
}

/// Reads a range of offsets in order.
pub(super) async fn read(
    client: &Client,
    topic: &TopicName,
    partition: i32,
    range: std::ops::Range<i64>,
    mut each: impl FnMut(&Record),
) -> Result<(), ClientError> {
    if range.is_empty() {
        return Ok(());
    }
    let which = partition_of(topic, partition);
    let config = ConsumerConfig { max_wait: Duration::from_millis(100), ..ConsumerConfig::default() };
    let positions = BTreeMap::from([(which, Offset(range.start))]);
    let mut consumer = Consumer::assign(client.clone(), config, positions);
    loop {
        let late =
            |_| ClientError::TimedOut { what: format!("partition {topic}-{partition}"), after: PATIENCE };
        match tokio::time::timeout(PATIENCE, consumer.poll()).await.map_err(late)?? {
            ConsumerEvent::Records { records, .. } => {
                for record in &records {
                    if record.offset.0 >= range.end {
                        return Ok(());
                    }
                    each(record);
                }
                if records.last().is_some_and(|r| r.offset.0 + 1 >= range.end) {
                    return Ok(());
                }
            }
            ConsumerEvent::End { offset, .. } if offset.0 >= range.end => return Ok(()),
            _ => {}
        }
    }
}

fn find<'a>(record: &'a Record, name: &str) -> Option<&'a [u8]> {
    record.headers.iter().rev().find(|h| &h.name[..] == name.as_bytes()).and_then(|h| h.value.as_deref())
}

fn received(record: &Record) -> Timestamp {
    let digits = find(record, header::RECEIVED_AT).and_then(|v| std::str::from_utf8(v).ok());
    digits.and_then(|text| text.parse().ok()).map_or(record.timestamp, Timestamp)
}

/// What a record brings to the window of an endpoint.
pub(super) fn seen(record: &Record, endpoint: &str) -> Option<Seen> {
    let of = find(record, header::INGEST)?.strip_prefix(endpoint.as_bytes())?;
    if of.first() != Some(&b'/') {
        return None;
    }
    let id = EventId::of_bytes(find(record, header::EVENT_ID)?);
    Some(Seen { offset: record.offset.0, id, received: received(record) })
}

//! Refused events into their topic.

use highway_types::Timestamp;
use highway_types::limits::REJECT_MAX_BYTES;

use super::live::Live;
use super::produce;
use super::service::{Ingest, Totals};
use crate::dialect::Refused;
use crate::rejects::{Origin, reject_record};

impl Ingest {
    /// Keeps refused events, as far as the endpoint says so, and waits until they are durable. What cannot be kept is counted; the
    /// sender is told of the refusal all the same.
    pub(super) async fn put_aside(
        &self,
        live: &Live,
        refused: &[(usize, Refused)],
        origin: &Origin,
        now: Timestamp,
    ) {
        Totals::add(&self.totals.refused, refused.len());
        let Some(topic) = &live.rejects else { return };
        let mut waiting = Vec::new();
        for (index, refused) in refused {
            if !live.keep_reject(refused.violation.code, self.clock.monotonic()) {
                continue;
            }
            let record = reject_record(refused, *index, origin, now, REJECT_MAX_BYTES);
            match produce::send(&self.producer, topic, None, &record, now).await {
                Ok(delivery) => waiting.push(delivery),
                Err(error) => self.lost_reject(live, &error),
            }
        }
        for delivery in waiting {
            if let Err(error) = delivery.wait().await {
                self.lost_reject(live, &error);
            }
        }
    }

    fn lost_reject(&self, live: &Live, error: &highway_client::ClientError) {
        Totals::add(&self.totals.rejects_lost, 1);
        tracing::warn!(endpoint = live.name, %error, "a refused event could not be kept");
    }
}

//! Lines into the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use highway_client::Delivery;
use highway_types::Timestamp;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::ENDPOINT;
use super::counters::Counters;
use crate::dialect::Refused;
use crate::endpoint::{Definition, Dialect};
use crate::envelope::{Provenance, Stamp, Violation};
use crate::ids::IdMaker;
use crate::record::Record;
use crate::rejects::Origin;
use crate::serve::live::Live;
use crate::serve::produce;
use crate::serve::service::Ingest;
use crate::syslog::ecs::{Original, Surroundings};
use crate::syslog::{Context, parse, record};
use crate::time::Moment;

/// What lines of one listener go to. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sink {
    ingest: Arc<Ingest>,
    default: Arc<Mutex<Option<Arc<Live>>>>,
    transport: &'static str,
    provenance: Bytes,
    /// The second of the last complaint.
    complained: Arc<AtomicU64>,
}

/// What one task needs to make records.
pub(super) struct Maker {
    ids: IdMaker<StdRng>,
    scratch: Vec<u8>,
}

impl Maker {
    pub fn new() -> Self {
        Self { ids: IdMaker::new(StdRng::from_rng(&mut rand::rng())), scratch: Vec::with_capacity(1024) }
    }
}

impl Sink {
    pub fn new(ingest: Arc<Ingest>, transport: &'static str) -> Self {
        let provenance = Bytes::from(format!("{ENDPOINT}/syslog-{transport}"));
        Self { ingest, default: Arc::default(), transport, provenance, complained: Arc::default() }
    }

    pub fn counters(&self) -> &Counters {
        self.ingest.syslog.of(self.transport)
    }

    pub fn now(&self) -> Timestamp {
        self.ingest.clock.now()
    }

    /// The endpoint as it is now, or the one that is there without being made.
    pub fn endpoint(&self) -> Option<Arc<Live>> {
        if let Some(live) = self.ingest.endpoint(ENDPOINT) {
            return Some(live);
        }
        let mut default = self.default.lock().unwrap_or_else(PoisonError::into_inner);
        if default.is_none() {
            let mut definition = Definition::new(ENDPOINT);
            definition.dialect = Dialect::Syslog;
            *default = Live::of(ENDPOINT, "", definition, self.ingest.clock.monotonic()).ok().map(Arc::new);
        }
        default.clone()
    }

    /// Makes the record of a line.
    pub fn make(
        &self,
        live: &Live,
        line: &[u8],
        source: Option<&str>,
        now: Timestamp,
        maker: &mut Maker,
    ) -> Result<Record, Violation> {
        let received = Moment::from_timestamp(now);
        let mut provenance = Provenance::new(self.provenance.clone(), now);
        provenance.client = source
            .filter(|_| live.definition.keep_client_address)
            .map(|s| Bytes::copy_from_slice(s.as_bytes()));
        let message = parse(line, &Context { received, assumed_offset: 0 });
        let around = Surroundings { received, source_ip: source, original: Original::WhenOdd };
        let mut stamp =
            Stamp { now, ids: &mut maker.ids, rules: &live.rules, provenance: &provenance, schema: None };
        record(&message, &around, &mut maker.scratch, &mut stamp)
    }

    /// Hands a line to the log: what to wait for, or `None` if it was refused or failed, which is counted.
    pub async fn line(
        &self,
        live: &Live,
        line: &[u8],
        source: Option<&str>,
        now: Timestamp,
        maker: &mut Maker,
    ) -> Line {
        let counters = self.counters();
        Counters::add(&counters.messages, 1);
        let made = match self.make(live, line, source, now, maker) {
            Ok(made) => made,
            Err(violation) => {
                Counters::add(&counters.rejected, 1);
                let refused = Refused { id: None, raw: Bytes::copy_from_slice(line), violation };
                let origin = Origin {
                    endpoint: live.name.clone(),
                    topic: live.definition.topic.clone(),
                    dialect: format!("syslog-{}", self.transport),
                    client: source.map(str::to_owned),
                    ..Origin::default()
                };
                self.ingest.put_aside(live, &[(0, refused)], &origin, now).await;
                return Line::Rejected;
            }
        };
        match produce::send(&self.ingest.producer, &live.topic, None, &made, now).await {
            Ok(delivery) => Line::Sent(delivery),
            Err(error) => {
                self.complain(&error);
                Counters::add(&counters.failed, 1);
                Line::Failed
            }
        }
    }

    /// Once a second is enough for the log; the count is exact.
    fn complain(&self, error: &highway_client::ClientError) {
        let second = self.ingest.clock.monotonic().as_secs() + 1;
        if self.complained.swap(second, Ordering::Relaxed) != second {
            let failed = self.counters().failed.load(Ordering::Relaxed);
            tracing::warn!(%error, failed, "syslog messages are not known to be stored");
        }
    }

    /// Waits for the end of it, and counts. True if it is durable.
    pub async fn settle(&self, delivery: Delivery) -> bool {
        let stored = delivery.wait().await;
        let counters = self.counters();
        if let Err(error) = &stored {
            self.complain(error);
        }
        Counters::add(if stored.is_ok() { &counters.stored } else { &counters.failed }, 1);
        stored.is_ok()
    }
}

/// What came of a line so far.
pub(super) enum Line {
    Sent(Delivery),
    /// Put aside, for good.
    Rejected,
    Failed,
}

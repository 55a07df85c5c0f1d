//! An endpoint in use: its definition, read once, with the state that belongs to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use highway_types::TopicName;
use highway_types::limits::ENDPOINT_MAX_KEYS;

use crate::endpoint::{Definition, Limiter, Rate};
use crate::envelope::{Code, Rules};
use crate::rejects::Sampler;
use crate::schema::{Misfits, SchemaRef};

/// See the module.
pub(super) struct Live {
    pub name: String,
    /// What it was made of, to see that it changed.
    pub text: String,
    pub definition: Definition,
    pub rules: Rules,
    pub topic: TopicName,
    /// `None`: refused events are not kept.
    pub rejects: Option<TopicName>,
    /// What its payloads are checked against; `None` too where a schema is yet to be learnt.
    pub schema: Option<SchemaRef>,
    /// Payloads that did not fit and were taken all the same.
    pub misfits: Arc<Misfits>,
    rates: Mutex<HashMap<String, (Limiter, Limiter)>>,
    sampler: Mutex<Sampler>,
}

impl Live {
    /// Reads a definition as it is stored.
    pub fn new(name: &str, text: &str, now: Duration) -> Result<Self, String> {
        let definition = Definition::from_json(text.as_bytes()).map_err(|e| e.to_string())?;
        Self::of(name, text, definition, now)
    }

    /// Of a definition that is at hand.
    pub fn of(name: &str, text: &str, definition: Definition, now: Duration) -> Result<Self, String> {
        let rules = definition.rules().map_err(|problem| problem.to_string())?;
        let rejects = definition.rejects.enabled.then(|| TopicName::new(&definition.rejects_topic(name)));
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            rules,
            topic: TopicName::new(&definition.topic),
            rejects,
            schema: definition.checked_against(),
            misfits: Arc::default(),
            rates: Mutex::default(),
            sampler: Mutex::new(Sampler::new(definition.rejects.max_per_second, now)),
            definition,
        })
    }

    /// Lets `events` and `bytes` of a key in.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(&self, key: &str, events: u64, bytes: u64, now: Duration) -> Result<(), Duration> {
        self.with_rates(key, now, |of_events, of_bytes| {
            let wait = of_events.wait(events, now).max(of_bytes.wait(bytes, now));
            if !wait.is_zero() {
                return Err(wait);
            }
            of_events.take(events, now);
            of_bytes.take(bytes, now);
            Ok(())
        })
    }

    /// Counts what a request turned out to have beyond what it was let in with.
    pub fn take(&self, key: &str, events: u64, bytes: u64, now: Duration) {
        self.with_rates(key, now, |of_events, of_bytes| {
            of_events.take(events, now);
            of_bytes.take(bytes, now);
        });
    }

    fn with_rates<R>(
        &self,
        key: &str,
        now: Duration,
        work: impl FnOnce(&mut Limiter, &mut Limiter) -> R,
    ) -> R {
        let limits = &self.definition.limits;
        let rate =
            |per_second: u64| Rate { per_second, burst: per_second.saturating_mul(limits.burst_seconds) };
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        // Keys come from the definition, so there are few; were there ever more, starting over is safe.
        if rates.len() > 2 * ENDPOINT_MAX_KEYS {
            rates.clear();
        }
        let (of_events, of_bytes) = rates.entry(key.to_owned()).or_insert_with(|| {
            (
                Limiter::new(rate(limits.events_per_second), now),
                Limiter::new(rate(limits.bytes_per_second), now),
            )
        });
        work(of_events, of_bytes)
    }

    /// Counts a refused event; true if it is to be kept.
    pub fn keep_reject(&self, code: Code, now: Duration) -> bool {
        self.sampler.lock().unwrap_or_else(PoisonError::into_inner).keep(code, now)
    }

    /// Refused events by reason: all, and those that were kept.
    pub fn reject_counts(&self) -> Vec<(&'static str, u64, u64)> {
        let sampler = self.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        sampler.counts().map(|(code, counted)| (code, counted.refused, counted.kept)).collect()
    }
}

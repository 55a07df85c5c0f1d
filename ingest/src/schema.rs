//! Payloads against a schema of the registry, seen through a seam: ingest knows no schema language.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::envelope::{Code, Violation};

/// A compiled schema.
pub trait PayloadCheck: fmt::Debug + Send + Sync + 'static {
    /// Its id in the registry.
    fn id(&self) -> i32;

    /// Its version under the subject.
    fn version(&self) -> i32;

    /// Checks a payload: a JSON text.
    ///
    /// # Errors
    /// The first part that does not fit.
    fn check(&self, payload: &str) -> Result<(), Misfit>;
}

/// Why a payload does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// A JSON pointer into the payload.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// Which schema is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaRef {
    /// The subject.
    pub subject: String,
    /// Its version; the latest one, and each that comes after it, if nothing is said.
    pub version: Option<i32>,
    /// The message of a Protobuf schema; its first if nothing is said.
    pub message: Option<String>,
}

impl fmt::Display for SchemaRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "version {version} of the subject '{}'", self.subject),
            None => write!(f, "the subject '{}'", self.subject),
        }
    }
}

/// Why there is no schema to check against, or none was registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// The node has no registry.
    #[error(
        "the schema registry of this node is off; set highway.registry.listener, or take the schema out of the endpoint"
    )]
    Off,
    /// There is no such subject or version.
    #[error("{schema} is not in the schema registry; register it with POST /subjects/{}/versions", .schema.subject)]
    Absent {
        /// Which.
        schema: SchemaRef,
    },
    /// It is there and cannot be used.
    #[error("{schema} cannot be used: {reason}")]
    Unusable {
        /// Which.
        schema: SchemaRef,
        /// Why.
        reason: String,
    },
    /// The registry refuses the schema: what it says.
    #[error("the schema registry refuses the schema: {0}")]
    Refused(String),
    /// The registry cannot answer now.
    #[error("the schema registry cannot answer: {0}")]
    Unavailable(String),
}

/// What a call of [`Schemas`] gives.
pub type SchemaFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, SchemaFault>> + Send + 'a>>;

/// The registry of the node.
pub trait Schemas: Send + Sync + 'static {
    /// The schema as it is now, compiled. Asked once for each request, so it is cheap while nothing changes.
    fn find<'a>(&'a self, schema: &'a SchemaRef) -> SchemaFuture<'a, Arc<dyn PayloadCheck>>;

    /// Registers a JSON Schema under a subject, as far as the subject's rules of evolution allow it; its id.
    fn register<'a>(&'a self, subject: &'a str, schema: String) -> SchemaFuture<'a, i32>;
}

/// A node without a registry.
#[derive(Clone, Copy, Debug)]
pub struct NoSchemas;

impl Schemas for NoSchemas {
    fn find<'a>(&'a self, _: &'a SchemaRef) -> SchemaFuture<'a, Arc<dyn PayloadCheck>> {
        Box::pin(std::future::ready(Err(SchemaFault::Off)))
    }

    fn register<'a>(&'a self, _: &'a str, _: String) -> SchemaFuture<'a, i32> {
        Box::pin(std::future::ready(Err(SchemaFault::Off)))
    }
}

/// Payloads that did not fit and were taken all the same.
#[derive(Debug, Default)]
pub struct Misfits {
    count: AtomicU64,
    last: Mutex<Option<Misfit>>,
}

impl Misfits {
    fn add(&self, misfit: Misfit) {
        self.count.fetch_add(1, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(misfit);
    }

    /// How many, and the last of them.
    #[must_use]
    pub fn seen(&self) -> (u64, Option<Misfit>) {
        (self.count.load(Ordering::Relaxed), self.last.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// A schema as the events of one request are checked against it.
#[derive(Clone, Debug)]
pub struct Checking {
    check: Arc<dyn PayloadCheck>,
    id: Bytes,
    /// Where misfits are counted that are taken all the same.
    warn: Option<Arc<Misfits>>,
}

impl Checking {
    /// Against `check`. With `warn` what does not fit is only counted.
    #[must_use]
    pub fn new(check: Arc<dyn PayloadCheck>, warn: Option<Arc<Misfits>>) -> Self {
        Self { id: check.id().to_string().into(), check, warn }
    }

    /// The schema's id as digits.
    #[must_use]
    pub fn id(&self) -> Bytes {
        self.id.clone()
    }

    /// Checks a payload; `at` is the pointer to it. True if it fits: it may be false only where misfits are taken.
    ///
    /// # Errors
    /// It does not fit.
    pub fn check(&self, at: &str, payload: &str) -> Result<bool, Violation> {
        let Err(misfit) = self.check.check(payload) else { return Ok(true) };
        if let Some(misfits) = &self.warn {
            misfits.add(misfit);
            return Ok(false);
        }
        let message =
            format!("{} (schema id {}, version {})", misfit.message, self.check.id(), self.check.version());
        Err(Violation::new(Code::Schema, &format!("{at}{}", misfit.path), message))
    }
}

#[cfg(test)]
#[path = "schema_test.rs"]
mod tests;

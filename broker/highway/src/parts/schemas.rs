//! The registry's schemas, compiled, for whoever checks records: endpoints, and topics that validate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use highway_ingest::schema::{Misfit, PayloadCheck, SchemaFault, SchemaFuture, SchemaRef, Schemas};
use highway_registry::fits::Fits;
use highway_registry::registry::{RegistryError, VersionId};
use highway_registry::schema::Parsed;
use highway_registry::subject::Subject;
use highway_registry::topic::{OwnedRequest, SchemaStore};
use highway_registry::validate;
use highway_types::limits::SCHEMA_VALIDATORS_MAX;

/// A compiled schema and what it is called.
#[derive(Debug)]
struct Ready {
    id: i32,
    version: i32,
    fits: Arc<Fits>,
}

impl PayloadCheck for Ready {
    fn id(&self) -> i32 {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn check(&self, payload: &str) -> Result<(), Misfit> {
        self.fits.check(payload).map_err(|fault| Misfit { path: fault.path, message: fault.reason })
    }
}

/// Where a schema is: its context, its id, and the message of it.
type Compiled = (String, i32, Option<String>);

#[derive(Default)]
struct Cache {
    /// What was found, and at which state of the registry.
    found: HashMap<SchemaRef, (u64, Result<Arc<Ready>, SchemaFault>)>,
    compiled: HashMap<Compiled, Arc<Fits>>,
    /// By id, for bytes of records; the schema is the parsed one that it was made of.
    of_bytes: HashMap<i32, (Arc<Parsed>, Arc<validate::Compiled>)>,
}

/// See the module. What was found is right for as long as the registry does not change, so that a new version takes effect with the
/// answer to its registration.
pub(super) struct NodeSchemas {
    pub(super) store: Arc<SchemaStore>,
    cache: Mutex<Cache>,
}

impl NodeSchemas {
    pub(super) fn new(store: Arc<SchemaStore>) -> Arc<Self> {
        Arc::new(Self { store, cache: Mutex::default() })
    }

    /// What is kept for this state of the registry.
    fn kept(&self, schema: &SchemaRef, changes: u64) -> Option<Result<Arc<Ready>, SchemaFault>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.found.get(schema).filter(|(at, _)| *at == changes).map(|(_, found)| found.clone())
    }

    /// Looks it up and compiles it if that was not done; takes its time for a large schema.
    fn look(&self, schema: &SchemaRef) -> Result<Arc<Ready>, SchemaFault> {
        let subject = Subject::parse(&schema.subject);
        let unusable = |reason: String| SchemaFault::Unusable { schema: schema.clone(), reason };
        let version = schema.version.map_or(VersionId::Latest, VersionId::Number);
        let found: Result<(i32, i32, String, Arc<Parsed>), SchemaFault> = self.store.with(|registry| {
            let stored = registry.version(&subject, version, false).map_err(|error| match error {
                RegistryError::SubjectNotFound(_) | RegistryError::VersionNotFound(_) => {
                    SchemaFault::Absent { schema: schema.clone() }
                }
                other => unusable(other.to_string()),
            })?;
            let parsed = registry.parsed(stored).map_err(|error| unusable(error.to_string()))?;
            Ok((stored.id, stored.version, stored.subject.context().to_owned(), parsed))
        });
        let (id, version, context, parsed) = found?;
        let key = (context, id, schema.message.clone());
        let kept = self.cache.lock().unwrap_or_else(PoisonError::into_inner).compiled.get(&key).cloned();
        let fits = match kept {
            Some(fits) => fits,
            None => {
                let fits = Arc::new(Fits::new(&parsed, schema.message.as_deref()).map_err(unusable)?);
                let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
                if cache.compiled.len() >= SCHEMA_VALIDATORS_MAX {
                    cache.compiled.clear();
                }
                cache.compiled.insert(key, Arc::clone(&fits));
                fits
            }
        };
        Ok(Arc::new(Ready { id, version, fits }))
    }

    /// A schema ready for the bytes of records.
    pub(super) fn compiled_bytes(
        &self,
        id: i32,
        parsed: Arc<Parsed>,
    ) -> Result<Arc<validate::Compiled>, String> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, compiled)) = cache.of_bytes.get(&id).filter(|(of, _)| Arc::ptr_eq(of, &parsed)) {
            return Ok(Arc::clone(compiled));
        }
        drop(cache);
        let compiled = Arc::new(validate::Compiled::new(Arc::clone(&parsed))?);
        cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.of_bytes.len() >= SCHEMA_VALIDATORS_MAX {
            cache.of_bytes.clear();
        }
        cache.of_bytes.insert(id, (parsed, Arc::clone(&compiled)));
        Ok(compiled)
    }

    async fn find(self: Arc<Self>, schema: SchemaRef) -> Result<Arc<Ready>, SchemaFault> {
        if self.store.changes().is_none() {
            self.store.ready().await.map_err(|error| SchemaFault::Unavailable(error.to_string()))?;
        }
        let work = tokio::task::spawn_blocking(move || {
            // Read before the lookup: a change in between is seen by the next request.
            let changes = self.store.changes();
            let found = self.look(&schema);
            if let Some(changes) = changes {
                let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
                if cache.found.len() >= SCHEMA_VALIDATORS_MAX {
                    cache.found.clear();
                }
                cache.found.insert(schema, (changes, found.clone()));
            }
            found
        });
        work.await.unwrap_or_else(|error| Err(SchemaFault::Unavailable(error.to_string())))
    }
}

/// The registry's topic is small and read to its end by every node; what is shown is what was acknowledged on it.
pub(super) struct EndpointSchemas(pub Arc<NodeSchemas>);

impl Schemas for EndpointSchemas {
    fn find<'a>(&'a self, schema: &'a SchemaRef) -> SchemaFuture<'a, Arc<dyn PayloadCheck>> {
        let kept = self.0.store.changes().and_then(|changes| self.0.kept(schema, changes));
        Box::pin(async move {
            let found = match kept {
                Some(found) => found,
                None => Arc::clone(&self.0).find(schema.clone()).await,
            };
            found.map(|ready| ready as Arc<dyn PayloadCheck>)
        })
    }

    fn register<'a>(&'a self, subject: &'a str, schema: String) -> SchemaFuture<'a, i32> {
        Box::pin(async move {
            let body = serde_json::json!({ "schemaType": "JSON", "schema": schema }).to_string();
            let request = OwnedRequest {
                method: "POST".to_owned(),
                path: format!("/subjects/{}/versions", encoded(subject)),
                query: String::new(),
                body: body.into_bytes(),
            };
            let answer = self.0.store.answer(request).await;
            let value: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let message = || value["message"].as_str().unwrap_or("no reason given").to_owned();
            match (answer.status, value["id"].as_i64().and_then(|id| i32::try_from(id).ok())) {
                (200, Some(id)) => Ok(id),
                (400..=499, _) => Err(SchemaFault::Refused(message())),
                _ => Err(SchemaFault::Unavailable(message())),
            }
        })
    }
}

/// A subject as a part of a path.
fn encoded(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

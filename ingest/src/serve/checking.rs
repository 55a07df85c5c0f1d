//! What the payloads of an endpoint are checked against, as it is now.

use std::sync::Arc;

use super::live::Live;
use super::service::Ingest;
use crate::endpoint::SchemaMode;
use crate::schema::{Checking, SchemaFault};

impl Ingest {
    /// The endpoint's schema; `None` where nothing is checked.
    ///
    /// # Errors
    /// There is none to check against now. An endpoint that only warns goes on without.
    pub(super) async fn checking(&self, live: &Live) -> Result<Option<Checking>, SchemaFault> {
        let Some(schema) = &live.schema else { return Ok(None) };
        let warns = live.definition.schema.as_ref().is_some_and(|s| s.mode == SchemaMode::Warn);
        match self.schemas.find(schema).await {
            Ok(check) => Ok(Some(Checking::new(check, warns.then(|| Arc::clone(&live.misfits))))),
            Err(fault) if warns => {
                tracing::debug!(endpoint = live.name, %fault, "payloads are not checked");
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}

//! The seam between topics that ask for schemas and the registry, which the server does not know.

use std::sync::{Arc, OnceLock};

pub use highway_log::batch::records::RecordView;
pub use highway_log::batch::validate::RecordCheck;
use highway_types::TopicName;
use highway_types::topic_config::SchemaRules;
use kafka_protocol::ResponseError;

use crate::error::KafkaError;

/// Whoever knows the registry's schemas.
pub trait RecordSchemas: Send + Sync + 'static {
    /// A check for the records of one batch.
    ///
    /// # Errors
    /// The schemas are not read at this moment; trying again helps.
    fn check<'a>(
        &'a self,
        topic: &'a TopicName,
        rules: SchemaRules,
    ) -> Result<Box<dyn RecordCheck + 'a>, String>;
}

/// The node's schemas, once it is known whether it has any.
#[derive(Default)]
pub struct SchemaSlot(OnceLock<Option<Arc<dyn RecordSchemas>>>);

impl SchemaSlot {
    /// Says what the node has; `None` for a node whose registry is off. Counts once.
    pub fn fill(&self, schemas: Option<Arc<dyn RecordSchemas>>) {
        if self.0.set(schemas).is_err() {
            tracing::error!("the node's schemas were told twice");
        }
    }

    /// A check for the records of one batch of a topic that asks for one.
    pub(crate) fn check<'a>(
        &'a self,
        topic: &'a TopicName,
        rules: SchemaRules,
    ) -> Result<Box<dyn RecordCheck + 'a>, KafkaError> {
        // Producers take this code for something that passes.
        let later = |reason: String| KafkaError::new(ResponseError::KafkaStorageError, reason);
        match self.0.get() {
            None => Err(later("The node is starting and has not read its schemas yet".to_owned())),
            Some(None) => Err(KafkaError::new(
                ResponseError::InvalidRecord,
                format!(
                    "The topic '{topic}' asks for schemas to be checked, and the schema registry of this node is \
                     off: set highway.registry.listener, or take the settings *.schema.validation off the topic"
                ),
            )),
            Some(Some(schemas)) => schemas.check(topic, rules).map_err(later),
        }
    }
}

impl std::fmt::Debug for SchemaSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SchemaSlot").field(&self.0.get().map(Option::is_some)).finish()
    }
}

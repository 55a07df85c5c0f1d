//! What a transform made of a schema, kept for the next record that has it.

use std::sync::Arc;

use crate::error::Result;
use crate::schema::{Schema, SchemaRef};

/// So many schemas are remembered, as in Kafka's transforms.
const MOST: usize = 16;

/// The last schemas with what was made of them, newest first.
pub(super) struct SchemaCache<T> {
    entries: Vec<(SchemaRef, Arc<T>)>,
}

impl<T> Default for SchemaCache<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T> SchemaCache<T> {
    /// What was made of the schema, or is made of it now.
    pub(super) fn get(
        &mut self,
        schema: &SchemaRef,
        make: impl FnOnce(&Schema) -> Result<T>,
    ) -> Result<Arc<T>> {
        if let Some((first, made)) = self.entries.first()
            && Arc::ptr_eq(first, schema)
        {
            return Ok(Arc::clone(made));
        }
        let known = self.entries.iter().position(|(s, _)| Schema::same(s, schema));
        let made = match known {
            Some(at) => self.entries.remove(at).1,
            None => Arc::new(make(schema)?),
        };
        self.entries.truncate(MOST - 1);
        // Under the address of the schema as it comes now, so that the next look is at the pointer only.
        self.entries.insert(0, (Arc::clone(schema), Arc::clone(&made)));
        Ok(made)
    }
}

//! JSON Schema, drafts 4, 6, 7, 2019-09 and 2020-12: what schemas say, compared; and values checked.

mod draft;
mod fast;
mod model;
mod read;
mod resolve;
mod tags;
mod validator;

mod diff;

pub use diff::incompatibilities;
pub use draft::Draft;
pub(crate) use tags::visit;
pub use validator::Validator;

use crate::json::Json;
use model::{Node, NodeId};

/// A parsed schema.
#[derive(Debug)]
pub struct JsonSchema {
    /// The text as a value.
    value: Json,
    draft: Draft,
    nodes: Vec<Node>,
    root: NodeId,
    /// Schemas by the names they are referred to.
    references: Vec<(String, Json)>,
}

impl JsonSchema {
    /// Reads a schema. `references` are names and texts of schemas that it uses.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str, references: &[(&str, &str)]) -> Result<Self, String> {
        read::parse(text, references)
    }

    /// The text as kept: compact, members in the order given.
    pub fn canonical(&self) -> String {
        self.value.to_string()
    }

    /// The text with members sorted.
    pub fn normalized(&self) -> String {
        self.value.sorted().to_string()
    }

    /// The value of the schema.
    pub fn value(&self) -> &Json {
        &self.value
    }

    /// The draft it is written for.
    pub fn draft(&self) -> Draft {
        self.draft
    }

    /// Whether it says the same with the same schemas used.
    pub fn is_same(&self, other: &Self) -> bool {
        self.value.to_string() == other.value.to_string() && self.references == other.references
    }

    fn node(&self, id: NodeId) -> &Node {
        // Ids are only made for nodes that were added.
        &self.nodes[id.0 as usize]
    }
}

#[cfg(test)]
#[path = "jsonschema_test.rs"]
mod tests;

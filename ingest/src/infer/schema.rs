//! A shape, written down as JSON Schema.

use serde_json::{Map, Value, json};

use super::shape::{Members, Shape, Strings};

/// A text is one of few words if each was seen this often on average.
const WORD_SEEN: u64 = 10;

impl Shape {
    /// The schema, draft 2020-12.
    #[must_use]
    pub fn schema(&self, title: &str) -> Value {
        let mut schema = Map::new();
        schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.insert("title".to_owned(), json!(title));
        self.describe(&mut schema);
        Value::Object(schema)
    }

    fn node(&self) -> Value {
        let mut schema = Map::new();
        self.describe(&mut schema);
        Value::Object(schema)
    }

    fn describe(&self, schema: &mut Map<String, Value>) {
        if self.open {
            return;
        }
        let mut types = Vec::new();
        if self.nulls {
            types.push("null");
        }
        if self.booleans {
            types.push("boolean");
        }
        if let Some(numbers) = &self.numbers {
            types.push(if numbers.whole { "integer" } else { "number" });
        }
        if let Some(strings) = &self.strings {
            types.push("string");
            // With other types beside it, the list would have to name their values as well.
            let alone = types.len() == 1 && self.arrays.is_none() && self.objects.is_none();
            if alone && let Some(words) = strings.few() {
                schema.insert("enum".to_owned(), json!(words));
            }
        }
        if let Some(of) = &self.arrays {
            types.push("array");
            if of.seen > 0 {
                schema.insert("items".to_owned(), of.node());
            }
        }
        if let Some(members) = &self.objects {
            types.push("object");
            members.describe(schema);
        }
        match &types[..] {
            [] => {}
            [one] => drop(schema.insert("type".to_owned(), json!(one))),
            several => drop(schema.insert("type".to_owned(), json!(several))),
        }
    }
}

impl Strings {
    fn few(&self) -> Option<&std::collections::BTreeSet<String>> {
        let words = self.words.as_ref()?;
        (self.seen >= WORD_SEEN * words.len() as u64).then_some(words)
    }
}

impl Members {
    fn describe(&self, schema: &mut Map<String, Value>) {
        // With more names than are kept this is a map: its keys are data.
        if self.more {
            return;
        }
        let properties: Map<String, Value> =
            self.by_name.iter().map(|(name, shape)| (name.clone(), shape.node())).collect();
        let required: Vec<&String> =
            self.by_name.iter().filter(|(_, shape)| shape.seen == self.seen).map(|(name, _)| name).collect();
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(properties));
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
    }
}

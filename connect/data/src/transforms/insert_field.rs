//! `InsertField`: topic, partition, offset, timestamp or a fixed text as fields.

use std::sync::Arc;

use super::Transformation;
use super::cache::SchemaCache;
use super::part::{Part, REPLACE_NULL, replace_null, require_map, require_struct, settle};
use crate::config::{Config, ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, Props};
use crate::error::{DataError, Result};
use crate::record::{ConnectRecord, Origin};
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type, logical};
use crate::value::{Struct, Value};

const PURPOSE: &str = "field insertion";

pub(super) struct InsertField {
    part: Part,
    fields: Vec<Insertion>,
    replace_null: bool,
    plans: SchemaCache<Plan>,
}

struct Insertion {
    name: Arc<str>,
    /// The same as a map's key.
    key: Value,
    optional: bool,
    what: What,
}

#[derive(Clone)]
enum What {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Static(Value),
}

/// The new schema. The new fields stand behind the old ones.
struct Plan {
    schema: SchemaRef,
}

const SETTINGS: [(&str, &str); 5] = [
    ("topic.field", "The field for the topic."),
    ("partition.field", "The field for the partition."),
    ("offset.field", "The field for the offset; only for sinks."),
    ("timestamp.field", "The field for the record's timestamp."),
    ("static.field", "The field for a fixed text."),
];

pub(super) fn config_def() -> ConfigDef {
    let text = |name: &str, documentation: &str| {
        ConfigKey::new(name, ConfigType::String, ConfigValue::Null, Importance::Medium, documentation)
    };
    let mut def = ConfigDef::new();
    for (name, documentation) in SETTINGS {
        let suffix = "A ! at the end makes it required, a ? optional, as it is without either.";
        def = def.define(text(name, &format!("{documentation} {suffix}")));
    }
    def.define(text("static.value", "The fixed text.")).define(replace_null())
}

impl InsertField {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        let fields: Vec<Insertion> =
            SETTINGS.iter().filter_map(|(name, _)| insertion(name, &config)).collect();
        if fields.is_empty() {
            return Err(DataError::config("No field insertion configured"));
        }
        if let Some(field) = config.string("static.field").filter(|_| config.string("static.value").is_none())
        {
            let why = format!("No value specified for static field: {field}");
            return Err(DataError::config_value("static.value", "null", why));
        }
        Ok(Self { part, fields, replace_null: config.boolean(REPLACE_NULL), plans: SchemaCache::default() })
    }
}

fn insertion(setting: &str, config: &Config) -> Option<Insertion> {
    let spec = config.string(setting)?;
    let (name, optional) = match (spec.strip_suffix('?'), spec.strip_suffix('!')) {
        (Some(name), _) => (name, true),
        (None, Some(name)) => (name, false),
        (None, None) => (spec, true),
    };
    let what = match setting {
        "topic.field" => What::Topic,
        "partition.field" => What::Partition,
        "offset.field" => What::Offset,
        "timestamp.field" => What::Timestamp,
        _ => What::Static(Value::string(config.text("static.value"))),
    };
    Some(Insertion { name: name.into(), key: Value::string(name), optional, what })
}

impl Insertion {
    fn schema(&self) -> SchemaRef {
        let builder = match self.what {
            What::Topic | What::Static(_) => SchemaBuilder::new(Type::String),
            What::Partition => SchemaBuilder::new(Type::Int32),
            What::Offset => SchemaBuilder::new(Type::Int64),
            What::Timestamp => logical::timestamp(),
        };
        builder.set_optional(self.optional).build()
    }

    /// The value, or None where there is nothing to insert. Without a schema a timestamp is a number.
    fn value(&self, record: &ConnectRecord, with_schema: bool) -> Result<Option<Value>> {
        Ok(match &self.what {
            What::Topic => Some(Value::String(record.topic.clone())),
            What::Partition => record.partition.map(Value::from),
            What::Offset => match &record.origin {
                Origin::Sink(at) => Some(at.offset.into()),
                Origin::Source(_) => {
                    return Err(DataError::data(format!(
                        "Only SinkRecord supported for [{PURPOSE}], found: org.apache.kafka.connect.source.SourceRecord"
                    )));
                }
            },
            What::Timestamp => {
                record.timestamp.map(|ms| if with_schema { Value::Instant(ms) } else { ms.into() })
            }
            What::Static(text) => Some(text.clone()),
        })
    }
}

fn plan(schema: &Schema, fields: &[Insertion]) -> Result<Plan> {
    let mut builder = SchemaBuilder::basics_of(schema);
    for field in schema.fields() {
        builder = builder.field(field.name.clone(), field.schema.clone())?;
    }
    for field in fields {
        builder = builder.field(field.name.clone(), field.schema())?;
    }
    Ok(Plan { schema: builder.build() })
}

impl Transformation for InsertField {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if self.part.of(&record).value.is_null() {
            return Ok(Some(record));
        }
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let updated = match schema {
            None => {
                let mut map = require_map(value, PURPOSE)?;
                for field in &self.fields {
                    if let Some(value) = field.value(&record, false)? {
                        map.insert(field.key.clone(), value);
                    }
                }
                SchemaAndValue::new(None, Value::Map(map))
            }
            Some(_) => {
                let (schema, mut values) = require_struct(value, PURPOSE)?.into_parts();
                let fields = &self.fields;
                let plan = self.plans.get(&schema, |schema| plan(schema, fields))?;
                settle(&schema, &mut values, self.replace_null)?;
                values.reserve_exact(fields.len());
                for field in fields {
                    let value = field.value(&record, true)?;
                    // What is not there is left unset, also where it is required: Kafka looks at it only when it is written.
                    values.push(value.unwrap_or_default());
                }
                SchemaAndValue::of(Struct::from_values(plan.schema.clone(), values)?)
            }
        };
        *self.part.of_mut(&mut record) = updated;
        Ok(Some(record))
    }
}

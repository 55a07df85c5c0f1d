//! `ReplaceField`: fields left out, kept, or renamed.

use std::collections::{BTreeMap, HashSet};

use super::Transformation;
use super::cache::SchemaCache;
use super::part::{Part, REPLACE_NULL, replace_null, require_map, require_struct};
use crate::config::{Check, ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, ListOf, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, validate_field};
use crate::value::{MapValue, Struct, Value};

const PURPOSE: &str = "field replacement";

pub(super) struct ReplaceField {
    part: Part,
    names: Names,
    replace_null: bool,
    plans: SchemaCache<Plan>,
}

struct Names {
    exclude: HashSet<String>,
    include: HashSet<String>,
    /// Old names to new ones as they are put into maps.
    renames: BTreeMap<String, Value>,
}

/// The new schema, and for each of its fields the index of the old one.
struct Plan {
    schema: SchemaRef,
    sources: Vec<usize>,
}

fn parse_renames(mappings: &[String]) -> Result<BTreeMap<String, Value>> {
    let mut renames = BTreeMap::new();
    for mapping in mappings {
        // As Java splits: empty pieces at the end do not count.
        let pieces: Vec<&str> = mapping.trim_end_matches(':').split(':').collect();
        let [from, to] = pieces.as_slice() else {
            let all = ConfigValue::List(mappings.to_vec());
            return Err(DataError::config_value(
                "renames",
                all,
                format!("Invalid rename mapping: {mapping}"),
            ));
        };
        renames.insert((*from).to_owned(), Value::string(to));
    }
    Ok(renames)
}

fn check(_name: &str, value: &ConfigValue) -> Result<()> {
    match value {
        ConfigValue::List(items) => parse_renames(items).map(drop),
        _ => Ok(()),
    }
}

pub(super) fn config_def() -> ConfigDef {
    let list = |name: &str, documentation: &str| {
        ConfigKey::new(
            name,
            ConfigType::List,
            ConfigValue::List(Vec::new()),
            Importance::Medium,
            documentation,
        )
    };
    ConfigDef::new()
        .define(
            list("exclude", "The fields to leave out, also where include names them.").validator(ListOf::ANY),
        )
        .define(list("include", "The only fields to keep, if any are named.").validator(ListOf::ANY))
        .define(
            list("renames", "New names for fields, as old:new,old:new.")
                .validator(Check(check, "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>")),
        )
        .define(replace_null())
}

impl Names {
    fn keeps(&self, name: &str) -> bool {
        !self.exclude.contains(name) && (self.include.is_empty() || self.include.contains(name))
    }

    fn plan(&self, schema: &Schema) -> Result<Plan> {
        let mut builder = SchemaBuilder::basics_of(schema);
        let mut sources = Vec::new();
        for field in schema.fields().iter().filter(|field| self.keeps(&field.name)) {
            let renamed = self.renames.get(&*field.name).and_then(Value::as_str);
            builder = builder.field(renamed.unwrap_or(&field.name), field.schema.clone())?;
        }
        for field in builder.fields() {
            // Kafka finds the old field by the new name.
            let old = self.renames.iter().find(|(_, new)| new.as_str() == Some(&field.name));
            let old = old.map_or(&*field.name, |(old, _)| old.as_str());
            let source = schema.position(old);
            sources.push(source.ok_or_else(|| DataError::data(format!("{old} is not a valid field name")))?);
        }
        Ok(Plan { schema: builder.build(), sources })
    }
}

impl ReplaceField {
    pub(super) fn new(part: Part, props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        let set = |name: &str| config.list(name).iter().cloned().collect();
        Ok(Self {
            part,
            names: Names {
                exclude: set("exclude"),
                include: set("include"),
                renames: parse_renames(config.list("renames"))?,
            },
            replace_null: config.boolean(REPLACE_NULL),
            plans: SchemaCache::default(),
        })
    }

    fn map(&self, mut map: Box<MapValue>) -> Box<MapValue> {
        if self.names.renames.is_empty() {
            map.retain(|key, _| self.names.keeps(key.as_str().unwrap_or_default()));
            return map;
        }
        let mut out = MapValue::with_capacity(map.len());
        for (key, value) in *map {
            let name = key.as_str().unwrap_or_default();
            if self.names.keeps(name) {
                let renamed = self.names.renames.get(name).cloned();
                out.insert(renamed.unwrap_or(key), value);
            }
        }
        Box::new(out)
    }
}

impl Transformation for ReplaceField {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if self.part.of(&record).value.is_null() {
            return Ok(Some(record));
        }
        let SchemaAndValue { schema, value } = self.part.take(&mut record);
        let replaced = match schema {
            None => SchemaAndValue::new(None, Value::Map(self.map(require_map(value, PURPOSE)?))),
            Some(_) => {
                let mut before = require_struct(value, PURPOSE)?;
                let plan = self.plans.get(before.schema(), |schema| self.names.plan(schema))?;
                let mut values = Vec::with_capacity(plan.sources.len());
                for (field, source) in plan.schema.fields().iter().zip(&plan.sources) {
                    let value = before.take(*source, self.replace_null);
                    if value.is_null() {
                        validate_field(&field.name, &field.schema, &value)?;
                    }
                    values.push(value);
                }
                SchemaAndValue::of(Struct::from_values(plan.schema.clone(), values)?)
            }
        };
        *self.part.of_mut(&mut record) = replaced;
        Ok(Some(record))
    }
}

//! Connect's schemas as Avro's, as Confluent's AvroData maps them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use highway_connect_data::schema::logical::{DATE, DECIMAL, SCALE, TIME, TIMESTAMP};
use highway_connect_data::{Schema, SchemaRef, Type};
use serde_json::{Map, Value as Json, json};

use super::encoder::FormatError;

/// The name of a record whose schema has none.
const DEFAULT_NAME: &str = "ConnectDefault";
/// Its namespace.
const NAMESPACE: &str = "io.confluent.connect.avro";
/// Digits of a decimal whose schema does not say how many.
const PRECISION: i64 = 64;

/// The Avro schema, as JSON.
pub(super) fn avro_schema(schema: &SchemaRef) -> Result<Json, FormatError> {
    Names::default().of(schema, "value")
}

/// Names of records must be unique in a schema; a second use of the same one is a reference.
#[derive(Default)]
struct Names {
    used: HashMap<String, SchemaRef>,
}

impl Names {
    fn of(&mut self, schema: &SchemaRef, at: &str) -> Result<Json, FormatError> {
        let plain = self.required(schema, at)?;
        Ok(if schema.is_optional() { json!(["null", plain]) } else { plain })
    }

    fn required(&mut self, schema: &SchemaRef, at: &str) -> Result<Json, FormatError> {
        let missing = || FormatError::Type { format: "Avro", what: format!("{at}: {schema}") };
        let mut more = Map::new();
        let base = match schema.r#type() {
            Type::Int8 | Type::Int16 => {
                let name = if schema.r#type() == Type::Int8 { "int8" } else { "int16" };
                more.insert("connect.type".into(), name.into());
                "int"
            }
            Type::Int32 => "int",
            Type::Int64 => "long",
            Type::Float32 => "float",
            Type::Float64 => "double",
            Type::Boolean => "boolean",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Array => {
                let items = self.of(schema.value_schema().ok_or_else(missing)?, at)?;
                more.insert("items".into(), items);
                "array"
            }
            Type::Map => {
                let (key, value) = (schema.key_schema(), schema.value_schema());
                let (key, value) = (key.ok_or_else(missing)?, value.ok_or_else(missing)?);
                if key.r#type() == Type::String && !key.is_optional() {
                    more.insert("values".into(), self.of(value, at)?);
                    "map"
                } else {
                    // Avro's keys are text; others become an array of pairs.
                    let name = self.fresh("MapEntry", schema);
                    let fields = json!([
                        {"name": "key", "type": self.of(key, at)?},
                        {"name": "value", "type": self.of(value, at)?},
                    ]);
                    let entry =
                        json!({"type": "record", "name": name, "namespace": NAMESPACE, "fields": fields});
                    more.insert("items".into(), entry);
                    "array"
                }
            }
            Type::Struct => return self.record(schema),
        };
        logical(schema, &mut more);
        if more.is_empty() {
            return Ok(base.into());
        }
        let mut object = Map::new();
        object.insert("type".into(), base.into());
        object.extend(more);
        Ok(Json::Object(object))
    }

    fn record(&mut self, schema: &SchemaRef) -> Result<Json, FormatError> {
        let (namespace, name) = match schema.name() {
            None => (NAMESPACE.to_owned(), DEFAULT_NAME.to_owned()),
            Some(full) => {
                let full: Vec<String> = full.split('.').map(scrubbed).collect();
                match full.split_last() {
                    Some((name, namespace)) => (namespace.join("."), name.clone()),
                    None => (NAMESPACE.to_owned(), DEFAULT_NAME.to_owned()),
                }
            }
        };
        let full =
            |name: &str| if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") };
        let known = self
            .used
            .iter()
            .find(|(_, other)| Schema::same(other, schema) || same_but_optional(other, schema));
        if let Some((known, _)) = known {
            return Ok(known.clone().into());
        }
        let mut unique = name.clone();
        let mut number = 1;
        while self.used.contains_key(&full(&unique)) {
            number += 1;
            unique = format!("{name}{number}");
        }
        self.used.insert(full(&unique), schema.clone());
        let mut fields = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let mut avro = Map::new();
            let name = scrubbed(&field.name);
            avro.insert("name".into(), name.into());
            avro.insert("type".into(), self.of(&field.schema, &field.name)?);
            if field.schema.is_optional() {
                avro.insert("default".into(), Json::Null);
            }
            fields.push(Json::Object(avro));
        }
        let mut record = Map::new();
        record.insert("type".into(), "record".into());
        record.insert("name".into(), unique.into());
        if !namespace.is_empty() {
            record.insert("namespace".into(), namespace.into());
        }
        record.insert("fields".into(), fields.into());
        let mut more = Map::new();
        logical(schema, &mut more);
        record.extend(more);
        Ok(Json::Object(record))
    }

    fn fresh(&mut self, base: &str, schema: &SchemaRef) -> String {
        let mut number = 1;
        loop {
            let name = if number == 1 { base.to_owned() } else { format!("{base}{number}") };
            if let Entry::Vacant(free) = self.used.entry(format!("{NAMESPACE}.{name}")) {
                free.insert(schema.clone());
                return name;
            }
            number += 1;
        }
    }
}

/// A record is defined once, whether null may stand in its place or not: the union is around it.
fn same_but_optional(a: &SchemaRef, b: &SchemaRef) -> bool {
    a.r#type() == Type::Struct
        && b.r#type() == Type::Struct
        && a.name() == b.name()
        && a.version() == b.version()
        && a.doc() == b.doc()
        && a.parameters() == b.parameters()
        && a.fields() == b.fields()
}

fn logical(schema: &Schema, more: &mut Map<String, Json>) {
    match schema.name() {
        Some(DECIMAL) => {
            let number = |name: &str| schema.parameter(name).and_then(|s| s.parse::<i64>().ok());
            let scale = number(SCALE).unwrap_or(0);
            more.insert("logicalType".into(), "decimal".into());
            more.insert("scale".into(), scale.into());
            let precision = number("connect.decimal.precision").unwrap_or(PRECISION);
            more.insert("precision".into(), precision.max(scale).into());
        }
        Some(DATE) => drop(more.insert("logicalType".into(), "date".into())),
        Some(TIME) => drop(more.insert("logicalType".into(), "time-millis".into())),
        Some(TIMESTAMP) => drop(more.insert("logicalType".into(), "timestamp-millis".into())),
        _ => {}
    }
    if let Some(name) = schema.name() {
        more.insert("connect.name".into(), name.into());
    }
    if let Some(version) = schema.version() {
        more.insert("connect.version".into(), version.into());
    }
    if let Some(doc) = schema.doc() {
        more.insert("connect.doc".into(), doc.into());
    }
    if !schema.parameters().is_empty() {
        let parameters: Map<String, Json> =
            schema.parameters().iter().map(|(k, v)| (k.to_string(), Json::from(&**v))).collect();
        more.insert("connect.parameters".into(), parameters.into());
    }
}

/// Avro's names are letters, digits and underscores, with no digit first.
fn scrubbed(name: &str) -> String {
    let mut out: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

//! Connect schemas as Avro schemas (`AvroData.fromConnectSchema`).

use std::collections::HashMap;

use super::names::{DEFAULT, ENUM, FIXED_SIZE, MAP_ENTRY, NAMESPACE, PRECISION, UNION};
use super::to_connect::DEFAULT_PRECISION;
use crate::converters::json::{date_days, decimal_bytes, time_ms};
use crate::error::{DataError, Result};
use crate::json::write_string;
use crate::schema::logical::{Logical, SCALE};
use crate::schema::{Schema, SchemaRef, Type};
use crate::value::{Value, numbers};

/// The Avro schema as JSON.
pub(super) fn text(schema: &Schema) -> Result<String> {
    let mut writer = Writer::default();
    writer.schema(schema)?;
    String::from_utf8(writer.out).map_err(|error| DataError::data(error.to_string()))
}

/// Whether a map is Avro's own kind: with required strings as keys.
pub(super) fn is_object_map(schema: &Schema) -> bool {
    schema.key_schema().is_some_and(|keys| keys.r#type() == Type::String && !keys.is_optional())
}

/// The symbols of a string that is an enum in Avro.
pub(super) fn enum_symbols(schema: &Schema) -> Option<Vec<&str>> {
    schema.parameter(ENUM)?;
    let prefix = format!("{ENUM}.");
    Some(
        schema
            .parameters()
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix))
            .map(|(_, symbol)| &**symbol)
            .collect(),
    )
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// Named types that stand above: a second time only their name is written.
    defined: HashMap<String, SchemaRef>,
    unnamed: usize,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn member(&mut self, name: &str, text: &str) {
        self.raw(&format!(",\"{name}\":"));
        write_string(&mut self.out, text);
    }

    fn schema(&mut self, schema: &Schema) -> Result<()> {
        let is_union = schema.r#type() == Type::Struct && schema.name() == Some(UNION);
        if is_union {
            return self.union(schema);
        }
        if !schema.is_optional() {
            return self.required(schema);
        }
        match schema.default_value() {
            None => {
                self.raw("[\"null\",");
                self.required(schema)?;
                self.raw("]");
            }
            Some(_) => {
                self.raw("[");
                self.required(schema)?;
                self.raw(",\"null\"]");
            }
        }
        Ok(())
    }

    fn union(&mut self, schema: &Schema) -> Result<()> {
        self.raw(if schema.is_optional() { "[\"null\"" } else { "[" });
        for (index, field) in schema.fields().iter().enumerate() {
            if index > 0 || schema.is_optional() {
                self.raw(",");
            }
            self.required(&field.schema)?;
        }
        self.raw("]");
        Ok(())
    }

    fn required(&mut self, schema: &Schema) -> Result<()> {
        if schema.r#type() == Type::Struct {
            return self.record(schema);
        }
        let connect_type = match schema.r#type() {
            Type::Int8 => Some("int8"),
            Type::Int16 => Some("int16"),
            _ => None,
        };
        let plain = schema.name().is_none()
            && schema.version().is_none()
            && schema.doc().is_none()
            && schema.parameters().is_empty()
            && schema.default_value().is_none()
            && connect_type.is_none();
        let primitive = match schema.r#type() {
            Type::Int8 | Type::Int16 | Type::Int32 => "int",
            Type::Int64 => "long",
            Type::Float32 => "float",
            Type::Float64 => "double",
            Type::Boolean => "boolean",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Array | Type::Map | Type::Struct => "",
        };
        if plain && !primitive.is_empty() {
            write_string(&mut self.out, primitive);
            return Ok(());
        }
        match (schema.r#type(), enum_symbols(schema), schema.parameter(FIXED_SIZE)) {
            (Type::String, Some(symbols), _) => self.enumeration(schema, &symbols)?,
            (Type::Bytes, _, Some(size)) => {
                let size: usize =
                    size.parse().map_err(|_| DataError::data(format!("A fixed of size {size}")))?;
                self.raw("{\"type\":\"fixed\"");
                self.named(schema)?;
                self.raw(&format!(",\"size\":{size}"));
            }
            (Type::Array, ..) => {
                self.raw("{\"type\":\"array\",\"items\":");
                self.inner(schema.value_schema())?;
            }
            (Type::Map, ..) if is_object_map(schema) => {
                self.raw("{\"type\":\"map\",\"values\":");
                self.inner(schema.value_schema())?;
            }
            (Type::Map, ..) => {
                self.raw(&format!(
                    "{{\"type\":\"array\",\"items\":{{\"type\":\"record\",\"name\":\"{MAP_ENTRY}\",\"namespace\":\"{NAMESPACE}\",\"fields\":[\
                     {{\"name\":\"key\",\"type\":"
                ));
                self.inner(schema.key_schema())?;
                self.raw("},{\"name\":\"value\",\"type\":");
                self.inner(schema.value_schema())?;
                self.raw(&format!("}}],\"connect.internal.type\":\"{MAP_ENTRY}\"}}"));
            }
            _ => self.raw(&format!("{{\"type\":\"{primitive}\"")),
        }
        if let Some(connect_type) = connect_type {
            self.member("connect.type", connect_type);
        }
        self.logical(schema)?;
        self.connect(schema)?;
        self.raw("}");
        Ok(())
    }

    fn inner(&mut self, schema: Option<&SchemaRef>) -> Result<()> {
        match schema {
            Some(schema) => self.schema(schema),
            None => Err(DataError::data("A list or map without the schema of its elements")),
        }
    }

    fn enumeration(&mut self, schema: &Schema, symbols: &[&str]) -> Result<()> {
        self.raw("{\"type\":\"enum\"");
        self.named(schema)?;
        self.raw(",\"symbols\":[");
        for (index, symbol) in symbols.iter().enumerate() {
            self.raw(if index > 0 { "," } else { "" });
            write_string(&mut self.out, symbol);
        }
        self.raw("]");
        Ok(())
    }

    /// The name of a named type, from the schema's own or one that stands for none.
    fn name_of(&mut self, schema: &Schema) -> Result<String> {
        let given = schema.parameter(ENUM).filter(|n| !n.is_empty()).or(schema.name());
        let name = match given {
            Some(name) => name.to_owned(),
            None => {
                self.unnamed += 1;
                let number = if self.unnamed > 1 { self.unnamed.to_string() } else { String::new() };
                format!("{NAMESPACE}.{DEFAULT}{number}")
            }
        };
        name.split('.').try_for_each(check_name)?;
        Ok(name)
    }

    fn named(&mut self, schema: &Schema) -> Result<()> {
        let name = self.name_of(schema)?;
        self.write_name(&name);
        Ok(())
    }

    fn write_name(&mut self, name: &str) {
        let (namespace, own) = name.rsplit_once('.').unwrap_or(("", name));
        self.member("name", own);
        self.member("namespace", namespace);
    }

    fn record(&mut self, schema: &Schema) -> Result<()> {
        let name = self.name_of(schema)?;
        if let Some(known) = self.defined.get(&name) {
            let same = crate::SchemaBuilder::copy_of(schema).set_optional(false).no_default().build();
            if **known != *same {
                return Err(DataError::data(format!(
                    "Two different schemas have the name {name}, which Avro does not allow"
                )));
            }
            write_string(&mut self.out, &name);
            return Ok(());
        }
        let bare = crate::SchemaBuilder::copy_of(schema).set_optional(false).no_default().build();
        self.defined.insert(name.clone(), bare);
        self.raw("{\"type\":\"record\"");
        self.write_name(&name);
        self.raw(",\"fields\":[");
        for (index, field) in schema.fields().iter().enumerate() {
            check_name(&field.name)?;
            self.raw(if index > 0 { ",{\"name\":" } else { "{\"name\":" });
            write_string(&mut self.out, &field.name);
            self.raw(",\"type\":");
            self.schema(&field.schema)?;
            if let Some(doc) = field.schema.doc() {
                self.member("doc", doc);
            }
            match field.schema.default_value() {
                Some(default) => {
                    self.raw(",\"default\":");
                    self.default_text(&field.schema, default)?;
                }
                None if field.schema.is_optional() => self.raw(",\"default\":null"),
                None => {}
            }
            self.raw("}");
        }
        self.raw("]");
        self.connect(schema)?;
        self.raw("}");
        Ok(())
    }

    fn logical(&mut self, schema: &Schema) -> Result<()> {
        match schema.logical() {
            Some(Logical::Decimal) => {
                let scale: i32 = schema
                    .parameter(SCALE)
                    .and_then(|s| s.parse().ok())
                    .ok_or_else(|| DataError::data("Invalid Decimal schema: scale parameter not found."))?;
                let precision =
                    schema.parameter(PRECISION).and_then(|p| p.parse().ok()).unwrap_or(DEFAULT_PRECISION);
                self.raw(&format!(
                    ",\"scale\":{scale},\"precision\":{precision},\"logicalType\":\"decimal\""
                ));
            }
            Some(Logical::Date) => self.member("logicalType", "date"),
            Some(Logical::Time) => self.member("logicalType", "time-millis"),
            Some(Logical::Timestamp) => self.member("logicalType", "timestamp-millis"),
            None => {}
        }
        Ok(())
    }

    /// What Avro has no word for.
    fn connect(&mut self, schema: &Schema) -> Result<()> {
        if let Some(doc) = schema.doc() {
            self.member("connect.doc", doc);
        }
        if let Some(version) = schema.version() {
            self.raw(&format!(",\"connect.version\":{version}"));
        }
        if !schema.parameters().is_empty() {
            self.raw(",\"connect.parameters\":{");
            for (index, (name, value)) in schema.parameters().iter().enumerate() {
                self.raw(if index > 0 { "," } else { "" });
                write_string(&mut self.out, name);
                self.raw(":");
                write_string(&mut self.out, value);
            }
            self.raw("}");
        }
        if let Some(default) = schema.default_value() {
            self.raw(",\"connect.default\":");
            self.default_text(schema, default)?;
        }
        if let Some(name) = schema.name() {
            self.member("connect.name", name);
        }
        Ok(())
    }

    /// A default as Avro writes it: bytes are texts with one character for each.
    fn default_text(&mut self, schema: &Schema, value: &Value) -> Result<()> {
        let latin1 = |bytes: &[u8]| bytes.iter().map(|&b| char::from(b)).collect::<String>();
        match (schema.logical(), value) {
            (Some(Logical::Date), Value::Instant(ms)) => self.raw(&date_days(*ms)?.to_string()),
            (Some(Logical::Time), Value::Instant(ms)) => self.raw(&time_ms(*ms)?.to_string()),
            (_, Value::Instant(ms)) => self.raw(&ms.to_string()),
            (_, Value::Decimal(decimal)) => {
                write_string(&mut self.out, &latin1(&decimal_bytes(Some(schema), decimal)?))
            }
            (_, Value::Null) => self.raw("null"),
            (_, Value::String(text)) => write_string(&mut self.out, text),
            (_, Value::Bytes(bytes)) => write_string(&mut self.out, &latin1(bytes)),
            (_, Value::Float32(v)) => self.raw(&numbers::float_text(*v)),
            (_, Value::Float64(v)) => self.raw(&numbers::double_text(*v)),
            (_, Value::Array(items)) => {
                self.raw("[");
                for (index, item) in items.iter().enumerate() {
                    self.raw(if index > 0 { "," } else { "" });
                    self.default_text(schema.value_schema().map_or(schema, |s| s), item)?;
                }
                self.raw("]");
            }
            (_, Value::Map(map)) => {
                self.raw("{");
                for (index, (key, item)) in map.iter().enumerate() {
                    self.raw(if index > 0 { "," } else { "" });
                    write_string(&mut self.out, &key.to_string());
                    self.raw(":");
                    self.default_text(schema.value_schema().map_or(schema, |s| s), item)?;
                }
                self.raw("}");
            }
            (_, Value::Struct(inner)) => {
                self.raw("{");
                for (index, field) in inner.schema().fields().iter().enumerate() {
                    self.raw(if index > 0 { "," } else { "" });
                    write_string(&mut self.out, &field.name);
                    self.raw(":");
                    self.default_text(&field.schema, inner.at(index))?;
                }
                self.raw("}");
            }
            (_, plain) => self.raw(&plain.to_string()),
        }
        Ok(())
    }
}

/// Avro's names: letters, digits and `_`, no digit first.
fn check_name(name: &str) -> Result<()> {
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good {
        return Ok(());
    }
    Err(DataError::data(format!(
        "Illegal character in: {name}. Avro's names are letters, digits and _; ReplaceField's renames can give it another one"
    )))
}

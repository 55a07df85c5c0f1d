//! Schemas as JSON: the `schema` of an envelope.

use super::{Settings, read, write as value};
use crate::error::{DataError, Result};
use crate::json::{Json, write_string};
use crate::schema::{Schema, SchemaBuilder, SchemaRef, Type};

/// The schema that the JSON describes; null describes none.
pub(super) fn parse(json: &Json<'_>, settings: Settings) -> Result<Option<SchemaRef>> {
    if matches!(json, Json::Null) {
        return Ok(None);
    }
    let Some(name) = json.get("type").and_then(Json::as_str) else {
        return Err(DataError::data("Schema must contain 'type' field"));
    };
    let mut builder = match name {
        "boolean" => SchemaBuilder::new(Type::Boolean),
        "int8" => SchemaBuilder::new(Type::Int8),
        "int16" => SchemaBuilder::new(Type::Int16),
        "int32" => SchemaBuilder::new(Type::Int32),
        "int64" => SchemaBuilder::new(Type::Int64),
        "float" => SchemaBuilder::new(Type::Float32),
        "double" => SchemaBuilder::new(Type::Float64),
        "bytes" => SchemaBuilder::new(Type::Bytes),
        "string" => SchemaBuilder::new(Type::String),
        "array" => SchemaBuilder::array(inner(
            json,
            "items",
            settings,
            "Array schema did not specify the element type",
        )?),
        "map" => SchemaBuilder::map(
            inner(json, "keys", settings, "Map schema did not specify the key type")?,
            inner(json, "values", settings, "Map schema did not specify the value type")?,
        ),
        "struct" => structure(json, settings)?,
        other => return Err(DataError::data(format!("Unknown schema type: {other}"))),
    };
    builder = builder.set_optional(matches!(json.get("optional"), Some(Json::Bool(true))));
    if let Some(name) = json.get("name").and_then(Json::as_str) {
        builder = builder.name(name);
    }
    if let Some(version) = json.get("version").filter(|v| v.is_integral()) {
        builder = builder.version(version.long_value() as i32);
    }
    if let Some(doc) = json.get("doc").and_then(Json::as_str) {
        builder = builder.doc(doc);
    }
    if let Some(Json::Object(parameters)) = json.get("parameters") {
        for (name, text) in parameters {
            let text =
                text.as_str().ok_or_else(|| DataError::data("Schema parameters must have string values."))?;
            builder = builder.parameter(&**name, text);
        }
    }
    if let Some(default) = json.get("default") {
        let default = read::with_schema(&builder.clone().build(), Some(default), settings)?;
        builder = builder.default_value(default)?;
    }
    Ok(Some(builder.build()))
}

fn inner(json: &Json<'_>, member: &str, settings: Settings, missing: &str) -> Result<SchemaRef> {
    let found = json.get(member).map(|json| parse(json, settings)).transpose()?.flatten();
    found.ok_or_else(|| DataError::data(missing))
}

fn structure(json: &Json<'_>, settings: Settings) -> Result<SchemaBuilder> {
    let Some(Json::Array(fields)) = json.get("fields") else {
        return Err(DataError::data("Struct schema's \"fields\" argument is not an array."));
    };
    let mut builder = SchemaBuilder::structure();
    for field in fields {
        let Some(name) = field.get("field").and_then(Json::as_str) else {
            return Err(DataError::data("Struct schema's field name not specified properly"));
        };
        let schema = parse(field, settings)?;
        let schema = schema
            .ok_or_else(|| DataError::schema(format!("fieldSchema for field {name} cannot be null.")))?;
        builder = builder.field(name, schema)?;
    }
    Ok(builder)
}

/// The JSON of a schema; `field` is its name when it stands in a struct.
pub(super) fn write(
    out: &mut Vec<u8>,
    schema: &Schema,
    field: Option<&str>,
    settings: Settings,
) -> Result<()> {
    let name = match schema.r#type() {
        Type::Int8 => "int8",
        Type::Int16 => "int16",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        Type::Float32 => "float",
        Type::Float64 => "double",
        Type::Boolean => "boolean",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Array => "array",
        Type::Map => "map",
        Type::Struct => "struct",
    };
    out.extend_from_slice(b"{\"type\":");
    write_string(out, name);
    let inner = |out: &mut Vec<u8>, member: &str, schema: Option<&SchemaRef>| -> Result<()> {
        out.extend_from_slice(member.as_bytes());
        match schema {
            Some(schema) => write(out, schema, None, settings),
            None => {
                out.extend_from_slice(b"null");
                Ok(())
            }
        }
    };
    match schema.r#type() {
        Type::Array => inner(out, ",\"items\":", schema.value_schema())?,
        Type::Map => {
            inner(out, ",\"keys\":", schema.key_schema())?;
            inner(out, ",\"values\":", schema.value_schema())?;
        }
        Type::Struct => {
            out.extend_from_slice(b",\"fields\":[");
            for (i, field) in schema.fields().iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(out, &field.schema, Some(&field.name), settings)?;
            }
            out.push(b']');
        }
        _ => {}
    }
    out.extend_from_slice(if schema.is_optional() { b",\"optional\":true" } else { b",\"optional\":false" });
    if let Some(name) = schema.name() {
        out.extend_from_slice(b",\"name\":");
        write_string(out, name);
    }
    if let Some(version) = schema.version() {
        out.extend_from_slice(format!(",\"version\":{version}").as_bytes());
    }
    if let Some(doc) = schema.doc() {
        out.extend_from_slice(b",\"doc\":");
        write_string(out, doc);
    }
    if !schema.parameters().is_empty() {
        out.extend_from_slice(b",\"parameters\":{");
        for (i, (name, text)) in schema.parameters().iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
            write_string(out, text);
        }
        out.push(b'}');
    }
    if let Some(default) = schema.default_value() {
        out.extend_from_slice(b",\"default\":");
        value::value(out, Some(schema), default, settings)?;
    }
    if let Some(field) = field {
        out.extend_from_slice(b",\"field\":");
        write_string(out, field);
    }
    out.push(b'}');
    Ok(())
}

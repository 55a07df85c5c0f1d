//! Schemas that change: one that holds the records of both, and records of one schema under another.

use std::sync::Arc;

use highway_connect_data::{Field, Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};

use super::encoder::FormatError;

/// A schema that holds what either holds, or `None` if their types contradict. Whole numbers become the wider of the two,
/// floats too, and 32 bits of whole numbers fit a double; fields that only one has become optional; all else must be the same.
/// The fields of `a` keep their order, new ones come after them.
pub fn union(a: &SchemaRef, b: &SchemaRef) -> Option<SchemaRef> {
    if Schema::same(a, b) {
        return Some(a.clone());
    }
    if a.name() != b.name() {
        return None;
    }
    let optional = a.is_optional() || b.is_optional();
    let shell = |schema: &Schema| SchemaBuilder::copy_of(schema).no_default().set_optional(optional);
    match (a.r#type(), b.r#type()) {
        (Type::Struct, Type::Struct) => structs(a, b, optional),
        (Type::Array, Type::Array) => {
            let element = union(a.value_schema()?, b.value_schema()?)?;
            Some(SchemaBuilder::array(element).set_optional(optional).build())
        }
        (Type::Map, Type::Map) => {
            let key = union(a.key_schema()?, b.key_schema()?)?;
            let value = union(a.value_schema()?, b.value_schema()?)?;
            Some(SchemaBuilder::map(key, value).set_optional(optional).build())
        }
        (x, y) if x == y => {
            // A scale is part of the type.
            let same = a.parameters().iter().all(|(name, value)| b.parameter(name) == Some(value));
            (same && a.parameters().len() == b.parameters().len()).then(|| keep_default(shell(a), a, b))
        }
        (x, y) if a.name().is_none() => {
            let wider = wider(x, y)?;
            Some(SchemaBuilder::new(wider).set_optional(optional).build())
        }
        _ => None,
    }
}

/// A default stays when both have the same: what is written under it must not change its meaning.
fn keep_default(builder: SchemaBuilder, a: &Schema, b: &Schema) -> SchemaRef {
    match (a.default_value(), b.default_value()) {
        (Some(x), Some(y)) if x == y => match builder.clone().default_value(x.clone()) {
            Ok(with_default) => with_default.build(),
            Err(_) => builder.build(),
        },
        _ => builder.build(),
    }
}

fn structs(a: &SchemaRef, b: &SchemaRef, optional: bool) -> Option<SchemaRef> {
    let mut builder = SchemaBuilder::basics_of(a).set_optional(optional);
    if let (Some(x), Some(y)) = (a.version(), b.version()) {
        builder = builder.version(x.max(y));
    }
    let loose = |field: &Field| {
        let schema = &field.schema;
        if schema.is_optional() { schema.clone() } else { SchemaBuilder::copy_of(schema).optional().build() }
    };
    for field in a.fields() {
        let schema = match b.field(&field.name) {
            Some(other) => union(&field.schema, &other.schema)?,
            None => loose(field),
        };
        builder = builder.field(field.name.clone(), schema).ok()?;
    }
    for field in b.fields().iter().filter(|field| a.field(&field.name).is_none()) {
        builder = builder.field(field.name.clone(), loose(field)).ok()?;
    }
    Some(builder.build())
}

fn wider(a: Type, b: Type) -> Option<Type> {
    let rank = |t| match t {
        Type::Int8 => Some(0),
        Type::Int16 => Some(1),
        Type::Int32 => Some(2),
        Type::Int64 => Some(3),
        _ => None,
    };
    match (rank(a), rank(b)) {
        (Some(x), Some(y)) => Some(if x >= y { a } else { b }),
        (None, None) if matches!((a, b), (Type::Float32, Type::Float64) | (Type::Float64, Type::Float32)) => {
            Some(Type::Float64)
        }
        (Some(whole), None) if whole <= 2 && b == Type::Float64 => Some(b),
        (None, Some(whole)) if whole <= 2 && a == Type::Float64 => Some(a),
        _ => None,
    }
}

/// A value under a schema that [`union`] made of its own and others.
pub fn project(value: &Value, to: &SchemaRef) -> Result<Value, FormatError> {
    Ok(match (value, to.r#type()) {
        (Value::Null, _) => Value::Null,
        (Value::Struct(data), Type::Struct) => Value::Struct(project_struct(data, to)?),
        (Value::Array(items), Type::Array) => {
            let Some(element) = to.value_schema() else { return Ok(value.clone()) };
            Value::Array(items.iter().map(|item| project(item, element)).collect::<Result<_, _>>()?)
        }
        (Value::Map(map), Type::Map) => {
            let (Some(key), Some(element)) = (to.key_schema(), to.value_schema()) else {
                return Ok(value.clone());
            };
            let entries = map.iter().map(|(k, v)| Ok((project(k, key)?, project(v, element)?)));
            let entries: Vec<(Value, Value)> = entries.collect::<Result<_, FormatError>>()?;
            Value::Map(Box::new(entries.into_iter().collect()))
        }
        (Value::Float32(v), Type::Float64) => Value::Float64(f64::from(*v)),
        (Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_), wanted) => {
            whole(value.as_i64().unwrap_or_default(), wanted)
        }
        _ => value.clone(),
    })
}

fn whole(value: i64, wanted: Type) -> Value {
    match wanted {
        Type::Int8 => Value::Int8(value as i8),
        Type::Int16 => Value::Int16(value as i16),
        Type::Int32 => Value::Int32(value as i32),
        Type::Float64 => Value::Float64(value as f64),
        _ => Value::Int64(value),
    }
}

fn project_struct(data: &Struct, to: &SchemaRef) -> Result<Struct, FormatError> {
    if Arc::ptr_eq(data.schema(), to) {
        return Ok(data.clone());
    }
    let values = to.fields().iter().map(|field| match data.schema().position(&field.name) {
        Some(i) => project(data.at(i), &field.schema),
        None => Ok(Value::Null),
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    Ok(Struct::from_values(to.clone(), values)?)
}

//! Avro's bytes as values.

use bytes::Bytes;

use super::binary::Input;
use super::parse::{Kind, Node};
use super::to_connect::{is_entry, single};
use crate::error::{DataError, Result};
use crate::schema::logical::{DAY_MS, Logical};
use crate::schema::{Schema, SchemaRef};
use crate::value::{Decimal, MapValue, Struct, Value};

/// The value that the bytes hold. `schema`: what was made of the node.
pub(super) fn value(node: &Node, schema: &SchemaRef, bytes: &Bytes) -> Result<Value> {
    let mut input = Input::new(bytes);
    let value = read(node, schema, &mut input)?;
    if input.left() > 0 {
        return Err(DataError::data(format!("{} bytes are left behind the record", input.left())));
    }
    Ok(value)
}

fn read(node: &Node, schema: &SchemaRef, input: &mut Input<'_>) -> Result<Value> {
    Ok(match &node.kind {
        Kind::Null => Value::Null,
        Kind::Boolean => match input.byte()? {
            0 => false.into(),
            1 => true.into(),
            other => return Err(DataError::data(format!("a boolean of {other}"))),
        },
        Kind::Int => integer(node, schema, input.int()?),
        Kind::Long => match schema.logical() {
            Some(Logical::Timestamp) => Value::Instant(input.long()?),
            _ => input.long()?.into(),
        },
        Kind::Float => f32::from_le_bytes(input.array()?).into(),
        Kind::Double => f64::from_le_bytes(input.array()?).into(),
        Kind::String => input.text()?.into(),
        Kind::Bytes => bytes(node, schema, input.counted()?)?,
        Kind::Fixed(size) => bytes(node, schema, input.take(*size)?)?,
        Kind::Enum(symbols) => {
            let index = input.int()?;
            let symbol = usize::try_from(index).ok().and_then(|index| symbols.get(index));
            Value::String(
                symbol.ok_or_else(|| DataError::data(format!("an enum has no symbol {index}")))?.clone(),
            )
        }
        Kind::Array(items) if is_entry(items) => entries(items, schema, input)?.into(),
        Kind::Array(items) => {
            let (element, mut out) = (inner(schema.value_schema())?, Vec::new());
            input.blocks(|input| {
                out.push(read(items, element, input)?);
                Ok(())
            })?;
            Value::Array(out)
        }
        Kind::Map(values) => {
            let (element, mut out) = (inner(schema.value_schema())?, MapValue::new());
            input.blocks(|input| {
                let key = input.text()?;
                out.insert(key, read(values, element, input)?);
                Ok(())
            })?;
            out.into()
        }
        Kind::Record(fields) => {
            let values = fields
                .iter()
                .zip(schema.fields())
                .map(|(field, connect)| read(&field.node, &connect.schema, input));
            let values = values.collect::<Result<_>>()?;
            Struct::from_values(schema.clone(), values)?.into()
        }
        Kind::Union(branches) => union(branches, schema, input)?,
    })
}

fn inner(schema: Option<&SchemaRef>) -> Result<&SchemaRef> {
    schema.ok_or_else(|| DataError::data("a schema without the schema of its elements"))
}

fn integer(node: &Node, schema: &Schema, value: i32) -> Value {
    match (node.connect_type.as_deref(), schema.logical()) {
        (Some("int8"), _) => (value as i8).into(),
        (Some("int16"), _) => (value as i16).into(),
        (_, Some(Logical::Date)) => Value::Instant(i64::from(value) * DAY_MS),
        (_, Some(Logical::Time)) => Value::Instant(value.into()),
        _ => value.into(),
    }
}

fn bytes(node: &Node, schema: &Schema, bytes: Bytes) -> Result<Value> {
    match schema.logical() {
        Some(Logical::Decimal) => {
            Ok(Decimal::from_bytes(&bytes, i32::try_from(node.scale).unwrap_or(0))?.into())
        }
        _ => Ok(Value::Bytes(bytes)),
    }
}

fn entries(items: &Node, schema: &SchemaRef, input: &mut Input<'_>) -> Result<MapValue> {
    let Kind::Record(fields) = &items.kind else {
        return Err(DataError::data("an entry of a map is a record"));
    };
    let [key, value] = fields.as_slice() else {
        return Err(DataError::data("an entry of a map has two fields"));
    };
    let (keys, values) = (inner(schema.key_schema())?, inner(schema.value_schema())?);
    let mut out = MapValue::new();
    input.blocks(|input| {
        let key = read(&key.node, keys, input)?;
        out.insert(key, read(&value.node, values, input)?);
        Ok(())
    })?;
    Ok(out)
}

fn union(branches: &[std::sync::Arc<Node>], schema: &SchemaRef, input: &mut Input<'_>) -> Result<Value> {
    let index = input.int()?;
    let branch = usize::try_from(index).ok().and_then(|index| branches.get(index));
    let branch = branch.ok_or_else(|| DataError::data(format!("a union has no branch {index}")))?;
    if matches!(branch.kind, Kind::Null) {
        return Ok(Value::Null);
    }
    if single(branches).is_some() {
        return read(branch, schema, input);
    }
    // The struct has a field for each branch but null.
    let place = branches.iter().take(index as usize).filter(|b| !matches!(b.kind, Kind::Null)).count();
    let mut out = Struct::new(schema.clone())?;
    let field = schema.fields().get(place).ok_or_else(|| DataError::data("a union without its field"))?;
    out.set(place, read(branch, &field.schema, input)?);
    Ok(out.into())
}

//! Avro schemas as Connect schemas (`AvroData.toConnectSchema`).

use super::names::{DEFAULT, ENUM, FIXED_SIZE, MAP_ENTRY, NAMESPACE, PRECISION, UNION};
use super::parse::{Kind, Node, Owned};
use crate::error::{DataError, Result};
use crate::schema::{Schema, SchemaBuilder, SchemaRef, Type, logical};

/// The precision that Connect's decimals are written with when they say none.
pub(super) const DEFAULT_PRECISION: i64 = 64;

pub(super) fn schema(node: &Node) -> Result<SchemaRef> {
    convert(node, false, None, None)
}

/// Whether the items of an array are entries of a map.
pub(super) fn is_entry(node: &Node) -> bool {
    let named = node.name.as_deref() == Some(&format!("{NAMESPACE}.{MAP_ENTRY}"));
    matches!(&node.kind, Kind::Record(fields) if fields.len() == 2)
        && (named || node.connect_type.as_deref() == Some(MAP_ENTRY))
}

/// The one branch of a union beside null, and whether there is a null; None for a union of several types.
pub(super) fn single(branches: &[std::sync::Arc<Node>]) -> Option<(&Node, bool)> {
    let mut others = branches.iter().filter(|b| !matches!(b.kind, Kind::Null));
    match (others.next(), others.next()) {
        (Some(only), None) => Some((only, branches.len() > 1)),
        _ => None,
    }
}

/// The name of a branch as a field of the struct that stands for a union.
pub(super) fn branch_name(node: &Node) -> String {
    let plain = match node.kind {
        Kind::Null => "null",
        Kind::Boolean => "boolean",
        Kind::Int if matches!(node.connect_type.as_deref(), Some("int8" | "int16")) => {
            return node.connect_type.clone().unwrap_or_default();
        }
        Kind::Int => "int",
        Kind::Long => "long",
        Kind::Float => "float",
        Kind::Double => "double",
        Kind::Bytes => "bytes",
        Kind::String => "string",
        Kind::Array(_) => "array",
        Kind::Map(_) => "map",
        Kind::Union(_) => "union",
        Kind::Fixed(_) | Kind::Enum(_) | Kind::Record(_) => {
            let full = node.name.as_deref().unwrap_or_default();
            return full.rsplit('.').next().unwrap_or(full).to_owned();
        }
    };
    plain.to_owned()
}

fn convert(node: &Node, optional: bool, default: Option<&Owned>, doc: Option<&str>) -> Result<SchemaRef> {
    let mut builder = match &node.kind {
        Kind::Union(branches) => match single(branches) {
            Some((only, nullable)) => return convert(only, optional || nullable, default, doc),
            None => union(branches)?,
        },
        Kind::Null => {
            return Err(DataError::data("Standalone null schemas are not supported by this converter"));
        }
        Kind::Boolean => SchemaBuilder::new(Type::Boolean),
        Kind::Int => match (node.connect_type.as_deref(), node.logical.as_deref()) {
            (Some("int8"), _) => SchemaBuilder::new(Type::Int8),
            (Some("int16"), _) => SchemaBuilder::new(Type::Int16),
            _ if is(node, logical::DATE, "date") => logical::date(),
            _ if is(node, logical::TIME, "time-millis") => logical::time(),
            _ => SchemaBuilder::new(Type::Int32),
        },
        Kind::Long if is(node, logical::TIMESTAMP, "timestamp-millis") => logical::timestamp(),
        Kind::Long => SchemaBuilder::new(Type::Int64),
        Kind::Float => SchemaBuilder::new(Type::Float32),
        Kind::Double => SchemaBuilder::new(Type::Float64),
        Kind::String => SchemaBuilder::new(Type::String),
        Kind::Bytes | Kind::Fixed(_) if is(node, logical::DECIMAL, "decimal") => {
            let mut decimal = logical::decimal(i32::try_from(node.scale).unwrap_or(0));
            if let Some(precision) = node.precision.filter(|p| *p != DEFAULT_PRECISION) {
                decimal = decimal.parameter(PRECISION, precision.to_string());
            }
            decimal
        }
        Kind::Bytes => SchemaBuilder::new(Type::Bytes),
        Kind::Fixed(_) => SchemaBuilder::new(Type::Bytes),
        Kind::Enum(symbols) => {
            let name = node.name.as_deref().unwrap_or_default();
            let builder = SchemaBuilder::new(Type::String).parameter(ENUM, name);
            symbols.iter().fold(builder, |builder, symbol| {
                builder.parameter(format!("{ENUM}.{symbol}"), symbol.clone())
            })
        }
        Kind::Array(items) if is_entry(items) => match &items.kind {
            Kind::Record(fields) => SchemaBuilder::map(schema(&fields[0].node)?, schema(&fields[1].node)?),
            _ => return Err(DataError::data("An entry of a map is a record")),
        },
        Kind::Array(items) => SchemaBuilder::array(schema(items)?),
        Kind::Map(values) => SchemaBuilder::map(Schema::primitive(Type::String), schema(values)?),
        Kind::Record(fields) => {
            let mut builder = SchemaBuilder::structure();
            for field in fields {
                let inner = convert(&field.node, false, field.default.as_ref(), field.doc.as_deref())?;
                builder = builder.field(field.name.as_str(), inner)?;
            }
            builder
        }
    };
    if let Kind::Fixed(size) = node.kind {
        builder = builder.parameter(FIXED_SIZE, size.to_string());
    }
    let own = matches!(node.kind, Kind::Record(_) | Kind::Enum(_)).then_some(node.name.as_deref()).flatten();
    let name = node.connect_name.as_deref().or(own);
    if let Some(name) = name.filter(|name| *name != format!("{NAMESPACE}.{DEFAULT}")) {
        builder = builder.name(name);
    }
    if let Some(doc) = doc.or(node.doc.as_deref()) {
        builder = builder.doc(doc);
    }
    if let Some(version) = node.connect_version.and_then(|v| i32::try_from(v).ok()) {
        builder = builder.version(version);
    }
    for (name, value) in &node.connect_parameters {
        builder = builder.parameter(name.as_str(), value.as_str());
    }
    let has_null =
        matches!(&node.kind, Kind::Union(branches) if branches.iter().any(|b| matches!(b.kind, Kind::Null)));
    builder = builder.set_optional(optional || has_null);
    if let Some(default) = default.or(node.connect_default.as_ref()) {
        let value = super::default::value(node, &builder.clone().build(), default)?;
        builder = builder.default_value(value)?;
    }
    Ok(builder.build())
}

fn is(node: &Node, connect: &str, avro: &str) -> bool {
    node.connect_name.as_deref() == Some(connect) || node.logical.as_deref() == Some(avro)
}

fn union(branches: &[std::sync::Arc<Node>]) -> Result<SchemaBuilder> {
    let mut builder = SchemaBuilder::structure().name(UNION);
    for branch in branches {
        if !matches!(branch.kind, Kind::Null) {
            builder = builder.field(branch_name(branch), convert(branch, true, None, None)?)?;
        }
    }
    Ok(builder)
}

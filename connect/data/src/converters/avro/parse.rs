//! Avro schemas, read from JSON.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{DataError, Result};
use crate::json::{Json, Parser};

/// A schema with what Connect wrote into it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    /// The full name of a named type.
    pub name: Option<String>,
    pub doc: Option<String>,
    pub logical: Option<String>,
    pub precision: Option<i64>,
    pub scale: i64,
    pub connect_name: Option<String>,
    pub connect_type: Option<String>,
    pub connect_version: Option<i64>,
    pub connect_parameters: Vec<(String, String)>,
    /// `connect.default` as JSON text.
    pub connect_default: Option<Owned>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(Arc<Node>),
    Map(Arc<Node>),
    Union(Vec<Arc<Node>>),
    Fixed(usize),
    Enum(Vec<Arc<str>>),
    Record(Vec<RecordField>),
}

#[derive(Clone, Debug)]
pub(super) struct RecordField {
    pub name: String,
    pub node: Arc<Node>,
    pub doc: Option<String>,
    pub default: Option<Owned>,
}

/// JSON that does not borrow.
pub(super) type Owned = Arc<Json<'static>>;

struct Names {
    /// Types that are complete; None while they are being read.
    known: HashMap<String, Option<Arc<Node>>>,
}

fn wrong(message: impl Into<String>) -> DataError {
    DataError::data(format!("Not an Avro schema: {}", message.into()))
}

/// The schema of this JSON text.
pub(super) fn parse(text: &str) -> Result<Arc<Node>> {
    let json = Parser::new(text).value().map_err(wrong)?;
    node(&json, "", &mut Names { known: HashMap::new() })
}

fn bare(kind: Kind) -> Node {
    Node {
        kind,
        name: None,
        doc: None,
        logical: None,
        precision: None,
        scale: 0,
        connect_name: None,
        connect_type: None,
        connect_version: None,
        connect_parameters: Vec::new(),
        connect_default: None,
    }
}

fn primitive(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn node(json: &Json<'_>, namespace: &str, names: &mut Names) -> Result<Arc<Node>> {
    match json {
        Json::String(name) => {
            if let Some(kind) = primitive(name) {
                return Ok(Arc::new(bare(kind)));
            }
            let full = full_name(name, namespace);
            match names.known.get(&full).or_else(|| names.known.get(&**name)) {
                Some(Some(known)) => Ok(Arc::clone(known)),
                Some(None) => Err(DataError::data(format!(
                    "The Avro record {full} contains itself, which Connect's schemas cannot"
                ))),
                None => Err(wrong(format!("the type {full} is not defined"))),
            }
        }
        Json::Array(branches) => {
            let branches =
                branches.iter().map(|branch| node(branch, namespace, names)).collect::<Result<_>>()?;
            Ok(Arc::new(bare(Kind::Union(branches))))
        }
        Json::Object(_) => complex(json, namespace, names),
        _ => Err(wrong("a schema is a name, a list or an object")),
    }
}

fn text(json: &Json<'_>, member: &str) -> Option<String> {
    json.get(member).and_then(Json::as_str).map(str::to_owned)
}

fn integer(json: &Json<'_>, member: &str) -> Option<i64> {
    json.get(member).filter(|v| v.is_integral()).map(Json::long_value)
}

fn complex(json: &Json<'_>, namespace: &str, names: &mut Names) -> Result<Arc<Node>> {
    let Some(of) = json.get("type") else { return Err(wrong("an object without a type")) };
    let Some(kind) = of.as_str() else { return node(of, namespace, names) };
    let missing = |what: &str| wrong(format!("{kind} without {what}"));
    let inner = |member: &str, names: &mut Names| {
        json.get(member).ok_or_else(|| missing(member)).and_then(|inner| node(inner, namespace, names))
    };
    let mut name = None;
    if matches!(kind, "record" | "error" | "enum" | "fixed") {
        let own = text(json, "name").ok_or_else(|| missing("a name"))?;
        let space = text(json, "namespace").unwrap_or_else(|| namespace.to_owned());
        let full = full_name(&own, &space);
        names.known.insert(full.clone(), None);
        name = Some(full);
    }
    let kind = match kind {
        "array" => Kind::Array(inner("items", names)?),
        "map" => Kind::Map(inner("values", names)?),
        "fixed" => Kind::Fixed(
            integer(json, "size").and_then(|n| usize::try_from(n).ok()).ok_or_else(|| missing("a size"))?,
        ),
        "enum" => {
            let Some(Json::Array(symbols)) = json.get("symbols") else { return Err(missing("symbols")) };
            Kind::Enum(symbols.iter().filter_map(|s| s.as_str().map(Arc::from)).collect())
        }
        "record" | "error" => {
            let Some(Json::Array(fields)) = json.get("fields") else { return Err(missing("fields")) };
            let full = name.clone().unwrap_or_default();
            let space = full.rsplit_once('.').map_or("", |(space, _)| space);
            let fields = fields.iter().map(|field| {
                Ok(RecordField {
                    name: text(field, "name").ok_or_else(|| wrong("a field without a name"))?,
                    node: node(
                        field.get("type").ok_or_else(|| wrong("a field without a type"))?,
                        space,
                        names,
                    )?,
                    doc: text(field, "doc"),
                    default: field.get("default").map(|default| Arc::new(default.clone().into_owned())),
                })
            });
            Kind::Record(fields.collect::<Result<_>>()?)
        }
        other => match primitive(other) {
            Some(kind) => kind,
            None => return node(of, namespace, names),
        },
    };
    let parameters = match json.get("connect.parameters") {
        Some(Json::Object(members)) => {
            members.iter().filter_map(|(k, v)| Some((k.to_string(), v.as_str()?.to_owned()))).collect()
        }
        _ => Vec::new(),
    };
    let made = Arc::new(Node {
        kind,
        doc: text(json, "connect.doc").or_else(|| text(json, "doc")),
        logical: text(json, "logicalType"),
        precision: integer(json, "precision"),
        scale: integer(json, "scale").unwrap_or(0),
        connect_name: text(json, "connect.name"),
        connect_type: text(json, "connect.type").or_else(|| text(json, "connect.internal.type")),
        connect_version: integer(json, "connect.version"),
        connect_parameters: parameters,
        connect_default: json.get("connect.default").map(|default| Arc::new(default.clone().into_owned())),
        name: name.clone(),
    });
    if let Some(name) = name {
        names.known.insert(name, Some(Arc::clone(&made)));
    }
    Ok(made)
}

//! What a schema says, in the shape in which it is compared: one kind of value for each node, and what combines kinds is a
//! node of its own (`type` beside `enum` is "all of").

use std::collections::{BTreeMap, BTreeSet};

use crate::json::Json;

/// The place of a node in its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(pub u32);

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub kind: Kind,
    pub has_default: bool,
    /// Kafka Connect's note that a type is bytes in truth: two such may differ in the type of JSON.
    pub connect_bytes: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Everything.
    Any,
    /// Nothing.
    Never,
    Null,
    Boolean,
    String(Strings),
    Number(Numbers),
    Object(Box<Objects>),
    Array(Box<Arrays>),
    Enum(Vec<Json>),
    Const(Json),
    Not(NodeId),
    Combined(Criterion, Vec<NodeId>),
    /// `if`: not looked into.
    Conditional,
    /// To be looked up; the number is that of the reference.
    Reference(NodeId),
}

impl Kind {
    /// Kinds of one number are compared with each other.
    pub fn class(&self) -> u8 {
        match self {
            Self::Any => 0,
            Self::Never => 1,
            Self::Null => 2,
            Self::Boolean => 3,
            Self::String(_) => 4,
            Self::Number(_) => 5,
            Self::Object(_) => 6,
            Self::Array(_) => 7,
            Self::Enum(_) => 8,
            Self::Const(_) => 9,
            Self::Not(_) => 10,
            Self::Combined(..) => 11,
            Self::Conditional => 12,
            Self::Reference(_) => 13,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Criterion {
    All,
    Any,
    One,
}

impl Criterion {
    pub fn keyword(self) -> &'static str {
        match self {
            Self::All => "allOf",
            Self::Any => "anyOf",
            Self::One => "oneOf",
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Strings {
    pub max_length: Option<f64>,
    pub min_length: Option<f64>,
    pub pattern: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    pub integer: bool,
    pub maximum: Option<f64>,
    pub minimum: Option<f64>,
    pub exclusive_maximum: Option<f64>,
    pub exclusive_minimum: Option<f64>,
    pub multiple_of: Option<f64>,
}

/// What members or items beyond the named ones may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Beyond {
    /// Nothing said, or `true`: all.
    #[default]
    Open,
    /// `false`: none.
    Closed,
    /// As a schema says.
    Of(NodeId),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    pub properties: BTreeMap<String, NodeId>,
    pub required: BTreeSet<String>,
    pub patterns: Vec<(String, NodeId)>,
    pub additional: Beyond,
    /// `unevaluatedProperties`.
    pub unevaluated: Option<NodeId>,
    pub max_properties: Option<f64>,
    pub min_properties: Option<f64>,
    pub depends_on: BTreeMap<String, BTreeSet<String>>,
    pub depends_schema: BTreeMap<String, NodeId>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Arrays {
    /// Of all items.
    pub all: Option<NodeId>,
    /// Of the first items.
    pub first: Vec<NodeId>,
    pub additional: Beyond,
    /// `unevaluatedItems`.
    pub unevaluated: Option<NodeId>,
    pub max_items: Option<f64>,
    pub min_items: Option<f64>,
    pub unique: bool,
    pub max_contains: Option<f64>,
    pub min_contains: Option<f64>,
}

//! What a `.proto` file says.

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ProtoFile {
    /// `proto2`, `proto3`, or an edition.
    pub syntax: Option<String>,
    pub edition: Option<String>,
    pub package: String,
    /// Path, and `public` or `weak` before it.
    pub imports: Vec<(String, Option<&'static str>)>,
    pub options: Vec<ProtoOption>,
    pub types: Vec<TypeDef>,
    pub services: Vec<Service>,
    pub extends: Vec<Extend>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TypeDef {
    Message(Message),
    Enum(EnumDef),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub name: String,
    pub fields: Vec<Field>,
    pub oneofs: Vec<OneOf>,
    pub types: Vec<TypeDef>,
    pub reserved: Vec<Reserved>,
    /// Texts of ranges.
    pub extensions: Vec<String>,
    pub extends: Vec<Extend>,
    pub options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reserved {
    /// First and last.
    Range(i64, i64),
    Name(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OneOf {
    pub name: String,
    pub fields: Vec<Field>,
    pub options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Optional,
    Required,
    Repeated,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldType {
    Scalar(Scalar),
    /// Key, and the type of the value.
    Map(Scalar, Box<FieldType>),
    /// A message or an enum, as written.
    Named(String),
    /// A group: the message of this name beside the field.
    Group(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub label: Option<Label>,
    pub of: FieldType,
    pub name: String,
    pub number: u32,
    pub options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EnumDef {
    pub name: String,
    pub values: Vec<(String, i32, Vec<ProtoOption>)>,
    pub reserved: Vec<Reserved>,
    pub options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extend {
    pub name: String,
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Service {
    pub name: String,
    pub methods: Vec<Method>,
    pub options: Vec<ProtoOption>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Method {
    pub name: String,
    pub request: String,
    pub request_streams: bool,
    pub response: String,
    pub response_streams: bool,
    pub options: Vec<ProtoOption>,
}

/// An option: its name and its value, both as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProtoOption {
    pub name: String,
    pub value: String,
}

/// Types that are in the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Double,
    Float,
    Int64,
    Uint64,
    Int32,
    Fixed64,
    Fixed32,
    Bool,
    String,
    Bytes,
    Uint32,
    Sfixed32,
    Sfixed64,
    Sint32,
    Sint64,
}

/// By name, and by the number in a descriptor.
const SCALARS: &[(&str, u64, Scalar)] = &[
    ("double", 1, Scalar::Double),
    ("float", 2, Scalar::Float),
    ("int64", 3, Scalar::Int64),
    ("uint64", 4, Scalar::Uint64),
    ("int32", 5, Scalar::Int32),
    ("fixed64", 6, Scalar::Fixed64),
    ("fixed32", 7, Scalar::Fixed32),
    ("bool", 8, Scalar::Bool),
    ("string", 9, Scalar::String),
    ("bytes", 12, Scalar::Bytes),
    ("uint32", 13, Scalar::Uint32),
    ("sfixed32", 15, Scalar::Sfixed32),
    ("sfixed64", 16, Scalar::Sfixed64),
    ("sint32", 17, Scalar::Sint32),
    ("sint64", 18, Scalar::Sint64),
];

impl Scalar {
    pub fn by_name(name: &str) -> Option<Self> {
        SCALARS.iter().find(|(n, ..)| *n == name).map(|(.., scalar)| *scalar)
    }

    pub fn by_number(number: u64) -> Option<Self> {
        SCALARS.iter().find(|(_, n, _)| *n == number).map(|(.., scalar)| *scalar)
    }

    pub fn number(self) -> u64 {
        SCALARS.iter().find(|(.., scalar)| *scalar == self).map_or(0, |(_, number, _)| *number)
    }

    pub fn name(self) -> &'static str {
        SCALARS.iter().find(|(.., scalar)| *scalar == self).map_or("", |(name, ..)| name)
    }
}

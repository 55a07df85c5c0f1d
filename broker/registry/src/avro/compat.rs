//! Schema resolution (specification, "Schema Resolution"): can a reader with one schema read what another wrote?
//!
//! Where the specification leaves room this follows Java's `SchemaCompatibility`, because Confluent asks it: names count
//! without their namespace, a reader's aliases count, logical types do not.

use std::collections::HashMap;
use std::rc::Rc;

use highway_types::limits::{SCHEMA_COMPARE_MAX_DEPTH, SCHEMA_COMPARE_MAX_PAIRS};

use super::{AvroSchema, Field, Kind, TypeId};
use crate::compat::Difference;

/// What keeps `reader` from reading what `writer` wrote; empty when nothing does.
pub fn incompatibilities(reader: &AvroSchema, writer: &AvroSchema) -> Vec<Difference> {
    let mut check = Check { reader, writer, known: HashMap::new(), path: Vec::new(), exhausted: false };
    let mut found = check.resolve(reader.root, writer.root, 0);
    if check.exhausted {
        found.push(Difference::too_complex());
    }
    found
}

/// What is known of a pair of types.
enum Known {
    /// Being looked at: recursive types are compatible as far as this goes.
    Open,
    Compatible,
    /// With the first thing found, where the pair was first met.
    Incompatible(Rc<Vec<Difference>>),
}

/// Differences kept of one pair.
const KEPT: usize = 20;

struct Check<'a> {
    reader: &'a AvroSchema,
    writer: &'a AvroSchema,
    known: HashMap<(TypeId, TypeId), Known>,
    path: Vec<String>,
    exhausted: bool,
}

type Found = Vec<Difference>;

impl Check<'_> {
    fn at(&self) -> String {
        if self.path.is_empty() { "/".to_owned() } else { format!("/{}", self.path.join("/")) }
    }

    fn wrong(&self, of: &'static str, description: String, info: impl Into<String>) -> Found {
        vec![Difference { error_type: of.to_owned(), description, info: Some(info.into()) }]
    }

    fn below(&mut self, step: impl Into<String>, then: impl FnOnce(&mut Self) -> Found) -> Found {
        self.path.push(step.into());
        let found = then(self);
        self.path.pop();
        found
    }

    fn mismatch(&self, reader: &Kind, writer: &Kind) -> Found {
        let at = self.at();
        self.wrong(
            "TYPE_MISMATCH",
            format!("The type (path '{at}') of the %r schema cannot read that of the %w schema"),
            format!("reader type: {} not compatible with writer type: {}", reader.name(), writer.name()),
        )
    }

    fn resolve(&mut self, reader: TypeId, writer: TypeId, depth: usize) -> Found {
        if self.exhausted {
            return Vec::new();
        }
        match self.known.get(&(reader, writer)) {
            Some(Known::Open | Known::Compatible) => return Vec::new(),
            Some(Known::Incompatible(found)) => return found.to_vec(),
            None => {}
        }
        if depth > SCHEMA_COMPARE_MAX_DEPTH || self.known.len() > SCHEMA_COMPARE_MAX_PAIRS {
            self.exhausted = true;
            return Vec::new();
        }
        self.known.insert((reader, writer), Known::Open);
        let mut found = self.compare(reader, writer, depth + 1);
        found.truncate(KEPT);
        let known = if found.is_empty() {
            Known::Compatible
        } else {
            Known::Incompatible(Rc::new(found[..1].to_vec()))
        };
        self.known.insert((reader, writer), known);
        found
    }

    fn compare(&mut self, reader_id: TypeId, writer_id: TypeId, depth: usize) -> Found {
        let (reader_schema, writer_schema) = (self.reader, self.writer);
        let (reader, writer) = (reader_schema.kind(reader_id), writer_schema.kind(writer_id));
        match (reader, writer) {
            (_, Kind::Union(branches)) => {
                let mut found = Vec::new();
                let both = matches!(reader, Kind::Union(_));
                for (index, branch) in branches.iter().enumerate() {
                    if self.exhausted {
                        break;
                    }
                    if both {
                        found.extend(self.below(index.to_string(), |check| {
                            let inner = check.resolve(reader_id, *branch, depth);
                            if inner.is_empty() { inner } else { check.lacks(writer_schema.kind(*branch)) }
                        }));
                    } else {
                        found.extend(self.resolve(reader_id, *branch, depth));
                    }
                }
                found
            }
            (Kind::Union(branches), _) => {
                if branches.iter().any(|branch| self.resolve(*branch, writer_id, depth).is_empty()) {
                    Vec::new()
                } else {
                    self.lacks(writer)
                }
            }
            (Kind::Null, Kind::Null)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Int, Kind::Int)
            | (Kind::Long, Kind::Int | Kind::Long)
            | (Kind::Float, Kind::Int | Kind::Long | Kind::Float)
            | (Kind::Double, Kind::Int | Kind::Long | Kind::Float | Kind::Double)
            | (Kind::Bytes | Kind::String, Kind::Bytes | Kind::String) => Vec::new(),
            (Kind::Array(r), Kind::Array(w)) => self.below("items", |check| check.resolve(*r, *w, depth)),
            (Kind::Map(r), Kind::Map(w)) => self.below("values", |check| check.resolve(*r, *w, depth)),
            (Kind::Fixed { size, .. }, Kind::Fixed { size: written, .. }) => {
                let mut found = self.names(reader, writer);
                if size != written {
                    found.extend(self.below("size", |check| {
                        let at = check.at();
                        check.wrong(
                            "FIXED_SIZE_MISMATCH",
                            format!("The size of the FIXED type at path '{at}' of the %r schema is not that of the %w schema"),
                            format!("expected: {written}, found: {size}"),
                        )
                    }));
                }
                found
            }
            (Kind::Enum { symbols, default, .. }, Kind::Enum { symbols: written, .. }) => {
                let mut found = self.names(reader, writer);
                let lacking: Vec<&str> =
                    written.iter().filter(|s| !symbols.contains(s)).map(String::as_str).collect();
                // A reader with a default takes it for what it does not know.
                if !lacking.is_empty() && default.is_none() {
                    found.extend(self.below("symbols", |check| {
                        let (at, lacking) = (check.at(), lacking.join(", "));
                        check.wrong(
                            "MISSING_ENUM_SYMBOLS",
                            format!("The %r schema lacks the enum symbols '[{lacking}]' that the %w schema has at path '{at}'"),
                            format!("[{lacking}]"),
                        )
                    }));
                }
                found
            }
            (Kind::Record { fields, .. }, Kind::Record { fields: written, .. }) => {
                let mut found = self.names(reader, writer);
                found.extend(self.below("fields", |check| check.fields(fields, written, depth)));
                found
            }
            _ => self.mismatch(reader, writer),
        }
    }

    fn lacks(&self, writer: &Kind) -> Found {
        let at = self.at();
        self.wrong(
            "MISSING_UNION_BRANCH",
            format!("The union of the %r schema at path '{at}' lacks a type that the %w schema has"),
            format!("reader union lacking writer type: {}", writer.name()),
        )
    }

    fn names(&mut self, reader: &Kind, writer: &Kind) -> Found {
        let (Some(reader), Some(writer)) = (reader.named(), writer.named()) else { return Vec::new() };
        if reader.name == writer.name || reader.aliases.contains(&writer.full()) {
            return Vec::new();
        }
        self.below("name", |check| {
            let at = check.at();
            check.wrong(
                "NAME_MISMATCH",
                format!("The name of the type has changed (path '{at}')"),
                format!("expected: {}", writer.full()),
            )
        })
    }

    fn fields(&mut self, reader: &[Field], writer: &[Field], depth: usize) -> Found {
        let by_name: HashMap<&str, &Field> =
            writer.iter().map(|field| (field.name.as_str(), field)).collect();
        let mut found = Vec::new();
        for (index, field) in reader.iter().enumerate() {
            let mut names = std::iter::once(&field.name).chain(&field.aliases);
            let written = names.find_map(|name| by_name.get(name.as_str()));
            found.extend(self.below(index.to_string(), |check| match written {
                Some(written) => check.below("type", |check| check.resolve(field.of, written.of, depth)),
                None if field.default.is_some() => Vec::new(),
                None => {
                    let at = check.at();
                    check.wrong(
                        "READER_FIELD_MISSING_DEFAULT_VALUE",
                        format!(
                            "The field '{}' at path '{at}' of the %r schema has no default value and is missing in the %w schema",
                            field.name
                        ),
                        &field.name,
                    )
                }
            }));
        }
        found
    }
}

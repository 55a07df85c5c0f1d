//! Reading Avro schemas, names and namespaces included.

use std::collections::{BTreeMap, BTreeSet};

use super::{AvroSchema, Field, Kind, Named, Type, TypeId, default};
use crate::json::{self, Json};

/// Attributes of types that the specification gives a meaning; all others are kept as properties.
const TYPE_ATTRIBUTES: &[&str] =
    &["doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"];
const FIELD_ATTRIBUTES: &[&str] = &["default", "doc", "name", "order", "type", "aliases"];

/// Reads a schema. `references` are texts of schemas it may name types of, the used before the using. With `strict` names must
/// be Avro's and defaults must fit their types (Confluent: `validateNewSchemas`).
///
/// # Errors
/// What is wrong, in words.
pub fn parse(text: &str, references: &[&str], strict: bool) -> Result<AvroSchema, String> {
    let mut parser = Parser { types: Vec::new(), names: BTreeMap::new(), strict };
    for reference in references {
        parser.text(reference)?;
    }
    let referenced = parser.names.clone();
    let root = parser.text(text)?;
    if strict {
        default::check_all(&parser.types)?;
    }
    Ok(AvroSchema { types: parser.types, root, referenced })
}

struct Parser {
    types: Vec<Type>,
    names: BTreeMap<String, TypeId>,
    strict: bool,
}

impl Parser {
    fn text(&mut self, text: &str) -> Result<TypeId, String> {
        let trimmed = text.trim();
        // Java's parser takes a bare name for a schema, and old clients send it.
        let value = match json::parse(trimmed) {
            Err(_) if Kind::primitive(trimmed).is_some() => Json::string(trimmed),
            parsed => parsed.map_err(|e| e.to_string())?,
        };
        self.schema(&value, None)
    }

    fn add(&mut self, kind: Kind, props: Vec<(String, Json)>) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(Type { kind, props });
        id
    }

    fn schema(&mut self, value: &Json, space: Option<&str>) -> Result<TypeId, String> {
        match value {
            Json::String(name) => match Kind::primitive(name) {
                Some(kind) => Ok(self.add(kind, Vec::new())),
                None => self.lookup(name, space),
            },
            Json::Array(branches) => self.union(branches, space),
            Json::Object(_) => self.object(value, space),
            other => Err(format!("No type: {other}")),
        }
    }

    fn lookup(&self, name: &str, space: Option<&str>) -> Result<TypeId, String> {
        let qualified = match space {
            Some(space) if !name.contains('.') => format!("{space}.{name}"),
            _ => name.to_owned(),
        };
        // A name of no namespace can be meant from within one.
        let found = self.names.get(&qualified).or_else(|| self.names.get(name));
        found.copied().ok_or_else(|| format!("Undefined schema: {qualified}"))
    }

    fn union(&mut self, branches: &[Json], space: Option<&str>) -> Result<TypeId, String> {
        let mut ids = Vec::with_capacity(branches.len());
        let mut seen = BTreeSet::new();
        for branch in branches {
            let id = self.schema(branch, space)?;
            let kind = &self.types[id.0 as usize].kind;
            if matches!(kind, Kind::Union(_)) {
                return Err("Nested union".to_owned());
            }
            let name = kind.named().map_or_else(|| kind.name().to_lowercase(), Named::full);
            if !seen.insert(name.clone()) {
                return Err(format!("Duplicate in union: {name}"));
            }
            ids.push(id);
        }
        Ok(self.add(Kind::Union(ids), Vec::new()))
    }

    fn object(&mut self, value: &Json, space: Option<&str>) -> Result<TypeId, String> {
        let of = value.get("type").ok_or_else(|| format!("No type: {value}"))?;
        let Some(of) = of.as_str() else { return self.schema(of, space) };
        match of {
            "record" | "error" => return self.record(value, space, of == "error"),
            "enum" => return self.enumeration(value, space),
            "fixed" => return self.fixed(value, space),
            _ => {}
        }
        let kind = match of {
            "array" => Kind::Array(self.part(value, "items", space)?),
            "map" => Kind::Map(self.part(value, "values", space)?),
            name => match Kind::primitive(name) {
                Some(kind) => kind,
                None => return self.lookup(name, space),
            },
        };
        Ok(self.add(kind, others(value, TYPE_ATTRIBUTES)))
    }

    fn part(&mut self, value: &Json, name: &str, space: Option<&str>) -> Result<TypeId, String> {
        let part = value.get(name).ok_or_else(|| format!("No {name}: {value}"))?;
        self.schema(part, space)
    }

    fn named(&self, value: &Json, space: Option<&str>) -> Result<Named, String> {
        let written = text(value, "name")?.ok_or_else(|| format!("No name in schema: {value}"))?;
        let (namespace, name) = match written.rsplit_once('.') {
            Some((space, name)) => (Some(space.to_owned()), name.to_owned()),
            None => {
                let own = text(value, "namespace")?.map(str::to_owned);
                (own.or_else(|| space.map(str::to_owned)), written.to_owned())
            }
        };
        let namespace = namespace.filter(|space| !space.is_empty());
        self.check_name(&name)?;
        for part in namespace.iter().flat_map(|space| space.split('.')) {
            self.check_name(part)?;
        }
        let aliases = strings(value, "aliases")?.into_iter().map(|alias| match &namespace {
            Some(space) if !alias.contains('.') => format!("{space}.{alias}"),
            _ => alias,
        });
        let aliases = aliases.collect();
        Ok(Named { name, namespace, doc: text(value, "doc")?.map(str::to_owned), aliases })
    }

    fn define(&mut self, named: &Named, id: TypeId) -> Result<(), String> {
        let full = named.full();
        if Kind::primitive(&full).is_some() {
            return Err(format!("Schemas may not be named after primitives: {full}"));
        }
        match self.names.insert(full.clone(), id) {
            Some(_) => Err(format!("Can't redefine: {full}")),
            None => Ok(()),
        }
    }

    fn record(&mut self, value: &Json, space: Option<&str>, error: bool) -> Result<TypeId, String> {
        let named = self.named(value, space)?;
        let inner = named.namespace.clone();
        let fields = value
            .get("fields")
            .and_then(Json::as_array)
            .ok_or_else(|| format!("Record has no fields: {}", named.full()))?;
        // Known before its fields are read: they may name it.
        let placeholder = Kind::Record { named: named.clone(), fields: Vec::new(), error };
        let id = self.add(placeholder, others(value, TYPE_ATTRIBUTES));
        self.define(&named, id)?;
        let mut read = Vec::with_capacity(fields.len());
        let mut seen = BTreeSet::new();
        for field in fields {
            let field = self.field(field, &named, inner.as_deref())?;
            if !seen.insert(field.name.clone()) {
                return Err(format!("Duplicate field {} in record {}", field.name, named.full()));
            }
            read.push(field);
        }
        self.types[id.0 as usize].kind = Kind::Record { named, fields: read, error };
        Ok(id)
    }

    fn field(&mut self, value: &Json, record: &Named, space: Option<&str>) -> Result<Field, String> {
        let name =
            text(value, "name")?.ok_or_else(|| format!("No field name in record {}", record.full()))?;
        self.check_name(name)?;
        let of = value.get("type").ok_or_else(|| format!("No field type: {} in {}", name, record.full()))?;
        let of = self.schema(of, space)?;
        let order = text(value, "order")?;
        if let Some(order) = order
            && !["ascending", "descending", "ignore"].iter().any(|o| o.eq_ignore_ascii_case(order))
        {
            return Err(format!("Unknown order '{order}' of field {name}"));
        }
        Ok(Field {
            name: name.to_owned(),
            of,
            doc: text(value, "doc")?.map(str::to_owned),
            default: value.get("default").cloned(),
            order: order.map(str::to_lowercase).filter(|order| order != "ascending"),
            aliases: strings(value, "aliases")?,
            props: others(value, FIELD_ATTRIBUTES),
        })
    }

    fn enumeration(&mut self, value: &Json, space: Option<&str>) -> Result<TypeId, String> {
        let named = self.named(value, space)?;
        if value.get("symbols").and_then(Json::as_array).is_none() {
            return Err(format!("Enum has no symbols: {}", named.full()));
        }
        let symbols = strings(value, "symbols")?;
        let mut seen = BTreeSet::new();
        for symbol in &symbols {
            self.check_name(symbol)?;
            if !seen.insert(symbol) {
                return Err(format!("Duplicate enum symbol: {symbol}"));
            }
        }
        let default = text(value, "default")?.map(str::to_owned);
        if let Some(default) = &default
            && !symbols.contains(default)
        {
            return Err(format!(
                "The Enum Default: {default} is not in the enum symbol set of {}",
                named.full()
            ));
        }
        let mut props = others(value, TYPE_ATTRIBUTES);
        props.retain(|(name, _)| name != "default");
        let id = self.add(Kind::Enum { named: named.clone(), symbols, default }, props);
        self.define(&named, id)?;
        Ok(id)
    }

    fn fixed(&mut self, value: &Json, space: Option<&str>) -> Result<TypeId, String> {
        let named = self.named(value, space)?;
        let size = value.get("size").and_then(Json::as_i64).and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| format!("Invalid or no size: {}", named.full()))?;
        let id = self.add(Kind::Fixed { named: named.clone(), size }, others(value, TYPE_ATTRIBUTES));
        self.define(&named, id)?;
        Ok(id)
    }
}

fn text<'a>(value: &'a Json, name: &str) -> Result<Option<&'a str>, String> {
    match value.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("'{name}' is no string: {other}")),
    }
}

fn strings(value: &Json, name: &str) -> Result<Vec<String>, String> {
    let Some(items) = value.get(name) else { return Ok(Vec::new()) };
    let items = items.as_array().ok_or_else(|| format!("'{name}' is no array: {items}"))?;
    let text = |item: &Json| {
        item.as_str().map(str::to_owned).ok_or_else(|| format!("'{name}' holds what is no string: {item}"))
    };
    items.iter().map(text).collect()
}

fn others(value: &Json, known: &[&str]) -> Vec<(String, Json)> {
    let members = value.as_object().unwrap_or_default();
    members.iter().filter(|(name, _)| !known.contains(&name.as_str())).cloned().collect()
}

impl Parser {
    /// Schemas of old may have names that Avro's grammar forbids.
    fn check_name(&self, name: &str) -> Result<(), String> {
        if self.strict || name.is_empty() { check_name(name) } else { Ok(()) }
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    match letters.next() {
        None => return Err("Empty name".to_owned()),
        Some(c) if !(c.is_alphabetic() || c == '_') => {
            return Err(format!("Illegal initial character: {name}"));
        }
        Some(_) => {}
    }
    if letters.all(|c| c.is_alphanumeric() || c == '_') {
        Ok(())
    } else {
        Err(format!("Illegal character in: {name}"))
    }
}

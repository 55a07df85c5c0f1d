//! Reading a schema into nodes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::model::{Arrays, Beyond, Criterion, Kind, Node, NodeId, Numbers, Objects, Strings};
use super::resolve::Documents;
use super::{Draft, JsonSchema};
use crate::json::{self, Json};

const STRING_WORDS: &[&str] = &["minLength", "maxLength", "pattern"];
const NUMBER_WORDS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const ARRAY_WORDS: &[&str] = &[
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
];
const OBJECT_WORDS: &[&str] = &[
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
];

pub(super) fn parse(text: &str, references: &[(&str, &str)]) -> Result<JsonSchema, String> {
    let value = json::parse(text).map_err(|e| e.to_string())?;
    let mut read = Vec::with_capacity(references.len());
    for (name, text) in references {
        let value = json::parse(text).map_err(|e| format!("reference '{name}': {e}"))?;
        read.push(((*name).to_owned(), value));
    }
    let draft = Draft::of(&value);
    let documents = Documents::new(&value, &read);
    let mut reader = Reader { documents, draft, nodes: Vec::new(), known: BTreeMap::new(), open: Vec::new() };
    let root = reader.node(0, String::new())?;
    reader.resolve()?;
    let nodes = reader.nodes;
    Ok(JsonSchema { value, draft, nodes, root, references: read })
}

struct Reader<'a> {
    documents: Documents<'a>,
    draft: Draft,
    nodes: Vec<Node>,
    /// Document and pointer to the node made of it.
    known: BTreeMap<(usize, String), NodeId>,
    /// References still to be looked up: the node, where it stands, what it says.
    open: Vec<(NodeId, usize, String, String)>,
}

impl<'a> Reader<'a> {
    fn add(&mut self, kind: Kind) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { kind, has_default: false, connect_bytes: false });
        id
    }

    /// References lead to nodes; each place becomes one node, so this ends.
    fn resolve(&mut self) -> Result<(), String> {
        while let Some((node, document, base, reference)) = self.open.pop() {
            let target = match self.documents.find(document, &base, &reference)? {
                Some((document, pointer)) => match self.known.get(&(document, pointer.clone())) {
                    Some(known) => *known,
                    None => self.node(document, pointer)?,
                },
                // A schema of schemas: anything.
                None => self.add(Kind::Any),
            };
            self.nodes[node.0 as usize].kind = Kind::Reference(target);
        }
        Ok(())
    }

    fn node(&mut self, document: usize, pointer: String) -> Result<NodeId, String> {
        let value =
            self.documents.at(document, &pointer).ok_or_else(|| format!("nothing is at '{pointer}'"))?;
        let id = self.add(Kind::Any);
        self.known.insert((document, pointer.clone()), id);
        let kind = self.kind(document, &pointer, value)?;
        let node = &mut self.nodes[id.0 as usize];
        node.kind = kind;
        node.has_default = value.get("default").is_some();
        node.connect_bytes = value.get("connect.type").and_then(Json::as_str) == Some("bytes");
        Ok(id)
    }

    fn child(&mut self, document: usize, pointer: &str, name: &str) -> Result<NodeId, String> {
        let name = name.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{pointer}/{name}");
        match self.known.get(&(document, pointer.clone())) {
            Some(known) => Ok(*known),
            None => self.node(document, pointer),
        }
    }

    fn kind(&mut self, document: usize, pointer: &str, value: &'a Json) -> Result<Kind, String> {
        let members = match value {
            Json::Bool(true) => return Ok(Kind::Any),
            Json::Bool(false) => return Ok(Kind::Never),
            Json::Object(members) => members,
            other => return Err(format!("at '#{pointer}': a schema is an object or a boolean, not {other}")),
        };
        let mut parts = Vec::new();
        if let Some(reference) = value.get("$ref").and_then(Json::as_str) {
            let node = self.add(Kind::Any);
            let base = self.documents.base(document, pointer);
            self.open.push((node, document, base, reference.to_owned()));
            if !self.draft.ref_has_siblings() {
                return Ok(Kind::Reference(node));
            }
            parts.push(Kind::Reference(node));
        }
        if let Some(values) = value.get("enum") {
            let values = values.as_array().ok_or_else(|| format!("at '#{pointer}': enum is no array"))?;
            parts.push(Kind::Enum(values.to_vec()));
        }
        if let Some(constant) = value.get("const")
            && self.draft > Draft::Draft4
        {
            parts.push(Kind::Const(constant.clone()));
        }
        if value.get("not").is_some() {
            parts.push(Kind::Not(self.child(document, pointer, "not")?));
        }
        for criterion in [Criterion::All, Criterion::Any, Criterion::One] {
            if let Some(branches) = value.get(criterion.keyword()) {
                parts.push(self.combined(document, pointer, criterion, branches)?);
            }
        }
        match value.get("type") {
            Some(Json::String(name)) => parts.push(self.typed(document, pointer, name, value)?),
            Some(Json::Array(names)) => {
                let mut kinds = Vec::with_capacity(names.len());
                for name in names {
                    let name =
                        name.as_str().ok_or_else(|| format!("at '#{pointer}': type {name} is no string"))?;
                    let kind = self.typed(document, pointer, name, value)?;
                    kinds.push(self.add(kind));
                }
                parts.push(Kind::Combined(Criterion::Any, kinds));
            }
            Some(other) => return Err(format!("at '#{pointer}': type {other} is neither string nor array")),
            None => {
                let says = |words: &[&str]| members.iter().any(|(name, _)| words.contains(&name.as_str()));
                for (words, name) in [
                    (STRING_WORDS, "string"),
                    (NUMBER_WORDS, "number"),
                    (ARRAY_WORDS, "array"),
                    (OBJECT_WORDS, "object"),
                ] {
                    if says(words) {
                        parts.push(self.typed(document, pointer, name, value)?);
                    }
                }
            }
        }
        if value.get("if").is_some() && self.draft > Draft::Draft6 {
            parts.push(Kind::Conditional);
        }
        Ok(match parts.len() {
            0 => Kind::Any,
            1 => parts.swap_remove(0),
            _ => Kind::Combined(Criterion::All, parts.into_iter().map(|kind| self.add(kind)).collect()),
        })
    }

    fn combined(
        &mut self,
        document: usize,
        pointer: &str,
        of: Criterion,
        branches: &Json,
    ) -> Result<Kind, String> {
        let keyword = of.keyword();
        let branches =
            branches.as_array().ok_or_else(|| format!("at '#{pointer}': {keyword} is no array"))?;
        let pointer = format!("{pointer}/{keyword}");
        let mut seen = HashSet::new();
        let mut nodes = Vec::with_capacity(branches.len());
        for (index, branch) in branches.iter().enumerate() {
            // The same branch twice says nothing more.
            if seen.insert(branch.sorted().to_string()) {
                nodes.push(self.child(document, &pointer, &index.to_string())?);
            }
        }
        Ok(Kind::Combined(of, nodes))
    }

    fn typed(&mut self, document: usize, pointer: &str, name: &str, value: &'a Json) -> Result<Kind, String> {
        let number = |word: &str| value.get(word).and_then(Json::as_f64);
        Ok(match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "string" => Kind::String(Strings {
                max_length: number("maxLength"),
                min_length: number("minLength"),
                pattern: value.get("pattern").and_then(Json::as_str).map(str::to_owned),
            }),
            "number" | "integer" => {
                // In draft 4 a flag makes the limit an exclusive one.
                let flag = |word: &str| value.get(word).and_then(Json::as_bool) == Some(true);
                let limit = |word: &str, exclusive: &str| if flag(exclusive) { None } else { number(word) };
                let beyond = |word: &str, exclusive: &str| {
                    if flag(exclusive) { number(word) } else { number(exclusive) }
                };
                Kind::Number(Numbers {
                    integer: name == "integer",
                    maximum: limit("maximum", "exclusiveMaximum"),
                    minimum: limit("minimum", "exclusiveMinimum"),
                    exclusive_maximum: beyond("maximum", "exclusiveMaximum"),
                    exclusive_minimum: beyond("minimum", "exclusiveMinimum"),
                    multiple_of: number("multipleOf"),
                })
            }
            "object" => Kind::Object(Box::new(self.object(document, pointer, value)?)),
            "array" => Kind::Array(Box::new(self.array(document, pointer, value)?)),
            other => return Err(format!("at '#{pointer}': unknown type '{other}'")),
        })
    }

    fn beyond(&mut self, document: usize, pointer: &str, value: &Json, word: &str) -> Result<Beyond, String> {
        Ok(match value.get(word) {
            None | Some(Json::Bool(true)) => Beyond::Open,
            Some(Json::Bool(false)) => Beyond::Closed,
            Some(_) => Beyond::Of(self.child(document, pointer, word)?),
        })
    }

    fn optional(
        &mut self,
        document: usize,
        pointer: &str,
        value: &Json,
        word: &str,
    ) -> Result<Option<NodeId>, String> {
        value.get(word).map(|_| self.child(document, pointer, word)).transpose()
    }

    fn object(&mut self, document: usize, pointer: &str, value: &'a Json) -> Result<Objects, String> {
        let mut object = Objects {
            additional: self.beyond(document, pointer, value, "additionalProperties")?,
            unevaluated: self.optional(document, pointer, value, "unevaluatedProperties")?,
            max_properties: value.get("maxProperties").and_then(Json::as_f64),
            min_properties: value.get("minProperties").and_then(Json::as_f64),
            ..Objects::default()
        };
        let named = |word: &str| value.get(word).and_then(Json::as_object).unwrap_or_default();
        let names = |list: &Json| -> BTreeSet<String> {
            list.as_array().unwrap_or_default().iter().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        for (name, _) in named("properties") {
            let node = self.child(document, &format!("{pointer}/properties"), name)?;
            object.properties.insert(name.clone(), node);
        }
        for (name, _) in named("patternProperties") {
            let node = self.child(document, &format!("{pointer}/patternProperties"), name)?;
            object.patterns.push((name.clone(), node));
        }
        if let Some(required) = value.get("required") {
            object.required = names(required);
        }
        for word in ["dependencies", "dependentRequired", "dependentSchemas"] {
            for (name, depends) in named(word) {
                if let Json::Array(_) = depends {
                    object.depends_on.insert(name.clone(), names(depends));
                } else {
                    let node = self.child(document, &format!("{pointer}/{word}"), name)?;
                    object.depends_schema.insert(name.clone(), node);
                }
            }
        }
        Ok(object)
    }

    fn array(&mut self, document: usize, pointer: &str, value: &'a Json) -> Result<Arrays, String> {
        let mut array = Arrays {
            unevaluated: self.optional(document, pointer, value, "unevaluatedItems")?,
            max_items: value.get("maxItems").and_then(Json::as_f64),
            min_items: value.get("minItems").and_then(Json::as_f64),
            unique: value.get("uniqueItems").and_then(Json::as_bool) == Some(true),
            max_contains: value.get("maxContains").and_then(Json::as_f64),
            min_contains: value.get("minContains").and_then(Json::as_f64),
            ..Arrays::default()
        };
        // Until 2019-09 an array of `items` was what `prefixItems` is now, and `additionalItems` what `items` is beside it.
        let (first, rest) = match value.get("items") {
            Some(Json::Array(_)) => ("items", Some("additionalItems")),
            _ if value.get("prefixItems").is_some() => ("prefixItems", Some("items")),
            _ => ("", None),
        };
        if let Some(rest) = rest {
            for index in 0..value.get(first).and_then(Json::as_array).unwrap_or_default().len() {
                array.first.push(self.child(document, &format!("{pointer}/{first}"), &index.to_string())?);
            }
            array.additional = self.beyond(document, pointer, value, rest)?;
        } else {
            array.all = self.optional(document, pointer, value, "items")?;
        }
        Ok(array)
    }
}

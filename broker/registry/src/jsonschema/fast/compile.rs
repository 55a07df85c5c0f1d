//! A schema made ready for the short way; `None` for whatever it does not know.

use regex::Regex;
use serde_json::{Map, Value};

use super::{
    ALL, ARRAY, BOOLEAN, DEPTH, INTEGER, Members, NULL, NUMBER, Node, OBJECT, Others, Range, STRING, Words,
};
use crate::jsonschema::Draft;

fn any() -> Node {
    Node {
        types: ALL,
        words: None,
        number: Range::default(),
        length: (0, usize::MAX),
        pattern: None,
        count: (0, usize::MAX),
        items: None,
        members: Members::default(),
    }
}

pub(super) fn node(schema: &Value, draft: Draft, depth: usize) -> Option<Node> {
    let schema = match schema {
        Value::Bool(true) => return Some(any()),
        Value::Object(schema) if depth < DEPTH => schema,
        _ => return None,
    };
    let mut node = any();
    for (keyword, value) in schema {
        let number = || value.as_u64().and_then(|n| usize::try_from(n).ok());
        match keyword.as_str() {
            "$schema" | "$id" | "id" | "$comment" | "title" | "description" | "default" | "examples"
            | "deprecated" | "readOnly" | "writeOnly" => {}
            // An annotation in these drafts.
            "format" if matches!(draft, Draft::Draft201909 | Draft::Draft202012) => {}
            "type" => node.types = types(value)?,
            "const" => node.words = Some(words(std::slice::from_ref(value))?),
            "enum" => node.words = Some(words(value.as_array()?)?),
            "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" => {
                node.number.narrow(value, keyword.ends_with("inimum"), keyword.starts_with('e'))?;
            }
            "minLength" => node.length.0 = number()?,
            "maxLength" => node.length.1 = number()?,
            "minItems" => node.count.0 = number()?,
            "maxItems" => node.count.1 = number()?,
            "pattern" => node.pattern = Some(pattern(value.as_str()?)?),
            "items" => node.items = Some(Box::new(self::node(value, draft, depth + 1)?)),
            "properties" | "required" | "additionalProperties" => {}
            _ => return None,
        }
    }
    node.members = members(schema, draft, depth)?;
    // `const` and `enum` of one node would both have to hold.
    (!(schema.contains_key("const") && schema.contains_key("enum"))).then_some(node)
}

fn types(value: &Value) -> Option<u8> {
    let one = |value: &Value| {
        Some(match value.as_str()? {
            "null" => NULL,
            "boolean" => BOOLEAN,
            "number" => NUMBER | INTEGER,
            "integer" => INTEGER,
            "string" => STRING,
            "array" => ARRAY,
            "object" => OBJECT,
            _ => return None,
        })
    };
    match value {
        Value::Array(several) => several.iter().try_fold(0, |all, value| Some(all | one(value)?)),
        value => one(value),
    }
}

fn words(values: &[Value]) -> Option<Words> {
    let mut words = Words::default();
    for value in values {
        match value {
            Value::String(text) => words.texts.push(text.clone()),
            Value::Null | Value::Bool(_) => words.others.push(value.to_string()),
            Value::Number(number) if number.as_i64().is_some() => words.others.push(value.to_string()),
            _ => return None,
        }
    }
    Some(words)
}

/// Only what reads the same in ECMA-262 and here: no escapes, no dots, no groups with a question mark, no set operations.
fn pattern(text: &str) -> Option<Regex> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "^$[]-{},+*?|()_/@:#%= ".contains(c);
    let doubtful = ["(?", "[[", "--", "[^]", "[]", "{,"];
    if text.len() > 200 || !text.chars().all(plain) || doubtful.iter().any(|d| text.contains(d)) {
        return None;
    }
    regex::RegexBuilder::new(text).size_limit(1 << 20).build().ok()
}

fn members(schema: &Map<String, Value>, draft: Draft, depth: usize) -> Option<Members> {
    let mut members = Members::default();
    let mut required: Vec<&str> = Vec::new();
    if let Some(names) = schema.get("required") {
        required = names.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    }
    if let Some(properties) = schema.get("properties") {
        for (name, of) in properties.as_object()? {
            let must = required.contains(&name.as_str());
            members.known.push((name.clone(), must, node(of, draft, depth + 1)?));
        }
    }
    members.others = match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => Others::Any,
        Some(Value::Bool(false)) => Others::None,
        Some(of) => Others::Of(Box::new(node(of, draft, depth + 1)?)),
    };
    for name in &required {
        if !members.known.iter().any(|(known, ..)| known == name) {
            // Also where no property of that name is described. Not with rules for other names: it is one of those.
            if !matches!(members.others, Others::Any) {
                return None;
            }
            members.known.push(((*name).to_owned(), true, any()));
        }
    }
    members.required = members.known.iter().filter(|(_, must, _)| *must).count();
    // One bit for each.
    (members.known.len() <= 64).then_some(members)
}

impl Range {
    fn narrow(&mut self, bound: &Value, is_low: bool, excluded: bool) -> Option<()> {
        let float = bound.as_f64()?;
        // Beyond 2^53 not every whole number is a float.
        let whole = bound.as_i64().filter(|bound| bound.unsigned_abs() < 1 << 53);
        let step = i64::from(excluded);
        if is_low {
            self.low = self.low.max(float);
            self.whole = self.whole.zip(whole).map(|((low, high), bound)| (low.max(bound + step), high));
        } else {
            self.high = self.high.min(float);
            self.whole = self.whole.zip(whole).map(|((low, high), bound)| (low, high.min(bound - step)));
        }
        self.bounded = true;
        Some(())
    }
}

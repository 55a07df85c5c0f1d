//! Paths to fields (KIP-821): `V1` is a name, `V2` names with dots between them, backticks around those that have dots.

use super::part::{require_map_ref, require_struct_ref};
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, OneOfIgnoringCase};
use crate::error::{DataError, Result};
use crate::schema::{Field, Schema, SchemaRef, Type};
use crate::value::Value;

const SETTING: &str = "field.syntax.version";
const PURPOSE: &str = "nested field access";

/// The setting that says which.
pub(super) fn define(def: ConfigDef) -> ConfigDef {
    def.define(
        ConfigKey::new(
            SETTING,
            ConfigType::String,
            "V1",
            Importance::High,
            "V1: a field of the outermost struct or map. V2: a path with dots, with backticks around names that have dots.",
        )
        .validator(OneOfIgnoringCase(&["V1", "V2"])),
    )
}

/// Names from outside in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldPath(Vec<String>);

impl FieldPath {
    pub(super) fn new(path: &str, config: &crate::config::Config) -> Result<Self> {
        if config.text(SETTING).eq_ignore_ascii_case("V2") {
            split(path).map(Self)
        } else {
            Ok(Self(vec![path.to_owned()]))
        }
    }

    fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn outer(&self) -> &[String] {
        &self.0[..self.0.len().saturating_sub(1)]
    }

    /// The field in a schema of structs.
    pub(super) fn field_in<'a>(&self, schema: &'a SchemaRef) -> Result<Option<&'a Field>> {
        fn field<'a>(schema: &'a Schema, name: &str) -> Result<Option<&'a Field>> {
            if schema.r#type() != Type::Struct {
                return Err(DataError::data("Cannot look up fields on non-struct type"));
            }
            Ok(schema.field(name))
        }
        let mut current: &SchemaRef = schema;
        for step in self.outer() {
            match field(current, step)? {
                Some(inner) => current = &inner.schema,
                None => return Ok(None),
            }
        }
        field(current, self.last())
    }

    /// The value in structs; null where a struct on the way is null or has no such field.
    pub(super) fn in_struct(&self, value: &Value, with_default: bool) -> Result<Value> {
        let mut current = value;
        for step in self.outer() {
            let inner = require_struct_ref(current, PURPOSE)?;
            let Some(index) = inner.schema().position(step) else { return Ok(Value::Null) };
            current = inner.at(index);
            if current.is_null() {
                return Ok(Value::Null);
            }
        }
        let inner = require_struct_ref(current, PURPOSE)?;
        Ok(match inner.schema().position(self.last()) {
            Some(index) if with_default => inner.at(index).clone(),
            Some(index) => inner.values()[index].clone(),
            None => Value::Null,
        })
    }

    /// The value in maps; null where a map on the way is missing.
    pub(super) fn in_map(&self, value: &Value) -> Result<Value> {
        let mut current = value;
        for step in self.outer() {
            current = require_map_ref(current, PURPOSE)?.get(step).unwrap_or(&Value::Null);
            if current.is_null() {
                return Ok(Value::Null);
            }
        }
        Ok(require_map_ref(current, PURPOSE)?.get(self.last()).cloned().unwrap_or_default())
    }
}

/// A V2 path's names. A backtick opens a name that goes to the next backtick before a dot or the end; `\`` is a backtick in it.
fn split(path: &str) -> Result<Vec<String>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let Some(quoted) = rest.strip_prefix('`') else {
            match rest.split_once('.') {
                Some((step, behind)) => {
                    steps.push(step.to_owned());
                    rest = behind;
                }
                None => {
                    steps.push(rest.to_owned());
                    rest = "";
                }
            }
            continue;
        };
        let opened_at = path.len() - rest.len();
        let incomplete = || {
            DataError::config(format!(
                "Incomplete backtick pair in path: [{path}], consider adding a backslash before backtick at position {opened_at} \
                 to escape it"
            ))
        };
        let (mut name, mut from, mut at) = (String::new(), 0, 0);
        loop {
            at += quoted[at..].find('`').ok_or_else(incomplete)?;
            let escaped = quoted[..at].ends_with('\\');
            if at + 1 >= quoted.len() {
                if escaped {
                    return Err(incomplete());
                }
                name.push_str(&quoted[from..at]);
                rest = "";
                break;
            }
            if !quoted[at + 1..].starts_with('.') {
                at += 1;
                continue;
            }
            if escaped {
                name.push_str(&quoted[from..at - 1]);
                name.push('`');
                at += 1;
                from = at;
                continue;
            }
            name.push_str(&quoted[from..at]);
            rest = &quoted[at + 2..];
            break;
        }
        steps.push(name);
    }
    if path.ends_with('.') {
        steps.push(String::new());
    }
    Ok(steps)
}

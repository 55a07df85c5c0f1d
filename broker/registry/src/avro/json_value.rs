//! Whether a JSON value can be written as a value of a schema (specification, "JSON Encoding").
//!
//! A union's value is `{"branch": value}` as the specification says, or the plain value if it fits a branch: people write JSON by
//! hand. A field may be left out if it has a default; a member that is no field is refused, because it would be lost.

use highway_types::limits::SCHEMA_VALUE_MAX_DEPTH;
use serde_json::Value;

use super::{AvroSchema, Kind, TypeId};
use crate::validate::Fault;

/// Checks a value.
///
/// # Errors
/// The first part that does not fit, with a JSON pointer to it.
pub fn check_json(schema: &AvroSchema, value: &Value) -> Result<(), Fault> {
    // Plain values of unions are tried branch by branch: without a bound, nested unions multiply.
    let mut walk = Walk { schema, budget: 200_000 };
    walk.value(schema.root, value, 0)
}

struct Walk<'a> {
    schema: &'a AvroSchema,
    budget: usize,
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn wrong(value: &Value, wanted: &str) -> Fault {
    Fault::new(format!("is {}, not {wanted}", kind_of(value)))
}

/// A whole number in a range; `1.0` is one.
pub(crate) fn whole(value: &Value, low: i128, high: i128) -> bool {
    let Value::Number(number) = value else { return false };
    let exact = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let exact = exact.or_else(|| {
        let float = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e18)?;
        Some(float as i128)
    });
    exact.is_some_and(|number| (low..=high).contains(&number))
}

impl Walk<'_> {
    fn value(&mut self, id: TypeId, value: &Value, depth: usize) -> Result<(), Fault> {
        if depth > SCHEMA_VALUE_MAX_DEPTH {
            return Err(Fault::new(format!("is nested deeper than {SCHEMA_VALUE_MAX_DEPTH} levels")));
        }
        self.budget = match self.budget.checked_sub(1) {
            Some(left) => left,
            None => return Err(Fault::new("has too many parts, or unions that are too many to be tried")),
        };
        let schema = self.schema;
        let fits = |fits: bool, wanted: &str| if fits { Ok(()) } else { Err(wrong(value, wanted)) };
        match schema.kind(id) {
            Kind::Null => fits(value.is_null(), "null"),
            Kind::Boolean => fits(value.is_boolean(), "a boolean"),
            Kind::Int => fits(whole(value, i32::MIN.into(), i32::MAX.into()), "an int (32 bits)"),
            Kind::Long => fits(whole(value, i64::MIN.into(), i64::MAX.into()), "a long (64 bits)"),
            Kind::Float | Kind::Double => {
                let words = ["NaN", "Infinity", "-Infinity"];
                fits(value.is_number() || value.as_str().is_some_and(|s| words.contains(&s)), "a number")
            }
            Kind::String => fits(value.is_string(), "a string"),
            Kind::Bytes => fits(latin(value).is_some(), "a string of characters up to U+00FF (bytes)"),
            Kind::Fixed { size, .. } => {
                fits(latin(value) == Some(*size), &format!("a string of {size} characters up to U+00FF"))
            }
            Kind::Enum { symbols, .. } => match value.as_str() {
                Some(text) if symbols.iter().any(|symbol| symbol == text) => Ok(()),
                Some(text) => Err(Fault::new(format!(
                    "'{}' is none of the symbols {}",
                    brief(text),
                    symbols.join(", ")
                ))),
                None => Err(wrong(value, "a symbol of the enum")),
            },
            Kind::Array(items) => {
                let Value::Array(values) = value else { return Err(wrong(value, "an array")) };
                for (index, value) in values.iter().enumerate() {
                    self.value(*items, value, depth + 1).map_err(|fault| fault.below(&index.to_string()))?;
                }
                Ok(())
            }
            Kind::Map(of) => {
                let Value::Object(members) = value else { return Err(wrong(value, "an object (a map)")) };
                for (name, value) in members {
                    self.value(*of, value, depth + 1).map_err(|fault| fault.below(name))?;
                }
                Ok(())
            }
            Kind::Record { fields, named, .. } => {
                let Value::Object(members) = value else {
                    return Err(wrong(value, &format!("an object (the record {})", named.full())));
                };
                for field in fields {
                    match members.get(&field.name) {
                        Some(value) => self
                            .value(field.of, value, depth + 1)
                            .map_err(|fault| fault.below(&field.name))?,
                        None if field.default.is_some() => {}
                        None => {
                            return Err(Fault::new(format!(
                                "the field '{}' is missing and has no default",
                                field.name
                            )));
                        }
                    }
                }
                match members.keys().find(|name| !fields.iter().any(|field| field.name == **name)) {
                    None => Ok(()),
                    Some(other) => Err(Fault::new(format!(
                        "the record {} has no field '{}'",
                        named.full(),
                        brief(other)
                    ))
                    .below(other)),
                }
            }
            Kind::Union(branches) => self.union(branches, value, depth),
        }
    }

    fn union(&mut self, branches: &[TypeId], value: &Value, depth: usize) -> Result<(), Fault> {
        let names: Vec<String> = branches.iter().map(|id| self.branch_name(*id)).collect();
        if let Value::Object(members) = value
            && members.len() == 1
            && let Some((name, inner)) = members.iter().next()
            && let Some(at) = names.iter().position(|branch| branch == name)
            && name != "null"
        {
            let tagged = self.value(branches[at], inner, depth + 1);
            if tagged.is_ok() || !branches.iter().any(|id| self.takes_objects(*id)) {
                return tagged.map_err(|fault| fault.below(name));
            }
        }
        let mut reasons = Vec::new();
        for id in branches {
            match self.value(*id, value, depth + 1) {
                Ok(()) => return Ok(()),
                Err(fault) => reasons.push((*id, fault)),
            }
        }
        // With one branch that takes this kind of value, its own reason says most.
        let mut near = reasons.iter().filter(|(id, _)| value.is_object() && self.takes_objects(*id));
        match (near.next(), near.next()) {
            (Some((_, fault)), None) => Err(fault.clone()),
            _ => Err(Fault::new(format!(
                "is {}, which fits no branch of the union {}",
                kind_of(value),
                names.join(", ")
            ))),
        }
    }

    fn takes_objects(&self, id: TypeId) -> bool {
        matches!(self.schema.kind(id), Kind::Record { .. } | Kind::Map(_))
    }

    fn branch_name(&self, id: TypeId) -> String {
        let kind = self.schema.kind(id);
        kind.named().map_or_else(|| kind.name().to_ascii_lowercase(), super::Named::full)
    }
}

/// The number of bytes that a string stands for.
fn latin(value: &Value) -> Option<usize> {
    let text = value.as_str()?;
    text.chars().all(|c| u32::from(c) <= 0xff).then(|| text.chars().count())
}

fn brief(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::avro::parse;

    const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"shop","fields":[
        {"name":"id","type":"long"},
        {"name":"note","type":["null","string"],"default":null},
        {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","PAID"]}},
        {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
            {"name":"sku","type":"string"},{"name":"n","type":"int"}]}},"default":[]},
        {"name":"extra","type":{"type":"map","values":["int","shop.Line"]},"default":{}}]}"#;

    fn fault(value: &Value) -> Option<(String, String)> {
        let schema = parse(ORDER, &[], true).unwrap();
        check_json(&schema, value).err().map(|fault| (fault.path, fault.reason))
    }

    #[test]
    fn what_fits() {
        for value in [
            json!({"id": 1, "state": "OPEN"}),
            json!({"id": 1.0, "state": "PAID", "note": null, "lines": [{"sku": "a", "n": 2}]}),
            json!({"id": i64::MAX, "state": "PAID", "note": {"string": "tagged"}}),
            json!({"id": 1, "state": "OPEN", "note": "plain"}),
            json!({"id": 1, "state": "OPEN", "extra": {"a": 1, "b": {"sku": "x", "n": 1}, "c": {"int": 3},
                "d": {"shop.Line": {"sku": "x", "n": 1}}}}),
        ] {
            assert_eq!(fault(&value), None, "{value}");
        }
    }

    #[test]
    fn what_does_not() {
        for (value, path, reason) in [
            (json!([]), "", "is an array, not an object (the record shop.Order)"),
            (json!({"state": "OPEN"}), "", "the field 'id' is missing and has no default"),
            (json!({"id": 1.5, "state": "OPEN"}), "/id", "is a number, not a long (64 bits)"),
            (json!({"id": 1, "state": "x"}), "/state", "'x' is none of the symbols OPEN, PAID"),
            (
                json!({"id": 1, "state": "OPEN", "a/b": 1}),
                "/a~1b",
                "the record shop.Order has no field 'a/b'",
            ),
            (
                json!({"id": 1, "state": "OPEN", "lines": [{"sku": "a", "n": 1}, {"sku": "a", "n": 3_000_000_000_u64}]}),
                "/lines/1/n",
                "is a number, not an int (32 bits)",
            ),
            (
                json!({"id": 1, "state": "OPEN", "note": 7}),
                "/note",
                "is a number, which fits no branch of the union null, string",
            ),
            (
                json!({"id": 1, "state": "OPEN", "extra": {"k": {"sku": "x"}}}),
                "/extra/k",
                "the field 'n' is missing and has no default",
            ),
        ] {
            assert_eq!(fault(&value), Some((path.to_owned(), reason.to_owned())), "{value}");
        }
    }

    #[test]
    fn nested_unions_end() {
        // Two records that hold each other in a union: each level would double the work.
        let text = r#"["null",{"type":"record","name":"A","fields":[{"name":"x","type":["null","A",{"type":"record","name":"B","fields":[
            {"name":"x","type":["null","A","B"]}]}]}]},"B"]"#;
        let schema = parse(text, &[], true).unwrap();
        let mut value = json!(7);
        for _ in 0..50 {
            value = json!({ "x": value });
        }
        assert!(check_json(&schema, &value).is_err());
    }
}

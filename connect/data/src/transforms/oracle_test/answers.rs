//! Cases with the answers of the JVM.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::super::plugins::{Kind, new_predicate, new_transformation, plugin};
use super::tagged::{dump, dump_record, record};
use crate::config::Props;
use crate::converters::{
    ByteArrayConverter, Converter, JsonConverter, NumberConverter, NumberKind, SimpleHeaderConverter,
    StringConverter,
};
use crate::error::{DataError, Result};

/// One case and its answer.
pub struct Case {
    pub class: String,
    pub config: Json,
    /// A record for a transform or predicate, a text for a converter.
    pub input: Json,
    /// The record's name, or the text.
    pub name: String,
    converter: bool,
    hex: bool,
    pub theirs: Json,
}

pub struct Answers {
    pub cases: Vec<Case>,
    pub definitions: BTreeMap<String, Json>,
}

impl Answers {
    /// What is kept in the repository.
    pub fn stored() -> Self {
        Self::read(include_str!("../../../testdata/answers.jsonl"))
    }

    /// The lines that the Java program prints.
    pub fn read(text: &str) -> Self {
        let cases: Json =
            serde_json::from_str(include_str!("../../../testdata/cases.json")).expect("cases.json");
        let lines: Vec<Json> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let schemas: Vec<&Json> = lines.iter().filter_map(|line| line.get("schema")).collect();
        let mut answers = Self { cases: Vec::new(), definitions: BTreeMap::new() };
        for line in &lines {
            let mut theirs = line.clone();
            let map = theirs.as_object_mut().expect("an object");
            let number = |key: &str| line.get(key).and_then(Json::as_u64).map(|n| n as usize);
            if let Some(class) = line.get("definition").and_then(Json::as_str) {
                answers.definitions.insert(class.to_owned(), line["keys"].clone());
            } else if let Some(index) = number("transform") {
                let case = &cases["transforms"][index];
                let name = line["record"].as_str().expect("a record's name").to_owned();
                map.retain(|key, _| key != "transform" && key != "record");
                resolve(&mut theirs, &schemas);
                answers.cases.push(Case {
                    class: text_of(&case["class"]),
                    config: case["config"].clone(),
                    input: cases["records"][&name].clone(),
                    name,
                    converter: false,
                    hex: false,
                    theirs,
                });
            } else if let Some(index) = number("converter") {
                let case = &cases["converters"][index];
                map.retain(|key, _| key != "converter" && key != "input");
                resolve(&mut theirs, &schemas);
                answers.cases.push(Case {
                    class: text_of(&case["class"]),
                    config: case["config"].clone(),
                    input: line["input"].clone(),
                    name: text_of(&line["input"]),
                    converter: true,
                    hex: case.get("hex").is_some(),
                    theirs,
                });
            }
        }
        answers
    }
}

fn text_of(json: &Json) -> String {
    json.as_str().expect("a text").to_owned()
}

/// Puts schemas where their numbers are: only `{"schema":N,"value":..}` has them.
fn resolve(json: &mut Json, schemas: &[&Json]) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| resolve(item, schemas)),
        Json::Object(members) => {
            if let Some(number) = members.get("schema").and_then(Json::as_u64) {
                members.insert("schema".to_owned(), schemas[number as usize].clone());
            }
            for (name, member) in members {
                if name != "schema" {
                    resolve(member, schemas);
                }
            }
        }
        _ => {}
    }
}

fn failure(error: &DataError) -> Json {
    json!({"class": error.class.java_name(), "message": error.message})
}

impl Case {
    pub fn describe(&self) -> String {
        format!("{} {} on {}", self.class, self.config, self.name)
    }

    fn props(&self) -> Props {
        let members = self.config.as_object().expect("settings");
        members.iter().map(|(k, v)| (k.clone(), text_of(v))).collect()
    }

    /// What this crate answers, in the form of the JVM's answers.
    pub fn ours(&self) -> Json {
        if self.converter {
            return self.converted();
        }
        let class = format!("org.apache.kafka.connect.transforms.{}", self.class);
        let input = record(&self.input);
        let outcome = if plugin(Kind::Predicate, &class).is_some() {
            match new_predicate(&class, &self.props()) {
                Ok(mut predicate) => predicate.test(&input).map(Json::from),
                Err(error) => return json!({"configure": failure(&error)}),
            }
        } else {
            match new_transformation(&class, &self.props()) {
                Ok(mut transformation) => {
                    // Twice, so that what comes from the caches is seen too; the second answer counts.
                    let _ = transformation.apply(input.clone());
                    transformation
                        .apply(input)
                        .map(|kept| kept.map_or(Json::Null, |record| dump_record(&record)))
                }
                Err(error) => return json!({"configure": failure(&error)}),
            }
        };
        match outcome {
            Ok(out) => json!({"out": out}),
            Err(error) => json!({"error": failure(&error)}),
        }
    }

    fn converter(&self) -> Result<Box<dyn Converter>> {
        let props = self.props();
        Ok(match self.class.rsplit('.').next().expect("a name") {
            "JsonConverter" => Box::new(JsonConverter::new(&props)?),
            "StringConverter" => Box::new(StringConverter::new(&props)?),
            "SimpleHeaderConverter" => Box::new(SimpleHeaderConverter),
            "ByteArrayConverter" => Box::new(ByteArrayConverter::default()),
            "ShortConverter" => Box::new(NumberConverter::new(NumberKind::Short)),
            "IntegerConverter" => Box::new(NumberConverter::new(NumberKind::Integer)),
            "LongConverter" => Box::new(NumberConverter::new(NumberKind::Long)),
            "FloatConverter" => Box::new(NumberConverter::new(NumberKind::Float)),
            "DoubleConverter" => Box::new(NumberConverter::new(NumberKind::Double)),
            "BooleanConverter" => Box::new(NumberConverter::new(NumberKind::Boolean)),
            other => panic!("unknown converter {other}"),
        })
    }

    fn converted(&self) -> Json {
        let mut out = json!({});
        let outcome = self.converter().and_then(|mut converter| {
            let bytes =
                if self.hex { unhex(&self.name) } else { Bytes::copy_from_slice(self.name.as_bytes()) };
            let read = converter.to_connect("t", Some(&bytes))?;
            out["read"] = dump(&read);
            let written = converter.to_bytes("t", read.schema.as_ref(), &read.value)?;
            out["written"] = written.map_or(Json::Null, |bytes| {
                if self.hex {
                    hex(&bytes).into()
                } else {
                    String::from_utf8_lossy(&bytes).into_owned().into()
                }
            });
            Ok(())
        });
        if let Err(error) = outcome {
            out["error"] = failure(&error);
        }
        out
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Bytes {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal"))
        .collect()
}

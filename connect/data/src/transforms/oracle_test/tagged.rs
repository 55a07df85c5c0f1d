//! Values, schemas and records as the test cases and answers write them (`tests/oracle/Transforms.java`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::config::Props;
use crate::converters::{Converter, JsonConverter};
use crate::record::{ConnectRecord, Header, SinkCoordinates, SourceCoordinates, TimestampType};
use crate::schema::{Schema, SchemaAndValue, Type};
use crate::value::Value;

pub fn tag(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int8(v) => json!(["i8", v]),
        Value::Int16(v) => json!(["i16", v]),
        Value::Int32(v) => json!(["i32", v]),
        Value::Int64(v) => json!(["i64", v]),
        Value::Float32(_) => json!(["f32", value.to_string()]),
        Value::Float64(_) => json!(["f64", value.to_string()]),
        Value::Boolean(v) => json!(["bool", v]),
        Value::String(v) => json!(["str", **v]),
        Value::Bytes(v) => json!(["bytes", STANDARD.encode(v)]),
        Value::Decimal(v) => json!(["dec", v.to_string()]),
        Value::Instant(v) => json!(["date", v]),
        Value::Array(items) => json!(["list", items.iter().map(tag).collect::<Vec<_>>()]),
        Value::Map(map) => {
            let mut pairs: Vec<(String, Json)> =
                map.iter().map(|(k, v)| (tag(k).to_string(), json!([tag(k), tag(v)]))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            json!(["map", pairs.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>()])
        }
        Value::Struct(inner) => {
            let fields = inner.schema().fields().iter().zip(inner.values());
            json!(["struct", fields.map(|(f, v)| json!([*f.name, tag(v)])).collect::<Vec<_>>()])
        }
    }
}

pub fn untag(json: &Json) -> Value {
    if json.is_null() {
        return Value::Null;
    }
    let value = &json[1];
    let integer = || value.as_i64().expect("a whole number");
    let text = || value.as_str().expect("a text");
    match json[0].as_str().expect("a tag") {
        "i8" => Value::Int8(integer() as i8),
        "i16" => Value::Int16(integer() as i16),
        "i32" => Value::Int32(integer() as i32),
        "i64" => Value::Int64(integer()),
        "f32" => Value::Float32(text().parse().expect("a float")),
        "f64" => Value::Float64(text().parse().expect("a float")),
        "str" => Value::string(text()),
        "bytes" => Value::Bytes(Bytes::from(STANDARD.decode(text()).expect("base64"))),
        "dec" => Value::from(text().parse::<crate::Decimal>().expect("a decimal")),
        "date" => Value::Instant(integer()),
        "map" => {
            let pairs = value.as_array().expect("pairs").iter();
            pairs.map(|pair| (untag(&pair[0]), untag(&pair[1]))).collect::<crate::MapValue>().into()
        }
        other => panic!("unknown tag {other}"),
    }
}

pub fn describe(schema: &Schema) -> Json {
    let mut out = json!({"type": schema.r#type().name(), "optional": schema.is_optional()});
    if let Some(name) = schema.name() {
        out["name"] = name.into();
    }
    if let Some(version) = schema.version() {
        out["version"] = version.into();
    }
    if let Some(doc) = schema.doc() {
        out["doc"] = doc.into();
    }
    if !schema.parameters().is_empty() {
        out["parameters"] = schema.parameters().iter().map(|(k, v)| (k.to_string(), json!(**v))).collect();
    }
    if let Some(default) = schema.default_value() {
        out["default"] = tag(default);
    }
    let inner = |schema: Option<&crate::SchemaRef>| schema.map_or(Json::Null, |s| describe(s));
    if schema.r#type() == Type::Struct {
        out["fields"] = schema.fields().iter().map(|f| json!([*f.name, describe(&f.schema)])).collect();
    }
    if schema.r#type() == Type::Map {
        out["keys"] = inner(schema.key_schema());
    }
    if matches!(schema.r#type(), Type::Map | Type::Array) {
        out["values"] = inner(schema.value_schema());
    }
    out
}

pub fn dump(both: &SchemaAndValue) -> Json {
    json!({"schema": both.schema.as_ref().map(|s| describe(s)), "value": tag(&both.value)})
}

pub fn dump_record(record: &ConnectRecord) -> Json {
    json!({
        "topic": *record.topic,
        "partition": record.partition,
        "timestamp": record.timestamp,
        "key": dump(&record.key),
        "value": dump(&record.value),
        "headers": record.headers.iter().map(|h| json!([*h.key, dump(&h.value)])).collect::<Vec<_>>(),
    })
}

fn side(json: Option<&Json>) -> SchemaAndValue {
    let Some(json) = json.filter(|j| !j.is_null()) else { return SchemaAndValue::NULL };
    if let Some(tagged) = json.get("tagged") {
        return SchemaAndValue::schemaless(untag(tagged));
    }
    let mut converter = JsonConverter::new(&Props::new()).expect("settings");
    converter.to_connect("t", Some(&Bytes::from(json.to_string()))).expect("an envelope")
}

pub fn record(json: &Json) -> ConnectRecord {
    let topic = json.get("topic").and_then(Json::as_str).unwrap_or("topic");
    let (key, value) = (side(json.get("key")), side(json.get("value")));
    let timestamp = json.get("timestamp").map_or(Some(1_234_567_890_123), Json::as_i64);
    let mut record = if json.get("source").is_some() {
        let nowhere = SourceCoordinates { partition: Default::default(), offset: Default::default() };
        ConnectRecord::source(nowhere, topic, key, value)
    } else {
        let at = SinkCoordinates {
            topic: topic.into(),
            partition: 3,
            offset: 7,
            timestamp_type: TimestampType::CreateTime,
        };
        ConnectRecord::sink(at, key, value, None)
    };
    record.timestamp = timestamp;
    for header in json.get("headers").and_then(Json::as_array).into_iter().flatten() {
        record
            .headers
            .push(Header { key: header[0].as_str().expect("a name").into(), value: side(header.get(1)) });
    }
    record
}

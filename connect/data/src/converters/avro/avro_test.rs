use std::sync::Mutex;

use super::*;
use crate::converters::JsonConverter;
use crate::schema::{SchemaBuilder, Type, logical};
use crate::value::{Decimal, MapValue, Struct};

/// A registry in memory: the runtime's stands between this trait and the real one.
#[derive(Default)]
struct Registry(Mutex<Vec<String>>);

impl SchemaLookup for Registry {
    fn schema(&self, id: u32) -> Result<Arc<str>> {
        let known = self.0.lock().expect("not poisoned");
        known
            .get(id as usize)
            .map(|s| s.as_str().into())
            .ok_or_else(|| DataError::data(format!("Schema {id} not found")))
    }

    fn id(&self, _subject: &str, _kind: &str, schema: &str) -> Result<u32> {
        let mut known = self.0.lock().expect("not poisoned");
        if let Some(id) = known.iter().position(|s| s == schema) {
            return Ok(id as u32);
        }
        known.push(schema.to_owned());
        Ok(known.len() as u32 - 1)
    }
}

fn converter(registry: &Arc<Registry>) -> AvroConverter {
    AvroConverter::new(&Props::new(), false, registry.clone()).expect("settings")
}

fn there_and_back(schema: &SchemaRef, value: Value) -> SchemaAndValue {
    let registry = Arc::new(Registry::default());
    let bytes = converter(&registry).to_bytes("t", Some(schema), &value).expect("written").expect("bytes");
    converter(&registry).to_connect("t", Some(&bytes)).expect("read")
}

fn foreign() -> (String, Vec<Bytes>) {
    let json: serde_json::Value =
        serde_json::from_str(include_str!("../../../testdata/fastavro.json")).expect("JSON");
    let unhex = |text: &str| {
        let bytes = (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hexadecimal"));
        [0u8, 0, 0, 0, 0].into_iter().chain(bytes).collect::<Bytes>()
    };
    let records =
        json["records"].as_array().expect("records").iter().map(|r| unhex(r.as_str().expect("a text")));
    (json["schema"].as_str().expect("a schema").to_owned(), records.collect())
}

/// What Python's fastavro wrote.
#[test]
fn records_of_another_writer_are_read() {
    let (schema, records) = foreign();
    let registry = Arc::new(Registry(Mutex::new(vec![schema])));
    let mut avro = converter(&registry);
    let mut json = JsonConverter::new(&Props::from([
        ("schemas.enable".to_owned(), "false".to_owned()),
        ("decimal.format".to_owned(), "NUMERIC".to_owned()),
    ]))
    .expect("settings");
    let mut texts = Vec::new();
    for record in &records {
        let read = avro.to_connect("flights", Some(record)).expect("read");
        let text =
            json.to_bytes("flights", read.schema.as_ref(), &read.value).expect("written").expect("bytes");
        texts.push(String::from_utf8(text.to_vec()).expect("UTF-8"));
        // Written again and read again it is the same, but that a null with a default is written as the default, as AvroData does.
        let schema = read.schema.expect("a schema");
        let expected = read.value.to_string().replace("small=-1,fare", "small=-1,gate=A1,fare");
        assert_eq!(there_and_back(&schema, read.value).value.to_string(), expected);
    }
    assert_eq!(
        texts,
        [
            "{\"id\":-5,\"carrier\":\"Äer\",\"delay\":12.5,\"small\":300,\"gate\":\"B2\",\"fare\":-123.45,\"day\":14288,\"at\":52494346,\
             \"ts\":1234567890123,\"class\":\"BIZ\",\"hash\":\"AQL/\",\"tags\":[\"a\",\"\",\"c\"],\"seats\":{\"x\":1,\"y\":null},\
             \"plane\":{\"tail\":\"N1\",\"year\":1999},\"spare\":{\"tail\":\"N2\",\"year\":null},\
             \"any\":{\"int\":null,\"string\":\"text\"},\"ok\":true,\"w\":1.5}",
            "{\"id\":4611686018427387904,\"carrier\":\"\",\"delay\":null,\"small\":-1,\"gate\":\"A1\",\"fare\":0.00,\"day\":-1,\"at\":0,\
             \"ts\":-86400000,\"class\":\"ECO\",\"hash\":\"YWJj\",\"tags\":[],\"seats\":{},\"plane\":{\"tail\":\"\",\"year\":null},\
             \"spare\":null,\"any\":{\"int\":7,\"string\":null},\"ok\":false,\"w\":-0.25}",
        ]
    );
}

#[test]
fn schemas_come_back_as_they_were() {
    let optional_date = logical::date().optional().build();
    let defaults =
        SchemaBuilder::new(Type::Int32).optional().default_value(42.into()).expect("a default").build();
    let inner = SchemaBuilder::structure()
        .name("x.Inner")
        .field("a", Schema::primitive(Type::Int8))
        .expect("a field")
        .build();
    let schema = SchemaBuilder::structure()
        .name("x.Outer")
        .version(3)
        .doc("outer")
        .parameter("p", "q")
        .field("i8", Schema::primitive(Type::Int8))
        .and_then(|b| b.field("dec", logical::decimal(2).build()))
        .and_then(|b| b.field("day", optional_date))
        .and_then(|b| b.field("dflt", defaults))
        .and_then(|b| b.field("one", inner.clone()))
        .and_then(|b| b.field("two", inner.clone()))
        .and_then(|b| b.field("raw", Schema::optional(Type::Bytes)))
        .and_then(|b| {
            b.field(
                "m",
                SchemaBuilder::map(Schema::primitive(Type::Int32), Schema::primitive(Type::String)).build(),
            )
        })
        .and_then(|b| {
            b.field(
                "o",
                SchemaBuilder::map(Schema::primitive(Type::String), Schema::optional(Type::Int64)).build(),
            )
        })
        .expect("a schema")
        .build();
    let text = AvroConverter::avro_schema(&schema).expect("an Avro schema");
    let again = AvroConverter::connect_schema(&text).expect("a Connect schema");
    assert_eq!(*again, *schema, "{text}");

    let part = |n: i8| Struct::from_values(inner.clone(), vec![n.into()]).expect("a struct");
    let value = Struct::from_values(
        schema.clone(),
        vec![
            5i8.into(),
            "1.25".parse::<Decimal>().expect("a number").into(),
            Value::Null,
            7.into(),
            part(1).into(),
            part(2).into(),
            Value::Bytes(Bytes::from_static(b"\x00\xff")),
            MapValue::from_iter([(1i32, "a"), (2, "b")]).into(),
            MapValue::from_iter([("k", Value::Int64(-1)), ("l", Value::Null)]).into(),
        ],
    )
    .expect("a struct");
    assert_eq!(there_and_back(&schema, value.clone().into()), SchemaAndValue::of(value));
}

#[test]
fn what_cannot_be_is_refused() {
    let registry = Arc::new(Registry::default());
    let mut avro = converter(&registry);
    let read = |avro: &mut AvroConverter, bytes: &'static [u8]| {
        avro.to_connect("t", Some(&Bytes::from_static(bytes))).expect_err("refused").message
    };
    assert_eq!(read(&mut avro, b"{}"), "Failed to deserialize data for topic t to Avro: Unknown magic byte!");
    assert!(read(&mut avro, &[0, 0, 0, 0, 9, 1]).ends_with("Schema 9 not found"));
    let looped = r#"{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}"#;
    assert!(AvroConverter::connect_schema(looped).expect_err("refused").message.contains("contains itself"));
    let odd =
        SchemaBuilder::structure().field("a-b", Schema::primitive(Type::Int8)).expect("a field").build();
    assert!(
        AvroConverter::avro_schema(&odd)
            .expect_err("refused")
            .message
            .starts_with("Illegal character in: a-b")
    );
    assert!(
        avro.to_bytes("t", None, &Value::Int64(1)).expect_err("refused").message.contains("without a schema")
    );
    assert_eq!(avro.to_bytes("t", None, &Value::Null), Ok(None));
}

#[test]
fn cut_and_changed_records_never_panic() {
    let (schema, records) = foreign();
    let registry = Arc::new(Registry(Mutex::new(vec![schema])));
    let mut avro = converter(&registry);
    for record in &records {
        for end in 5..record.len() {
            assert!(avro.to_connect("t", Some(&record.slice(..end))).is_err(), "cut at {end}");
        }
        for at in 5..record.len() {
            for byte in [0u8, 1, 0x7f, 0x80, 0xff] {
                let mut changed = record.to_vec();
                changed[at] = byte;
                let _ = avro.to_connect("t", Some(&Bytes::from(changed)));
            }
        }
    }
}

//! How fast a chain is, beside the JVM's.
//!
//! `cargo test --profile perf -p highway-connect-data --lib -- --ignored --nocapture bench`

use std::time::Instant;

use super::Chain;
use super::chain_test::{props, record};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type};
use crate::value::{MapValue, Struct, Value};

/// The same as `chain()` of `tests/oracle/Transforms.java`.
fn chain() -> Chain {
    Chain::new(&props(&[
        ("transforms", "insert,replace,route"),
        ("transforms.insert.type", "org.apache.kafka.connect.transforms.InsertField$Value"),
        ("transforms.insert.topic.field", "topic"),
        ("transforms.insert.timestamp.field", "at"),
        ("transforms.replace.type", "org.apache.kafka.connect.transforms.ReplaceField$Value"),
        ("transforms.replace.exclude", "comment"),
        ("transforms.replace.renames", "user:customer"),
        ("transforms.route.type", "org.apache.kafka.connect.transforms.RegexRouter"),
        ("transforms.route.regex", "(.*)-raw"),
        ("transforms.route.replacement", "$1"),
    ]))
    .expect("a chain")
}

fn schema() -> SchemaRef {
    let fields = [
        ("id", Type::Int64),
        ("user", Type::String),
        ("page", Type::String),
        ("agent", Type::String),
        ("ms", Type::Float64),
        ("status", Type::Int32),
    ];
    let builder = fields.iter().fold(SchemaBuilder::structure().name("click"), |builder, (name, r#type)| {
        builder.field(*name, Schema::primitive(*r#type)).expect("a field")
    });
    builder.field("comment", Schema::optional(Type::String)).expect("a field").build()
}

/// The same as `sample()` there: about 200 bytes.
fn sample(schema: Option<&SchemaRef>, i: i64) -> ConnectRecord {
    let (user, comment) = (Value::from(format!("customer-{}", i % 1000)), Value::from("x".repeat(60)));
    let page = Value::from(format!("/shop/articles/{}/details", i % 5000));
    let agent = Value::from("Mozilla/5.0 (X11; Linux x86_64)");
    let value = match schema {
        Some(schema) => {
            let values = vec![i.into(), user, page, agent, 12.5.into(), 200i32.into(), comment];
            SchemaAndValue::of(Struct::from_values(schema.clone(), values).expect("a struct"))
        }
        None => SchemaAndValue::schemaless(MapValue::from_iter([
            ("id", i.into()),
            ("user", user),
            ("page", page),
            ("agent", agent),
            ("ms", 12.5.into()),
            ("status", 200i64.into()),
            ("comment", comment),
        ])),
    };
    record("clicks-raw", value)
}

#[test]
fn the_chain_of_the_bench_does_its_work() {
    let schema = schema();
    for schema in [Some(&schema), None] {
        let out = chain().apply(sample(schema, 1)).expect("applied").expect("kept");
        assert_eq!(&*out.topic, "clicks");
        let name = |name: &str| match &out.value.value {
            Value::Struct(value) => value.get(name).ok().cloned(),
            Value::Map(map) => map.get(name).cloned(),
            _ => None,
        };
        assert_eq!((name("customer"), name("comment")), (Some("customer-1".into()), None));
        assert_eq!(name("topic"), Some("clicks-raw".into()));
    }
}

#[test]
#[ignore = "a measurement"]
fn bench() {
    let schema = schema();
    for (name, schema) in [("struct", Some(&schema)), ("map", None)] {
        let mut chain = chain();
        let mut best = 0.0f64;
        for _ in 0..5 {
            let (mut done, mut spent) = (0u32, 0.0);
            while spent < 2.0 {
                // Records are made and dropped outside of the measured time, as they are in the JVM's bench.
                let records: Vec<ConnectRecord> = (0..10_000).map(|i| sample(schema, i)).collect();
                let mut out = Vec::with_capacity(records.len());
                let begin = Instant::now();
                for record in records {
                    out.push(chain.apply(record).expect("applied"));
                }
                spent += begin.elapsed().as_secs_f64();
                done += out.len() as u32;
                assert!(out.iter().all(|r| r.as_ref().is_some_and(|r| &*r.topic == "clicks")));
            }
            best = best.max(f64::from(done) / spent);
        }
        println!("Highway, three transforms, {name}: {best:.0} records/s");
    }
    if let Some(text) = super::oracle_test::live::run(&["bench", "2"]) {
        print!("{text}");
    }
}

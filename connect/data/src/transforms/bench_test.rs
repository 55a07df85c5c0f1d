//! How fast a chain is, beside the JVM's.
//!
//! `cargo test --profile perf -p highway-connect-data --lib -- --ignored --nocapture bench`

use std::sync::LazyLock;

use super::Chain;
use super::chain_test::{props, record};
use crate::record::ConnectRecord;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, SchemaRef, Type};
use crate::value::{MapValue, Struct, Value};

/// CPU seconds of this thread: on a machine with other work the clock on the wall says nothing.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

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

static NAMES: LazyLock<Vec<Value>> =
    LazyLock::new(|| ["id", "user", "page", "agent", "ms", "status", "comment"].map(Value::from).into());

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
        // Names of fields are shared, as JsonConverter shares them and Java its literals.
        None => {
            let values = [i.into(), user, page, agent, 12.5.into(), 200i64.into(), comment];
            SchemaAndValue::schemaless(NAMES.iter().cloned().zip(values).collect::<MapValue>())
        }
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
        for _ in 0..3 {
            let (mut done, mut kept, mut spent) = (0u32, 0, 0.0);
            while spent < 2.0 {
                // Records are made outside of the measured time, a poll's worth, as in the JVM's bench; dropping them counts.
                let records: Vec<ConnectRecord> = (0..500).map(|i| sample(schema, i)).collect();
                let begin = cpu_seconds();
                for record in records {
                    let out = chain.apply(record).expect("applied").expect("kept");
                    kept += u32::from(out.topic.len() == 6);
                    done += 1;
                }
                spent += cpu_seconds() - begin;
            }
            assert_eq!(kept, done, "the chain did not do its work");
            best = best.max(f64::from(done) / spent);
        }
        println!("Highway, three transforms, {name}: {best:.0} records per CPU second");
    }
    if let Some(text) = super::oracle_test::live::run(&["bench", "2"]) {
        print!("{text}");
    }
}

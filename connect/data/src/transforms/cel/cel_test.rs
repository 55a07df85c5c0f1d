use super::compile;
use crate::schema::{Schema, SchemaAndValue, SchemaBuilder, Type};
use crate::transforms::chain_test::{props, record};
use crate::transforms::new_transformation;
use crate::value::{MapValue, Struct, Value};
use crate::{ConnectRecord, Result};

fn order(amount: impl Into<Value>) -> ConnectRecord {
    let map = MapValue::from_iter([("amount", amount.into()), ("region", "eu".into())]);
    let mut record = record("orders-eu", SchemaAndValue::schemaless(map));
    record.add_header("source", None, "web");
    record
}

fn filtered(settings: &[(&str, &str)], record: ConnectRecord) -> Result<bool> {
    let mut filter = new_transformation("highway.Filter", &props(settings))?;
    Ok(filter.apply(record)?.is_some())
}

#[test]
fn records_are_kept_by_a_condition() {
    let large = [(
        "condition",
        "value.amount > 100 && topic.startsWith('orders') && headers.source == 'web' && offset == 7",
    )];
    assert_eq!(filtered(&large, order(150i64)), Ok(true));
    assert_eq!(filtered(&large, order(50i64)), Ok(false));
    assert_eq!(
        filtered(&[("condition", "value.amount > 100"), ("filter.type", "exclude")], order(150i64)),
        Ok(false)
    );
    assert_eq!(filtered(&[("condition", "value.region in ['eu', 'us']")], order(1i64)), Ok(true));
    assert_eq!(filtered(&[("condition", "value.region.matches('^e.$')")], order(1i64)), Ok(true));
    assert_eq!(
        filtered(&[("condition", "key == null && partition == 3 && timestamp > 0")], order(1i64)),
        Ok(true)
    );
}

#[test]
fn what_is_missing_fails_or_is_decided() {
    let missing = |behavior: &str| {
        filtered(&[("condition", "value.nope > 1"), ("missing.or.null.behavior", behavior)], order(1i64))
    };
    assert!(
        missing("fail")
            .expect_err("refused")
            .message
            .starts_with("The expression value.nope > 1 failed: there is no nope")
    );
    assert_eq!((missing("include"), missing("exclude")), (Ok(true), Ok(false)));
    let null = |behavior: &str| {
        filtered(
            &[("condition", "value.amount > 1"), ("missing.or.null.behavior", behavior)],
            order(Value::Null),
        )
    };
    assert!(null("fail").is_err());
    assert_eq!((null("include"), null("exclude")), (Ok(true), Ok(false)));
    let no_boolean =
        filtered(&[("condition", "value.amount + 1")], order(1i64)).expect_err("refused").message;
    assert_eq!(no_boolean, "The condition value.amount + 1 is a int and not true or false");
}

#[test]
fn wrong_expressions_are_refused_before_the_first_record() {
    let refused =
        |condition: &str| filtered(&[("condition", condition)], order(1i64)).expect_err("refused").message;
    assert!(
        refused("value.")
            .starts_with("Invalid value value. for configuration condition: not a CEL expression: ")
    );
    assert!(refused("amount > 1").contains("amount is not known; there are key, value, headers"));
    for (shape, end) in [
        ("(", ")"),
        ("[", "]"),
        ("{1:", "}"),
        ("f(", ")"),
        ("-", ""),
        ("!", ""),
        ("[", ""),
        ("a ? b : ", ""),
        ("- ", ""),
    ] {
        for count in [31, 32, 33, 150, 600, 100_000] {
            // Right or wrong, but answered.
            let _ = compile("condition", &format!("{}1{}", shape.repeat(count), end.repeat(count)));
        }
    }
    for operator in [".a", " + 1", " && true", " == 1", "[0]", " || value.a"] {
        for count in [30, 46, 64, 200, 600, 100_000] {
            if let Ok(mut long) = compile("condition", &format!("value{}", operator.repeat(count))) {
                let _ = long.of(&order(1i64));
            }
        }
    }
    assert!(refused(&"(".repeat(100_000)).contains("it has 100000 bytes"));
    assert!(refused(&format!("value{}", " + 1".repeat(64))).contains("it has 65 levels"));
    assert!(refused(&"(".repeat(33)).contains("it is too deep"));
}

#[test]
fn fields_are_computed() {
    let settings =
        [("field", "gross"), ("expression", "double(value.amount) * 1.5"), ("result.type", "float64")];
    let mut compute = new_transformation("highway.Compute$Value", &props(&settings)).expect("settings");
    let gross = |record: ConnectRecord| record.value.value.as_map().and_then(|m| m.get("gross").cloned());
    let out = compute.apply(order(100i64)).expect("applied").expect("kept");
    assert_eq!(gross(out), Some(150.0.into()));

    let schema = SchemaBuilder::structure()
        .name("o")
        .field("amount", Schema::primitive(Type::Int64))
        .expect("a field")
        .build();
    let value = Struct::from_values(schema, vec![4i64.into()]).expect("a struct");
    let out = compute.apply(record("t", SchemaAndValue::of(value))).expect("applied").expect("kept");
    let value = out.value.value.as_struct().expect("a struct").clone();
    assert_eq!(value.to_string(), "Struct{amount=4,gross=6.0}");
    assert_eq!(
        value.schema().field("gross").map(|f| (f.schema.r#type(), f.schema.is_optional())),
        Some((Type::Float64, true))
    );
    value.validate().expect("a good struct");

    let tombstone = record("t", SchemaAndValue::NULL);
    assert_eq!(compute.apply(tombstone.clone()), Ok(Some(tombstone)));
    let wrong = compute.apply(order("many")).expect_err("refused").message;
    assert!(wrong.starts_with("The expression double(value.amount) * 1.5 failed: "), "{wrong}");
    assert!(!wrong.contains("many"), "{wrong}");
}

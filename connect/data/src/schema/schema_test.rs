use super::*;
use crate::value::{Decimal, MapValue, Struct, Value};

fn message(result: crate::Result<impl std::fmt::Debug>) -> String {
    result.expect_err("refused").message
}

#[test]
fn values_are_refused_in_kafkas_words() {
    let int = Schema::primitive(Type::Int32);
    assert_eq!(validate(&int, &Value::Int32(1)), Ok(()));
    assert_eq!(
        message(validate(&int, &Value::Null)),
        "Invalid value: null used for required value, schema type: INT32"
    );
    assert_eq!(
        message(validate_field("x", &int, &Value::from("a"))),
        "Invalid Java object for schema with type INT32: class java.lang.String for field: \"x\""
    );
    assert_eq!(
        message(validate(&logical::timestamp_schema(), &Value::Int64(1))),
        "Invalid Java object for schema \"org.apache.kafka.connect.data.Timestamp\" with type INT64: class java.lang.Long for value"
    );
    let array = SchemaBuilder::array(int.clone()).build();
    assert_eq!(
        message(validate(&array, &Value::from(vec![Value::Int32(1), Value::Null]))),
        "Invalid value: null used for required element of array value, schema type: INT32"
    );
    let map = SchemaBuilder::map(Schema::primitive(Type::String), int).build();
    let value = MapValue::from_iter([("a", Value::Int64(1))]);
    assert_eq!(
        message(validate_field("m", &map, &value.into())),
        "Invalid Java object for schema with type INT32: class java.lang.Long for value of map field: \"m\""
    );
}

#[test]
fn structs_hold_what_their_schema_says() {
    let schema = SchemaBuilder::structure()
        .field("id", Schema::primitive(Type::Int64))
        .and_then(|b| b.field("name", Schema::optional(Type::String)))
        .and_then(|b| {
            let with_default = SchemaBuilder::new(Type::Int32).default_value(7.into())?.build();
            b.field("n", with_default)
        })
        .expect("a schema")
        .build();
    let mut value = Struct::new(schema.clone()).expect("a struct");
    assert_eq!(
        message(value.validate()),
        "Invalid value: null used for required field: \"id\", schema type: INT64"
    );
    value.put("id", 5i64).expect("id").put("name", "x").expect("name");
    value.validate().expect("complete");
    assert_eq!(value.get("n"), Ok(&Value::Int32(7)));
    assert_eq!(value.get_without_default("n"), Ok(&Value::Null));
    assert_eq!(message(value.put("nope", 1i32)), "nope is not a valid field name");
    assert_eq!(value.to_string(), "Struct{id=5,name=x}");

    let again = SchemaBuilder::copy_of(&schema).field("id", Schema::primitive(Type::Int8));
    assert_eq!(message(again), "Cannot create field because of field name duplication id");
    let other = SchemaBuilder::copy_of(&schema).version(2).build();
    assert!(!Schema::same(&schema, &other));
    assert_eq!(message(validate(&other, &value.into())), "Struct schemas do not match.");
}

#[test]
fn many_fields_are_found_by_name() {
    let mut builder = SchemaBuilder::structure();
    for i in 0..100 {
        builder = builder.field(format!("f{i}"), Schema::primitive(Type::Int8)).expect("a field");
    }
    let schema = builder.build();
    assert_eq!(
        (schema.position("f0"), schema.position("f99"), schema.position("f100")),
        (Some(0), Some(99), None)
    );
}

#[test]
fn numbers_are_written_as_java_does() {
    let cases: [(f64, &str); 12] = [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (100.0, "100.0"),
        (1234567.0, "1234567.0"),
        (12345678.0, "1.2345678E7"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (1e21, "1.0E21"),
        (-123.456, "-123.456"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
    ];
    for (number, text) in cases {
        assert_eq!(Value::from(number).to_string(), text);
    }
    assert_eq!(Value::from(0.1f32).to_string(), "0.1");
    for text in [
        "0",
        "0.00",
        "123.45",
        "-0.001",
        "1E+3",
        "1.23E+5",
        "1E-7",
        "0E-10",
        "-1.5E-9",
        "12345678901234567890.1",
    ] {
        assert_eq!(text.parse::<Decimal>().expect(text).to_string(), text);
    }
    assert_eq!("1e3".parse::<Decimal>().expect("a number").plain(), "1000");
    assert_eq!("-1.5E-9".parse::<Decimal>().expect("a number").plain(), "-0.0000000015");
    for text in ["", ".", "1.2.3", "a", "--1", "1e", "+-2"] {
        assert!(text.parse::<Decimal>().is_err(), "{text}");
    }
    let number: Decimal = "-123.45".parse().expect("a number");
    assert_eq!(Decimal::from_bytes(&number.to_bytes(), 2), Ok(number.clone()));
    assert_eq!(number.rescale(3).map(|d| d.to_string()), Some("-123.450".to_owned()));
    assert_eq!(number.rescale(1), None);
}

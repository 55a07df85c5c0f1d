//! Which schemas go together, and records of one under the other.

use highway_connect_data::schema::logical;
use highway_connect_data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};

use super::{project, union};

fn structure(fields: &[(&str, SchemaRef)]) -> SchemaRef {
    let start = SchemaBuilder::structure().name("r");
    let fields = fields.iter().try_fold(start, |b, (name, schema)| b.field(*name, schema.clone()));
    fields.expect("fields").build()
}

fn plain(r#type: Type) -> SchemaRef {
    Schema::primitive(r#type)
}

#[test]
fn types_that_go_together() {
    for (a, b, both) in [
        (Type::Int8, Type::Int64, Some(Type::Int64)),
        (Type::Int32, Type::Int16, Some(Type::Int32)),
        (Type::Float32, Type::Float64, Some(Type::Float64)),
        (Type::Int32, Type::Float64, Some(Type::Float64)),
        (Type::Int64, Type::Float64, None),
        (Type::Int32, Type::Float32, None),
        (Type::String, Type::Bytes, None),
        (Type::String, Type::Int32, None),
        (Type::Boolean, Type::Int8, None),
    ] {
        let found = union(&plain(a), &plain(b)).map(|s| s.r#type());
        assert_eq!(found, both, "{a} and {b}");
        assert_eq!(union(&plain(b), &plain(a)).map(|s| s.r#type()), both, "{b} and {a}");
    }
    assert!(union(&logical::date().build(), &plain(Type::Int32)).is_none(), "a date is no number");
    assert!(union(&logical::decimal(2).build(), &logical::decimal(3).build()).is_none());
    let optional = union(&Schema::optional(Type::String), &plain(Type::String)).expect("both");
    assert!(optional.is_optional());
    let other_name =
        SchemaBuilder::structure().name("other").field("a", plain(Type::Int8)).expect("a field").build();
    assert!(union(&structure(&[("a", plain(Type::Int8))]), &other_name).is_none());
}

#[test]
fn fields_come_and_go() {
    let old = structure(&[("a", plain(Type::Int32)), ("b", plain(Type::String))]);
    let new = structure(&[("c", plain(Type::Boolean)), ("a", plain(Type::Int64))]);
    let both = union(&old, &new).expect("both");
    let names: Vec<(&str, Type, bool)> =
        both.fields().iter().map(|f| (&*f.name, f.schema.r#type(), f.schema.is_optional())).collect();
    let expected = [("a", Type::Int64, false), ("b", Type::String, true), ("c", Type::Boolean, true)];
    assert_eq!(names, expected);
    assert!(Schema::same(&union(&both, &old).expect("both"), &both), "nothing new");
    assert!(Schema::same(&union(&both, &new).expect("both"), &both));
    let record = Struct::from_values(old, vec![Value::Int32(5), "x".into()]).expect("a struct");
    let under = project(&Value::Struct(record), &both).expect("projected");
    let Value::Struct(under) = under else { panic!("{under:?}") };
    assert_eq!(under.values(), [Value::Int64(5), "x".into(), Value::Null]);
    under.validate().expect("it goes with the schema of both");
}

#[test]
fn nested_values_are_projected() {
    let list = |t| structure(&[("list", SchemaBuilder::array(structure(&[("x", plain(t))])).build())]);
    let both = union(&list(Type::Int8), &list(Type::Float64)).expect("both");
    let inner = list(Type::Int8).fields()[0].schema.value_schema().expect("elements").clone();
    let item = Struct::from_values(inner, vec![Value::Int8(3)]).expect("a struct");
    let record =
        Struct::from_values(list(Type::Int8), vec![Value::Array(vec![item.into()])]).expect("a struct");
    let Value::Struct(under) = project(&record.into(), &both).expect("projected") else {
        panic!("no struct")
    };
    let Value::Array(items) = under.at(0) else { panic!("no array") };
    assert_eq!(items[0].as_struct().expect("a struct").at(0), &Value::Float64(3.0));
    under.validate().expect("it goes with the schema of both");
}

use super::*;
use crate::config::{ConfigDef, Props};
use crate::record::{SinkCoordinates, TimestampType};
use crate::schema::SchemaAndValue;
use crate::value::{MapValue, Value};

pub(super) fn props(pairs: &[(&str, &str)]) -> Props {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

pub(super) fn record(topic: &str, value: SchemaAndValue) -> crate::ConnectRecord {
    let at = SinkCoordinates {
        topic: topic.into(),
        partition: 3,
        offset: 7,
        timestamp_type: TimestampType::CreateTime,
    };
    crate::ConnectRecord::sink(at, SchemaAndValue::NULL, value, Some(1_234_567_890_123))
}

fn map(pairs: &[(&str, Value)]) -> SchemaAndValue {
    SchemaAndValue::schemaless(pairs.iter().cloned().collect::<MapValue>())
}

#[test]
fn a_chain_applies_its_transforms_in_order_where_their_predicates_hold() {
    let mut chain = Chain::new(&props(&[
        ("transforms", "drop, topic,route"),
        ("transforms.drop.type", "org.apache.kafka.connect.transforms.Filter"),
        ("transforms.drop.predicate", "isTombstone"),
        ("transforms.topic.type", "InsertField$Value"),
        ("transforms.topic.topic.field", "from"),
        ("transforms.topic.predicate", "logs"),
        ("transforms.topic.negate", "true"),
        ("transforms.route.type", "org.apache.kafka.connect.transforms.RegexRouter"),
        ("transforms.route.regex", "(.*)-(\\d+)"),
        ("transforms.route.replacement", "$1"),
        ("predicates", "isTombstone,logs"),
        ("predicates.isTombstone.type", "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"),
        ("predicates.logs.type", "org.apache.kafka.connect.transforms.predicates.TopicNameMatches"),
        ("predicates.logs.pattern", "logs-.*"),
    ]))
    .expect("a chain");
    assert_eq!(chain.apply(record("flights-1", SchemaAndValue::NULL)), Ok(None));

    let flight =
        chain.apply(record("flights-1", map(&[("id", Value::Int64(1))]))).expect("applied").expect("kept");
    assert_eq!(&*flight.topic, "flights");
    assert_eq!(flight.value, map(&[("id", Value::Int64(1)), ("from", "flights-1".into())]));

    let log = chain.apply(record("logs-2", map(&[("id", Value::Int64(1))]))).expect("applied").expect("kept");
    assert_eq!((&*log.topic, log.value.clone()), ("logs", map(&[("id", Value::Int64(1))])));
    assert_eq!(log.sink_offset(), Some(7));
}

#[test]
fn wrong_chains_are_refused_with_the_name_of_what_is_wrong() {
    let refused = |pairs: &[(&str, &str)]| Chain::new(&props(pairs)).err().expect("refused").message;
    assert_eq!(
        refused(&[("transforms", "a")]),
        "Missing required configuration \"transforms.a.type\" which has no default value."
    );
    assert!(
        refused(&[("transforms", "a"), ("transforms.a.type", "com.example.Nope")])
            .contains("Class com.example.Nope could not be found")
    );
    assert_eq!(
        refused(&[("transforms", "a"), ("transforms.a.type", "HoistField$Value")]),
        "Transformation a: Missing required configuration \"field\" which has no default value."
    );
    assert!(
        refused(&[("transforms", "a"), ("transforms.a.type", "Filter"), ("transforms.a.negate", "true")])
            .contains("there is no config 'transforms.a.predicate'")
    );
    assert_eq!(
        refused(&[("transforms", "a"), ("transforms.a.type", "Filter"), ("transforms.a.predicate", "p")]),
        "Missing required configuration \"predicates.p.type\" which has no default value."
    );
}

#[test]
fn a_configuration_is_validated_with_the_settings_of_its_transforms() {
    let given = props(&[
        ("transforms", "a,b"),
        ("transforms.a.type", "org.apache.kafka.connect.transforms.Cast$Value"),
        ("transforms.a.spec", "x:int99"),
        ("transforms.b.type", "nope"),
        ("predicates", "p"),
        ("predicates.p.type", "HasHeaderKey"),
    ]);
    let infos = enrich(ConfigDef::new(), &given).expect("enriched").infos("x", &given);
    assert_eq!(infos.groups, ["Transforms: a", "Transforms: b", "Predicates: p"]);
    let errors: Vec<(&str, &str)> = infos
        .configs
        .iter()
        .flat_map(|c| c.value.errors.iter().map(|e| (c.value.name.as_str(), e.as_str())))
        .collect();
    assert_eq!(
        errors,
        [
            ("transforms.a.spec", "Invalid type found in casting spec: int99"),
            (
                "transforms.b.type",
                "Invalid value nope for configuration transforms.b.type: Class nope could not be found."
            ),
            (
                "predicates.p.name",
                "Missing required configuration \"predicates.p.name\" which has no default value."
            ),
        ]
    );
    assert_eq!(infos.error_count, 3);
    let names: Vec<&str> = infos.configs.iter().map(|c| c.value.name.as_str()).collect();
    assert!(
        names.contains(&"transforms.a.replace.null.with.default") && names.contains(&"transforms.b.negate")
    );
}

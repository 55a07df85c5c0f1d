use super::*;
use crate::apply;
use crate::image::MetadataImage;
use highway_types::{NodeId, TopicId};
use uuid::Uuid;

fn start() -> MetadataImage {
    let topic = MetadataRecord::Topic {
        name: "t".into(),
        id: TopicId(Uuid::from_u128(1)),
        partitions: vec![vec![NodeId(1)]],
    };
    apply(&MetadataImage::empty(), &[topic]).unwrap()
}

fn alter(
    image: &mut MetadataImage,
    resource: Resource,
    changes: &[(&str, i8, Option<&str>)],
    replace: bool,
) -> Result<(), (i16, String)> {
    let statics = ConfigMap::new();
    let change = |(name, op, value): &(&str, i8, Option<&str>)| ConfigChange {
        name: (*name).into(),
        op: AlterOp::from_id(*op),
        value: value.map(Into::into),
    };
    let request = [AlterResource { resource, changes: changes.iter().map(change).collect() }];
    let settings = BrokerSettings { node: NodeId(1), image, statics: &statics };
    let (records, mut results) = if replace {
        alter_configs(&settings, &request)
    } else {
        incremental_alter_configs(&settings, &request)
    };
    let result = results.pop().unwrap();
    assert!(result.is_ok() || records.is_empty(), "a refusal must leave no record");
    *image = apply(image, &records).unwrap();
    result.map_err(|error| (error.kind.code(), error.message))
}

fn topic() -> Resource {
    Resource::new(2, "t")
}

fn value<'a>(image: &'a MetadataImage, key: &str) -> Option<&'a str> {
    image.topic("t")?.configs.get(key).map(String::as_str)
}

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

#[test]
fn line_38_legacy_replaces_and_incremental_does_not() {
    let mut image = start();
    alter(&mut image, topic(), &[("retention.ms", SET, Some("5"))], false).unwrap();
    alter(&mut image, topic(), &[("segment.ms", SET, Some("6"))], false).unwrap();
    assert_eq!((value(&image, "retention.ms"), value(&image, "segment.ms")), (Some("5"), Some("6")));
    alter(&mut image, topic(), &[("segment.ms", SET, Some("7"))], true).unwrap();
    assert_eq!((value(&image, "retention.ms"), value(&image, "segment.ms")), (None, Some("7")));
    alter(&mut image, topic(), &[("segment.ms", DELETE, None)], false).unwrap();
    assert_eq!(value(&image, "segment.ms"), None);
}

#[test]
fn line_38_lists() {
    let mut image = start();
    alter(&mut image, topic(), &[("cleanup.policy", APPEND, Some("compact"))], false).unwrap();
    assert_eq!(value(&image, "cleanup.policy"), Some("delete,compact"), "appended to the default");
    alter(&mut image, topic(), &[("cleanup.policy", APPEND, Some("compact"))], false).unwrap();
    assert_eq!(value(&image, "cleanup.policy"), Some("delete,compact"));
    alter(&mut image, topic(), &[("cleanup.policy", SUBTRACT, Some("delete"))], false).unwrap();
    assert_eq!(value(&image, "cleanup.policy"), Some("compact"));
    let message = "Can't APPEND to key retention.ms because its type is not LIST.".to_owned();
    let result = alter(&mut image, topic(), &[("retention.ms", APPEND, Some("5"))], false);
    assert_eq!(result, Err((40, message)));
}

#[test]
fn line_38_what_is_refused() {
    let mut image = start();
    for (resource, changes, code, message) in [
        (
            topic(),
            &[("a", SET, Some("1")), ("a", SET, Some("2"))][..],
            42,
            "Error due to duplicate config keys",
        ),
        (topic(), &[("retention.ms", SET, None)], 42, "Null value not supported for : retention.ms"),
        (topic(), &[("zz", SET, Some("1"))], 40, "Unknown topic config name: zz"),
        (
            Resource::new(2, "none"),
            &[("retention.ms", SET, Some("5"))],
            3,
            "The topic 'none' does not exist.",
        ),
        (
            Resource::new(2, ""),
            &[("retention.ms", SET, Some("5"))],
            42,
            "Default topic resources are not allowed.",
        ),
        (
            Resource::new(4, "1"),
            &[("log.dirs", SET, Some("x"))],
            42,
            "Cannot update these configs dynamically: [log.dirs]",
        ),
        (
            Resource::new(4, ""),
            &[("replica.lag.time.max.ms", SET, Some("1"))],
            42,
            "Cannot update these configs dynamically: [replica.lag.time.max.ms]",
        ),
        (
            Resource::new(4, "7"),
            &[("message.max.bytes", SET, Some("5"))],
            42,
            "Unexpected broker id, expected 1, but received 7",
        ),
        (
            Resource::new(4, "1"),
            &[("message.max.bytes", SET, Some("-5"))],
            42,
            "Invalid value -5 for configuration message.max.bytes: Value must be at least 0",
        ),
        (
            Resource::new(4, ""),
            &[("message.max.bytes", APPEND, Some("5"))],
            40,
            "Config value append is not allowed for config key: message.max.bytes",
        ),
        (Resource::new(4, ""), &[("zzz", APPEND, Some("5"))], 40, "Unknown config name: zzz"),
        (Resource::new(8, "1"), &[("x", SET, Some("5"))], 42, "Unknown resource type 8"),
    ] {
        assert_eq!(alter(&mut image, resource, changes, false), Err((code, message.to_owned())));
    }
    assert_eq!(image.broker_config_scopes().count(), 0);
}

#[test]
fn a_resource_named_twice_is_refused() {
    let (image, statics) = (start(), ConfigMap::new());
    let settings = BrokerSettings { node: NodeId(1), image: &image, statics: &statics };
    let one = AlterResource { resource: topic(), changes: vec![] };
    let (_, results) = incremental_alter_configs(&settings, &[one.clone(), one]);
    assert!(
        results.iter().all(|r| r.as_ref().unwrap_err().message == "Each resource must appear at most once.")
    );
}

#[test]
fn secrets_never_reach_the_metadata_log() {
    let mut image = start();
    for key in ["ssl.keystore.password", "listener.name.external.ssl.keystore.password"] {
        let result = alter(&mut image, Resource::new(4, "1"), &[(key, SET, Some("secret"))], false);
        assert!(result.is_err(), "{key}");
    }
}

#[test]
fn broker_settings_reach_topics() {
    let mut image = start();
    alter(&mut image, Resource::new(4, ""), &[("log.retention.ms", SET, Some("9"))], false).unwrap();
    let statics = ConfigMap::new();
    let settings = BrokerSettings { node: NodeId(1), image: &image, statics: &statics };
    assert_eq!(settings.topic_config(image.topic("t").unwrap()).unwrap().retention_ms, 9);
}

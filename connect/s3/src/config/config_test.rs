//! Configurations as people write them.

use highway_connect_data::config::Props;

use super::{Environment, definition, parse, validate};
use crate::partition::{Extractor, Partitioner, Zone};
use crate::settings::{Delivery, Format, NullValues};
use crate::store::Location;

fn props(more: &[(&str, &str)]) -> Props {
    let basic = [
        ("name", "orders-s3"),
        ("connector.class", "io.confluent.connect.s3.S3SinkConnector"),
        ("topics", "orders"),
        ("s3.bucket.name", "lake"),
        ("format.class", "io.confluent.connect.s3.format.json.JsonFormat"),
        ("flush.size", "1000"),
    ];
    basic.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn environment() -> Environment {
    Environment { roots: Vec::new(), spill_dir: std::env::temp_dir() }
}

#[test]
fn a_usual_configuration() {
    let settings = parse(
        &props(&[
            ("partitioner.class", "io.confluent.connect.storage.partitioner.TimeBasedPartitioner"),
            ("path.format", "'year'=YYYY/'month'=MM/"),
            ("partition.duration.ms", "3600000"),
            ("timestamp.extractor", "RecordField"),
            ("timestamp.field", "ts"),
            ("timezone", "Europe/Paris"),
            ("rotate.schedule.interval.ms", "60000"),
            ("s3.compression.type", "gzip"),
            ("store.url", "http://127.0.0.1:9000"),
            ("aws.access.key.id", "AK"),
            ("aws.secret.access.key", "very secret"),
        ]),
        &environment(),
    )
    .expect("settings");
    let Partitioner::Time(time) = &settings.partitioner else { panic!("{:?}", settings.partitioner) };
    assert_eq!(time.extractor, Extractor::RecordField("ts".into()));
    assert_eq!(settings.rules.schedule, Some((60_000, Zone::parse("Europe/Paris").expect("a zone"))));
    assert_eq!((settings.rules.records, settings.rules.record_time), (1000, None));
    assert_eq!(settings.format.extension(), ".json.gz");
    assert_eq!(settings.connector, "orders-s3");
    assert_eq!(settings.part_size, 8 * 1024 * 1024);
    assert!(matches!(settings.location, Location::S3 { endpoint: Some(_), path_style: true, .. }));
    assert!(!format!("{settings:?}").contains("very secret"));
}

#[test]
fn defaults() {
    let settings = parse(&props(&[]), &environment()).expect("settings");
    assert!(matches!(settings.partitioner, Partitioner::Default));
    assert_eq!((settings.nulls, settings.delivery), (NullValues::Fail, Delivery::BestEffort));
    assert_eq!(settings.rules.idle, Some(60_000));
    assert!(!settings.widen);
    let daily = parse(
        &props(&[("partitioner.class", "DailyPartitioner"), ("format.class", "ParquetFormat")]),
        &environment(),
    );
    let daily = daily.expect("settings");
    let Partitioner::Time(time) = &daily.partitioner else { panic!("{:?}", daily.partitioner) };
    assert_eq!((time.duration, time.zone), (86_400_000, Zone::UTC));
    assert!(matches!(daily.format, Format::Parquet(_)));
    let raw = [("format.class", "ByteArrayFormat"), ("format.bytearray.separator", " \\t")];
    let Format::Bytes(separator, extension, _) =
        parse(&props(&raw), &environment()).expect("settings").format
    else {
        panic!("no raw bytes")
    };
    assert_eq!((separator.as_slice(), extension.as_str()), (&b" \t"[..], ".bin"));
}

#[test]
fn what_is_wrong_is_said_at_its_key() {
    for (key, value, more, text) in [
        (
            "format.class",
            "OrcFormat",
            &[][..],
            "Invalid value OrcFormat for configuration format.class: Class must be one of:",
        ),
        ("flush.size", "0", &[], "Value must be at least 1"),
        ("s3.part.size", "1000", &[], "Value must be at least 5242880"),
        ("timezone", "Mars", &[], "Invalid value Mars for configuration timezone"),
        (
            "path.format",
            "year=YYYY",
            &[("partitioner.class", "TimeBasedPartitioner"), ("partition.duration.ms", "1")],
            "Invalid value year=YYYY for configuration path.format: Illegal pattern component: r",
        ),
        (
            "partition.duration.ms",
            "-1",
            &[("partitioner.class", "TimeBasedPartitioner"), ("path.format", "YYYY")],
            "Partition duration needs to be a positive.",
        ),
        ("partition.field.name", "", &[("partitioner.class", "FieldPartitioner")], "needs field names"),
        ("store.kafka.keys", "true", &[], "not supported by this sink"),
        ("store.url", "ftp://x", &[], "must begin with http://"),
        ("store.url", "file:///etc", &[], "lies in none of the folders"),
        ("store.url", "file:///tmp/../etc", &[], "without .."),
        ("topics.dir", "../other", &[], "must not leave the bucket"),
        ("topics.dir", "_highway", &[], "must not leave the bucket"),
        ("file.delim", "/", &[], "must not contain /"),
        ("s3.compression.level", "12", &[("s3.compression.type", "gzip")], "gzip has levels 0 to 9"),
        ("behavior.on.null.values", "write", &[("format.class", "AvroFormat")], "only JSON and raw bytes"),
        ("highway.delivery.guarantee", "maybe", &[], "String must be one of"),
    ] {
        let mut all = props(more);
        all.insert(key.to_owned(), value.to_owned());
        let found = validate(&all, &environment());
        let errors: Vec<_> =
            found.iter().flat_map(|v| v.errors.iter().map(move |e| (v.name.as_str(), e))).collect();
        assert!(
            matches!(errors[..], [(name, error)] if name == key && error.contains(text)),
            "{key}={value}: {errors:?}"
        );
        assert!(parse(&all, &environment()).is_err());
    }
}

#[test]
fn directories_need_a_root() {
    let root = tempfile::tempdir().expect("a folder");
    let allowing = Environment { roots: vec![root.path().to_owned()], ..environment() };
    let url = format!("file://{}/sinks", root.path().display());
    let settings = parse(&props(&[("store.url", &url)]), &allowing).expect("settings");
    assert!(matches!(settings.location, Location::Local(path) if path == root.path().join("sinks/lake")));
    std::os::unix::fs::symlink("/etc", root.path().join("out")).expect("a link");
    let url = format!("file://{}/out", root.path().display());
    assert!(parse(&props(&[("store.url", &url)]), &allowing).is_err(), "a link leads out");
}

#[test]
fn every_key_is_documented_once() {
    let definition = definition();
    assert!(definition.keys().len() > 45, "{}", definition.keys().len());
    for key in definition.keys() {
        assert!(!key.documentation.is_empty() && key.group.is_some(), "{}", key.name);
        assert!(!key.documentation.contains("  "), "{}", key.name);
    }
    let required: Vec<&str> =
        definition.keys().iter().filter(|k| k.default.is_none()).map(|k| k.name.as_str()).collect();
    assert_eq!(required, ["format.class", "flush.size", "s3.bucket.name"]);
}

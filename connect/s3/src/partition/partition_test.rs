//! Partitioners against tables; `joda.tsv` was written by Joda-Time 2.12.7: pattern, zone, time, duration and the folder, and
//! texts with the time that its ISO parser reads in them.

use highway_connect_data::schema::logical;
use highway_connect_data::{
    ConnectRecord, MapValue, Schema, SchemaAndValue, SchemaBuilder, SinkCoordinates, Struct, TimestampType,
    Type, Value,
};

use super::{
    Extractor, Locale, PartitionError, Partitioner, PathFormat, PathFormatError, TimeBased, TimeCache, Zone,
    iso_millis,
};

const JODA: &str = include_str!("joda.tsv");

fn record(value: SchemaAndValue, timestamp: Option<i64>) -> ConnectRecord {
    let at = SinkCoordinates {
        topic: "orders".into(),
        partition: 7,
        offset: 42,
        timestamp_type: TimestampType::CreateTime,
    };
    ConnectRecord::sink(at, SchemaAndValue::NULL, value, timestamp)
}

fn folder(partitioner: &Partitioner, record: &ConnectRecord) -> Result<String, PartitionError> {
    let mut out = String::new();
    partitioner.encode(record, 1_425_243_600_123, &mut TimeCache::default(), &mut out).map(|()| out)
}

fn time(pattern: &str, zone: &str, duration: i64, extractor: Extractor) -> Partitioner {
    let format = PathFormat::parse(pattern, Locale::English).expect("a pattern");
    let zone = Zone::parse(zone).expect("a zone");
    Partitioner::Time(TimeBased { duration, format, zone, extractor })
}

#[test]
fn folders_are_joda_s() {
    let mut rows = 0;
    for line in JODA.lines().filter(|line| !line.starts_with("iso\t")) {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |i: usize| -> i64 { cells[i].parse().expect("a number") };
        let partitioner = time(cells[0], cells[1], number(3), Extractor::Record);
        let found = folder(&partitioner, &record(SchemaAndValue::NULL, Some(number(2))));
        assert_eq!(found.as_deref(), Ok(cells[4]), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 160);
}

#[test]
fn texts_are_read_as_joda_reads_them() {
    for line in JODA.lines().filter_map(|line| line.strip_prefix("iso\t")) {
        let (text, millis) = line.split_once('\t').expect("two cells");
        if text != "2015-04-02 01:02:03" {
            assert_eq!(iso_millis(text), millis.parse().ok(), "{text:?}");
        }
    }
    assert_eq!(iso_millis("2015-04-02 01:02:03"), iso_millis("2015-04-02T01:02:03"));
}

/// A bucket that is remembered must give what is computed anew.
#[test]
fn the_cache_changes_nothing() {
    for zone in ["UTC", "America/New_York", "Australia/Lord_Howe", "+05:30"] {
        for duration in [60_000, 3_600_000, 86_400_000] {
            let partitioner = time("yyyy-MM-dd-HH-mm", zone, duration, Extractor::Record);
            let mut cache = TimeCache::default();
            let mut out = String::new();
            // Around the end of summer time in New York and at Lord Howe, in steps that do not fit any bucket.
            for start in [1_446_336_000_000_i64, 1_428_148_800_000] {
                for step in 0..3000 {
                    let record = record(SchemaAndValue::NULL, Some(start + step * 7_919_011 % 86_400_000));
                    partitioner.encode(&record, 0, &mut cache, &mut out).expect("a folder");
                    assert_eq!(Ok(out.as_str()), folder(&partitioner, &record).as_deref());
                }
            }
        }
    }
}

#[test]
fn patterns_that_joda_refuses() {
    for (pattern, why) in [
        ("", PathFormatError::Empty),
        ("  ", PathFormatError::Empty),
        ("yyyy/b", PathFormatError::Letter("b".into())),
        ("year=yyyy", PathFormatError::Letter("r".into())),
        ("uuuu", PathFormatError::Letter("uuuu".into())),
    ] {
        assert_eq!(PathFormat::parse(pattern, Locale::English), Err(why), "{pattern}");
    }
    assert!(PathFormat::parse("yyyy/MM", Locale::parse("fr-FR")).is_ok());
    assert!(PathFormat::parse("yyyy/MMM", Locale::parse("fr-FR")).is_err());
    assert!(PathFormat::parse("yyyy/MMM", Locale::parse("en-US")).is_ok());
}

#[test]
fn zones() {
    for (id, known) in [
        ("UTC", true),
        ("Europe/Paris", true),
        ("+01:00", true),
        ("-0330", true),
        ("+5", true),
        ("Paris", false),
        ("+25:00", false),
        ("", false),
    ] {
        assert_eq!(Zone::parse(id).is_some(), known, "{id}");
    }
}

fn fields(names: &[&str]) -> Partitioner {
    let fields = names.iter().map(|&n| n.to_owned()).collect();
    Partitioner::Field { fields, delimiter: "/".into() }
}

fn order() -> SchemaAndValue {
    let place =
        SchemaBuilder::structure().field("city", Schema::primitive(Type::String)).expect("a field").build();
    let schema = SchemaBuilder::structure()
        .field("id", Schema::primitive(Type::Int64))
        .and_then(|b| b.field("country", Schema::optional(Type::String)))
        .and_then(|b| b.field("paid", Schema::primitive(Type::Boolean)))
        .and_then(|b| b.field("day", logical::date().build()))
        .and_then(|b| b.field("at", logical::timestamp().build()))
        .and_then(|b| b.field("text", Schema::primitive(Type::String)))
        .and_then(|b| b.field("place", place.clone()))
        .and_then(|b| b.field("price", Schema::primitive(Type::Float64)))
        .expect("fields")
        .build();
    let place = Struct::from_values(place, vec!["Paris".into()]).expect("a struct");
    let values = vec![
        Value::Int64(5),
        Value::Null,
        Value::Boolean(true),
        Value::Instant(86_400_000),
        Value::Instant(1_425_243_600_123),
        "a/b 100%".into(),
        place.into(),
        Value::Float64(1.5),
    ];
    SchemaAndValue::of(Struct::from_values(schema, values).expect("a struct"))
}

#[test]
fn fields_in_folders() {
    let record_with_fields = record(order(), None);
    for (names, expected) in [
        (&["id"][..], "id=5"),
        (&["country", "paid"], "country=null/paid=true"),
        (&["day"], "day=1970-01-02"),
        (&["text"], "text=a%2Fb 100%25"),
        (&["place.city"], "place.city=Paris"),
    ] {
        assert_eq!(folder(&fields(names), &record_with_fields).as_deref(), Ok(expected));
    }
    let errors = [
        (
            fields(&["price"]),
            "field price is java.lang.Double, and the partitioner wants a whole number, text, a boolean or a date",
        ),
        (fields(&["none"]), "the value has no field none"),
        (
            time("yyyy", "UTC", 1000, Extractor::Record),
            "the record has no timestamp: use timestamp.extractor RecordField or Wallclock",
        ),
        (
            time("yyyy", "UTC", 1000, Extractor::RecordField("text".into())),
            "field text is the text \"a/b 100%\", and the partitioner wants milliseconds as a whole number, a timestamp, or text in ISO 8601",
        ),
    ];
    for (partitioner, text) in errors {
        assert_eq!(folder(&partitioner, &record_with_fields).expect_err(text).to_string(), text);
    }
    let mut map = MapValue::new();
    map.insert("a", "..");
    map.insert("b", "");
    let schemaless = record(SchemaAndValue::schemaless(map), None);
    assert_eq!(
        folder(&fields(&["a", "b"]), &schemaless).as_deref(),
        Ok("a=%2E%2E/b=__HIVE_DEFAULT_PARTITION__")
    );
    let text = record(SchemaAndValue::schemaless("text"), None);
    assert!(matches!(folder(&fields(&["a"]), &text), Err(PartitionError::NoFields(..))));
}

#[test]
fn extractors() {
    let record = record(order(), Some(0));
    let hour = |extractor| folder(&time("yyyyMMddHH", "UTC", 3_600_000, extractor), &record);
    assert_eq!(hour(Extractor::Wallclock).as_deref(), Ok("2015030121"));
    assert_eq!(hour(Extractor::Record).as_deref(), Ok("1970010100"));
    assert_eq!(hour(Extractor::RecordField("at".into())).as_deref(), Ok("2015030121"));
    assert_eq!(hour(Extractor::RecordField("id".into())).as_deref(), Ok("1970010100"));
    assert_eq!(folder(&Partitioner::Default, &record).as_deref(), Ok("partition=7"));
}

//! Every type in every format, read back by other people's code.

use std::io::Read;
use std::sync::Arc;

use ::parquet::basic::{Compression, ZstdLevel};
use apache_avro::types::Value as AvroValue;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int8Type, Int64Type, TimestampMillisecondType,
};
use arrow_array::{Array, RecordBatch};
use highway_connect_data::schema::logical;
use highway_connect_data::{Decimal, MapValue, Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};

use super::*;

fn schema() -> SchemaRef {
    let place = SchemaBuilder::structure()
        .name("org.example.Place")
        .field("city", Schema::primitive(Type::String))
        .and_then(|b| b.field("zip", Schema::optional(Type::Int32)))
        .expect("fields");
    let optional_place = place.clone().optional().build();
    let place = place.build();
    SchemaBuilder::structure()
        .field("i8", Schema::primitive(Type::Int8))
        .and_then(|b| b.field("i16", Schema::primitive(Type::Int16)))
        .and_then(|b| b.field("i32", Schema::optional(Type::Int32)))
        .and_then(|b| b.field("i64", Schema::primitive(Type::Int64)))
        .and_then(|b| b.field("f32", Schema::primitive(Type::Float32)))
        .and_then(|b| b.field("f64", Schema::optional(Type::Float64)))
        .and_then(|b| b.field("flag", Schema::primitive(Type::Boolean)))
        .and_then(|b| b.field("text", Schema::optional(Type::String)))
        .and_then(|b| b.field("bytes", Schema::primitive(Type::Bytes)))
        .and_then(|b| b.field("price", logical::decimal(2).build()))
        .and_then(|b| b.field("day", logical::date().build()))
        .and_then(|b| b.field("time", logical::time().build()))
        .and_then(|b| b.field("at", logical::timestamp().optional().build()))
        .and_then(|b| b.field("list", SchemaBuilder::array(Schema::optional(Type::Int64)).build()))
        .and_then(|b| {
            let map = SchemaBuilder::map(Schema::primitive(Type::String), Schema::primitive(Type::Float64));
            b.field("map", map.optional().build())
        })
        .and_then(|b| b.field("place", place))
        .and_then(|b| b.field("other", optional_place))
        .expect("fields")
        .build()
}

fn row(schema: &SchemaRef, i: i64) -> Value {
    let place = schema.field("place").expect("a field").schema.clone();
    let here = Struct::from_values(place, vec!["Paris".into(), Value::Null]).expect("a struct");
    let mut map = MapValue::new();
    map.insert("x", 1.5);
    let odd = i % 2 == 1;
    let or_null = |value: Value| if odd { Value::Null } else { value };
    let values = vec![
        Value::Int8(i as i8),
        Value::Int16(-5),
        or_null(Value::Int32(7)),
        Value::Int64(i * 1_000_000_007),
        Value::Float32(1.25),
        or_null(Value::Float64(i as f64 / 3.0)),
        Value::Boolean(odd),
        or_null(Value::string("say \"ä\"\n")),
        Value::Bytes(vec![0, 255, i as u8].into()),
        Value::Decimal(Arc::new(Decimal::new(-12345 - i, 2))),
        Value::Instant(3 * 86_400_000),
        Value::Instant(3_723_004),
        or_null(Value::Instant(1_425_243_600_123)),
        Value::Array(vec![Value::Int64(1), Value::Null, Value::Int64(i)]),
        or_null(Value::Map(Box::new(map))),
        Value::Struct(here),
        Value::Null,
    ];
    let data = Struct::from_values(schema.clone(), values).expect("a struct");
    data.validate().expect("it goes with its schema");
    Value::Struct(data)
}

/// Rows through an encoder, which is relieved now and then.
fn written(mut encoder: Box<dyn Encoder>, schema: &SchemaRef, rows: i64) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..rows {
        encoder.write(Some(schema), &row(schema, i), &mut out).expect("written");
        assert!(encoder.held() > 0 || !out.is_empty());
        if i % 700 == 699 {
            encoder.relieve(&mut out).expect("relieved");
        }
    }
    encoder.finish(&mut out).expect("finished");
    out
}

#[test]
fn parquet_is_read_back() {
    let schema = schema();
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default()), zstd]
    {
        let bytes = written(Box::new(Parquet::new(schema.clone(), codec).expect("a schema")), &schema, 2500);
        let reader = ::parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(
            bytes::Bytes::from(bytes),
            10_000,
        );
        let batches: Vec<RecordBatch> = reader.expect("a file").map(|b| b.expect("a batch")).collect();
        let [batch] = &batches[..] else { panic!("{} batches", batches.len()) };
        assert_eq!(batch.num_rows(), 2500);
        let column = |name: &str| batch.column_by_name(name).expect(name).clone();
        for i in [0_usize, 1, 699, 700, 1024, 2499] {
            assert_eq!(column("i8").as_primitive::<Int8Type>().value(i), i as i8);
            assert_eq!(column("i64").as_primitive::<Int64Type>().value(i), i as i64 * 1_000_000_007);
            let odd = i % 2 == 1;
            assert_eq!(column("f64").is_null(i), odd);
            if !odd {
                assert!((column("f64").as_primitive::<Float64Type>().value(i) - i as f64 / 3.0).abs() < 1e-9);
                assert_eq!(column("text").as_string::<i32>().value(i), "say \"ä\"\n");
                let map = column("map").as_map().value(i);
                assert_eq!(map.column(0).as_string::<i32>().value(0), "x");
                let at = column("at").as_primitive::<TimestampMillisecondType>().value(i);
                assert_eq!(at, 1_425_243_600_123);
            }
            assert_eq!(column("bytes").as_binary::<i32>().value(i), [0, 255, i as u8]);
            assert_eq!(column("price").as_primitive::<Decimal128Type>().value(i), -12345 - i as i128);
            assert_eq!(column("day").as_primitive::<Date32Type>().value(i), 3);
            let list = column("list").as_list::<i32>().value(i);
            assert_eq!((list.len(), list.is_null(1)), (3, true));
            let city = column("place").as_struct().column_by_name("city").expect("a field").clone();
            assert_eq!(city.as_string::<i32>().value(i), "Paris");
            assert!(column("other").is_null(i));
        }
    }
}

#[test]
fn an_empty_parquet_file_is_one() {
    let schema = schema();
    let bytes =
        written(Box::new(Parquet::new(schema.clone(), Compression::SNAPPY).expect("a schema")), &schema, 0);
    assert!(
        ::parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes::Bytes::from(bytes), 10)
            .is_ok()
    );
}

#[test]
fn avro_is_read_back() {
    let schema = schema();
    for codec in [AvroCodec::Null, AvroCodec::Deflate, AvroCodec::Snappy, AvroCodec::Zstandard] {
        let encoder = Avro::new(schema.clone(), codec, [7; 16]).expect("a schema");
        let bytes = written(Box::new(encoder), &schema, 2500);
        let reader = apache_avro::Reader::new(&bytes[..]).expect("a container file");
        let rows: Vec<AvroValue> = reader.map(|value| value.expect("a value")).collect();
        assert_eq!(rows.len(), 2500, "{codec:?}");
        for i in [0_usize, 1, 699, 2499] {
            let AvroValue::Record(fields) = &rows[i] else { panic!("{:?}", rows[i]) };
            let field = |name: &str| fields.iter().find(|(n, _)| n == name).expect(name).1.clone();
            assert_eq!(field("i8"), AvroValue::Int(i32::from(i as i8)));
            assert_eq!(field("i64"), AvroValue::Long(i as i64 * 1_000_000_007));
            let text = match i % 2 {
                1 => AvroValue::Union(0, Box::new(AvroValue::Null)),
                _ => AvroValue::Union(1, Box::new(AvroValue::String("say \"ä\"\n".into()))),
            };
            assert_eq!(field("text"), text);
            assert_eq!(field("day"), AvroValue::Date(3));
            assert_eq!(field("time"), AvroValue::TimeMillis(3_723_004));
            assert!(matches!(field("price"), AvroValue::Decimal(_)));
            assert!(matches!(field("place"), AvroValue::Record(_)));
        }
    }
}

#[test]
fn json_as_connect_writes_it() {
    let schema = schema();
    let mut out = Vec::new();
    write_json(&row(&schema, 2), Some(&schema), DecimalText::Base64, &mut out);
    let expected = concat!(
        r#"{"i8":2,"i16":-5,"i32":7,"i64":2000000014,"f32":1.25,"f64":0.6666666666666666,"flag":false,"#,
        r#""text":"say \"ä\"\n","bytes":"AP8C","price":"z8U=","day":3,"time":3723004,"at":1425243600123,"#,
        r#""list":[1,null,2],"map":{"x":1.5},"place":{"city":"Paris","zip":null},"other":null}"#
    );
    assert_eq!(String::from_utf8_lossy(&out), expected);
    for (value, text) in [
        (Value::Float64(f64::NAN), "\"NaN\""),
        (Value::Float32(f32::NEG_INFINITY), "\"-Infinity\""),
        (Value::Null, "null"),
        (Value::Array(vec![]), "[]"),
        (Value::string("\u{1}"), "\"\\u0001\""),
    ] {
        let mut out = Vec::new();
        write_json(&value, None, DecimalText::Numeric, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), text);
    }
    let mut pairs = MapValue::new();
    pairs.insert(1_i32, true);
    let mut out = Vec::new();
    write_json(&pairs.into(), None, DecimalText::Numeric, &mut out);
    write_json(&Value::Decimal(Arc::new(Decimal::new(-12345, 2))), None, DecimalText::Numeric, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), "[[1,true]]-123.45");
}

#[test]
fn compressed_lines_are_read_back() {
    let schema = schema();
    let plain = written(Box::new(Lines::new(Kind::Json(DecimalText::Base64), Codec::None)), &schema, 2500);
    assert_eq!(plain.iter().filter(|&&b| b == b'\n').count(), 2500);
    for codec in [Codec::Gzip(6), Codec::Zstd(3), Codec::Snappy] {
        let packed = written(Box::new(Lines::new(Kind::Json(DecimalText::Base64), codec)), &schema, 2500);
        assert!(packed.len() < plain.len() / 3, "{codec:?}");
        let mut unpacked = Vec::new();
        match codec {
            Codec::Gzip(_) => flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut unpacked),
            Codec::Zstd(_) => zstd::Decoder::new(&packed[..]).and_then(|mut d| d.read_to_end(&mut unpacked)),
            _ => snap::read::FrameDecoder::new(&packed[..]).read_to_end(&mut unpacked),
        }
        .expect("unpacked");
        assert!(unpacked == plain, "{codec:?}");
    }
}

#[test]
fn raw_bytes_and_what_they_refuse() {
    let mut lines = Lines::new(Kind::Bytes(b";".to_vec()), Codec::None);
    let mut out = Vec::new();
    for value in [Value::Bytes(vec![1, 2].into()), Value::string("x"), Value::Null] {
        lines.write(None, &value, &mut out).expect("written");
    }
    assert_eq!(out, b"\x01\x02;x;;");
    let refused = lines.write(None, &Value::Int32(1), &mut out).expect_err("a number");
    assert!(refused.to_string().contains("use ByteArrayConverter"), "{refused}");
    let mut parquet = Parquet::new(schema(), Compression::SNAPPY).expect("a schema");
    let refused = parquet.write(None, &Value::string("x"), &mut out).expect_err("text");
    assert!(refused.to_string().contains("needs records with a schema"), "{refused}");
}

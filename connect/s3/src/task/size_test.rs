//! Many open objects within the budget, objects of many parts, and what other people's readers find in them.

use std::process::Command;
use std::sync::Arc;

use highway_connect_data::{SchemaAndValue, Struct, Value};

use super::S3Task;
use super::testing::*;
use crate::format::{AvroCodec, Codec, DecimalText};
use crate::partition::Partitioner;
use crate::settings::{Format, Settings};
use crate::store::{Bucket, LocalBucket};

fn local() -> (tempfile::TempDir, Arc<dyn Bucket>) {
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = Arc::new(LocalBucket::new(folder.path()).expect("a bucket"));
    (folder, bucket)
}

/// Writes these offsets and commits. Answers the highest use of the budget.
async fn write(settings: Settings, bucket: Arc<dyn Bucket>, budget: usize, offsets: i64) -> usize {
    let context = context(budget);
    let used = context.budget.clone();
    let mut task = S3Task::start(Arc::new(settings), bucket, context).await.expect("a task");
    task.open(vec![partition(0)]).await.expect("opened");
    let mut most = 0;
    for from in (0..offsets).step_by(500) {
        task.put(&records(0, from..offsets.min(from + 500)), 0).await.expect("put");
        most = most.max(used.used());
    }
    task.close(&[partition(0)], true, 0).await.expect("closed");
    assert_eq!(used.used(), 0, "all is given back");
    most
}

/// 500 folders: one for each 500th id.
fn in_500_folders(offset: i64) -> highway_connect_data::ConnectRecord {
    let mut record = record(&schema(), 0, offset);
    if let Value::Struct(data) = &record.value.value {
        let mut values = data.values().to_vec();
        values[1] = Value::String(format!("c{}", offset % 500).into());
        record.value =
            SchemaAndValue::of(Struct::from_values(data.schema().clone(), values).expect("a struct"));
    }
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_open_objects_stay_within_the_budget() {
    const BUDGET: usize = 4 * 1024 * 1024;
    for format in [
        Format::Parquet(parquet::basic::Compression::SNAPPY),
        Format::Json(DecimalText::Base64, Codec::Gzip(6)),
        Format::Avro(AvroCodec::Null),
    ] {
        let (_folder, bucket) = local();
        let context = context(BUDGET);
        let used = context.budget.clone();
        let settings = settings(by_field("carrier"), format.clone(), 1_000_000);
        let mut task = S3Task::start(Arc::new(settings), bucket.clone(), context).await.expect("a task");
        task.open(vec![partition(0)]).await.expect("opened");
        for from in (0..100_000).step_by(1000) {
            let batch: Vec<_> = (from..from + 1000).map(in_500_folders).collect();
            task.put(&batch, 0).await.expect("put");
            assert!(used.used() <= BUDGET + BUDGET / 4, "{format:?}: {} bytes", used.used());
        }
        task.close(&[partition(0)], true, 0).await.expect("closed");
        let names = bucket.list("topics").await.expect("a list");
        assert_eq!(names.len(), 500, "{format:?}: as many objects as folders, whatever was written to disk");
        let mut rows = 0;
        for name in &names {
            let bytes = bucket.get(name).await.expect("an answer").expect("an object");
            rows += match &format {
                Format::Parquet(_) => {
                    let file = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes, 10_000);
                    file.expect("a file").map(|batch| batch.expect("rows").num_rows()).sum()
                }
                Format::Avro(_) => apache_avro::Reader::new(&bytes[..]).expect("a file").count(),
                _ => {
                    let mut text = String::new();
                    let mut gz = flate2::read::MultiGzDecoder::new(&bytes[..]);
                    std::io::Read::read_to_string(&mut gz, &mut text).expect("gzip");
                    text.lines().count()
                }
            };
        }
        assert_eq!(rows, 100_000, "{format:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_many_parts() {
    let gateway = Gateway::start();
    let (_folder, directory) = local();
    let buckets = [Some(directory), gateway.as_ref().map(Gateway::bucket)];
    for bucket in buckets.into_iter().flatten() {
        // The small budget sends all bytes over the disk, the large one none.
        for (dir, budget) in [("topics/small", 512 * 1024), ("topics/large", 64 * 1024 * 1024)] {
            let mut settings = settings(Partitioner::Default, json(), 10_000_000);
            settings.topics_dir = dir.into();
            settings.connector = dir.replace('/', "-");
            write(settings, bucket.clone(), budget, 250_000).await;
            let names = bucket.list(dir).await.expect("a list");
            assert_eq!(names.len(), 1, "{names:?}");
            let bytes = bucket.get(&names[0]).await.expect("an answer").expect("an object");
            assert!(bytes.len() > 2 * 5 * 1024 * 1024, "{} bytes are less than three parts", bytes.len());
            let mut next = 0;
            for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
                let json: serde_json::Value = serde_json::from_slice(line).expect("JSON");
                assert_eq!(json["id"], next);
                next += 1;
            }
            assert_eq!(next, 250_000, "{}", bucket.describe());
        }
    }
}

/// pyarrow, DuckDB and fastavro count and add up the same.
#[tokio::test(flavor = "multi_thread")]
async fn other_readers_find_the_same() {
    let Some(programs) = programs() else { return };
    let (folder, bucket) = local();
    let expected = (0..20_000_i64).sum::<i64>();
    for (dir, format) in [
        ("parquet", Format::Parquet(parquet::basic::Compression::ZSTD(Default::default()))),
        ("avro", Format::Avro(AvroCodec::Deflate)),
        ("json", Format::Json(DecimalText::Base64, Codec::Gzip(6))),
        ("zstd", Format::Json(DecimalText::Base64, Codec::Zstd(3))),
    ] {
        let mut settings = settings(by_hour(), format, 7000);
        settings.topics_dir = format!("topics/{dir}");
        settings.connector = dir.into();
        // So little memory that objects consist of several row groups, blocks and members.
        write(settings, bucket.clone(), 200_000, 20_000).await;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/s3/read_objects.py");
    let read = Command::new(programs.join("python/bin/python"))
        .arg(script)
        .arg(folder.path().join("topics"))
        .output();
    let read = read.expect("python");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let found: serde_json::Value = serde_json::from_slice(&read.stdout).expect("JSON");
    println!("{found}");
    for reader in ["pyarrow_parquet", "duckdb_parquet", "duckdb_gzip", "duckdb_zstd", "fastavro"] {
        assert_eq!(found[reader]["rows"], 20_000, "{reader}");
        assert_eq!(found[reader]["sum"], expected, "{reader}");
    }
    // Hive's folders are columns: the hours of 20,000 minutes and what is two hours late.
    assert_eq!(found["duckdb_parquet"]["hours"], found["pyarrow_parquet"]["hours"]);
    assert!(found["duckdb_parquet"]["hours"].as_i64().is_some_and(|hours| hours > 300));
}

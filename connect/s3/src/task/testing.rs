//! What the tests of the task share: records, settings, stores, and stores that fail.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use highway_connect_data::{
    ConnectRecord, Schema, SchemaAndValue, SchemaBuilder, SchemaRef, SinkCoordinates, Struct, TimestampType,
    Type, Value,
};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Budget, TaskContext, TopicPartition};
use crate::format::{Codec, DecimalText};
use crate::partition::{Extractor, Locale, Partitioner, PathFormat, TimeBased, Zone};
use crate::rotation::Rules;
use crate::settings::{Delivery, Format, NullValues, Settings};
use crate::store::{Bucket, Complete, Credentials, Location, Put, Retries, StoreError, open};

pub const TOPIC: &str = "flights";
/// The first record's time: 2013-01-01.
pub const START: i64 = 1_356_998_400_000;

pub fn schema() -> SchemaRef {
    SchemaBuilder::structure()
        .name("flight")
        .field("id", Schema::primitive(Type::Int64))
        .and_then(|b| b.field("carrier", Schema::primitive(Type::String)))
        .and_then(|b| b.field("delay", Schema::optional(Type::Float64)))
        .expect("fields")
        .build()
}

pub fn record(schema: &SchemaRef, partition: i32, offset: i64) -> ConnectRecord {
    let at =
        SinkCoordinates { topic: TOPIC.into(), partition, offset, timestamp_type: TimestampType::CreateTime };
    let carrier = ["UA", "DL", "AA", "B6", "EV"][(offset % 5) as usize];
    let delay = if offset % 7 == 0 { Value::Null } else { Value::Float64(offset as f64 / 4.0) };
    let values = vec![Value::Int64(offset), carrier.into(), delay];
    let value = SchemaAndValue::of(Struct::from_values(schema.clone(), values).expect("a struct"));
    // Times go on, with some that are hours late.
    let late = if offset % 11 == 0 { 7_200_000 } else { 0 };
    ConnectRecord::sink(at, SchemaAndValue::NULL, value, Some(START + offset * 60_000 - late))
}

pub fn records(partition: i32, offsets: std::ops::Range<i64>) -> Vec<ConnectRecord> {
    let schema = schema();
    offsets.map(|offset| record(&schema, partition, offset)).collect()
}

pub fn by_hour() -> Partitioner {
    let format =
        PathFormat::parse("'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH", Locale::English).expect("a pattern");
    Partitioner::Time(TimeBased {
        duration: 3_600_000,
        format,
        zone: Zone::UTC,
        extractor: Extractor::Record,
    })
}

pub fn by_field(name: &str) -> Partitioner {
    Partitioner::Field { fields: vec![name.to_owned()], delimiter: "/".to_owned() }
}

pub fn settings(partitioner: Partitioner, format: Format, records: u64) -> Settings {
    Settings {
        connector: "flights-s3".into(),
        location: Location::Local("unused".into()),
        retries: Retries::default(),
        topics_dir: "topics".into(),
        directory_delimiter: "/".into(),
        file_delimiter: "+".into(),
        pad_width: 10,
        part_size: 0,
        format,
        partitioner,
        rules: Rules { records, bytes: None, record_time: None, schedule: None, idle: None },
        widen: true,
        nulls: NullValues::Fail,
        delivery: Delivery::BestEffort,
        spill_dir: std::env::temp_dir(),
    }
}

pub fn json() -> Format {
    Format::Json(DecimalText::Base64, Codec::None)
}

pub fn context(budget: usize) -> TaskContext {
    TaskContext { budget: Budget::new(budget), rejects: None, worker: "test".into() }
}

pub fn partition(partition: i32) -> TopicPartition {
    TopicPartition { topic: TOPIC.into(), topic_id: None, partition }
}

/// A store that is not conditional, or whose requests fail: before or after they did their work.
pub struct Faulty {
    pub inner: Arc<dyn Bucket>,
    /// Of 1000 requests so many fail.
    pub rate: u32,
    /// Puts if absent replace what is there.
    pub unconditional: bool,
    random: Mutex<StdRng>,
    pub failures: AtomicU64,
}

#[derive(PartialEq)]
enum Fault {
    None,
    Before,
    After,
}

impl Faulty {
    pub fn new(inner: Arc<dyn Bucket>, rate: u32, seed: u64) -> Self {
        let random = Mutex::new(StdRng::seed_from_u64(seed));
        Self { inner, rate, unconditional: false, random, failures: AtomicU64::new(0) }
    }

    fn fault(&self) -> Fault {
        let mut random = self.random.lock();
        if random.random_range(0..1000) >= self.rate {
            return Fault::None;
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        if random.random() { Fault::Before } else { Fault::After }
    }
}

fn injected() -> StoreError {
    StoreError { what: "request".into(), why: "injected failure".into(), retriable: true }
}

macro_rules! faulty {
    ($self:expr, $call:expr) => {{
        let fault = $self.fault();
        if fault == Fault::Before {
            return Err(injected());
        }
        let result = $call.await;
        if fault == Fault::After { Err(injected()) } else { result }
    }};
}

#[async_trait]
impl Bucket for Faulty {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn separates_uploads(&self) -> bool {
        self.inner.separates_uploads()
    }
    fn completion_is_final(&self) -> bool {
        self.inner.completion_is_final()
    }
    async fn put_if_absent(&self, key: &str, body: Bytes) -> Put {
        let fault = self.fault();
        if fault == Fault::Before {
            return Put::Unknown(injected());
        }
        let put = if self.unconditional {
            match self.inner.put(key, body).await {
                Ok(()) => Put::Created(None),
                Err(e) => Put::Unknown(e),
            }
        } else {
            self.inner.put_if_absent(key, body).await
        };
        if fault == Fault::After { Put::Unknown(injected()) } else { put }
    }
    async fn put(&self, key: &str, body: Bytes) -> Result<(), StoreError> {
        faulty!(self, self.inner.put(key, body))
    }
    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        faulty!(self, self.inner.get(key))
    }
    async fn size(&self, key: &str) -> Result<Option<u64>, StoreError> {
        faulty!(self, self.inner.size(key))
    }
    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        faulty!(self, self.inner.list(folder))
    }
    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        faulty!(self, self.inner.delete(key))
    }
    async fn create_upload(&self, key: &str) -> Result<String, StoreError> {
        faulty!(self, self.inner.create_upload(key))
    }
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        index: usize,
        body: Bytes,
    ) -> Result<String, StoreError> {
        faulty!(self, self.inner.put_part(key, upload, index, body))
    }
    async fn complete(&self, key: &str, upload: &str, parts: &[String]) -> Complete {
        let fault = self.fault();
        if fault == Fault::Before {
            return Complete::Unknown(injected());
        }
        let complete = self.inner.complete(key, upload, parts).await;
        if fault == Fault::After { Complete::Unknown(injected()) } else { complete }
    }
    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        faulty!(self, self.inner.abort(key, upload))
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder of the test programs of S3, which are installed if need be. `None`, with a loud word, where they cannot be had.
pub fn programs() -> Option<PathBuf> {
    let prepared =
        Command::new(repository().join("tests/clients/prepare.sh")).arg("s3").output().expect("bash");
    if !prepared.status.success() {
        let why = String::from_utf8_lossy(&prepared.stderr);
        assert!(std::env::var_os("CI").is_none(), "the S3 test programs cannot be installed: {why}");
        eprintln!("SKIPPED: the S3 test programs cannot be installed: {why}");
        return None;
    }
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(&std::env::var_os("HOME").expect("HOME")).join(".cache"));
    Some(cache.join("highway/clients/s3"))
}

/// A versitygw process over a folder of its own; ends with this.
pub struct Gateway {
    child: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Gateway {
    pub fn start() -> Option<Self> {
        let program = programs()?.join("versitygw");
        let folder = tempfile::tempdir_in(std::env::var_os("HOME").map_or("/tmp".into(), PathBuf::from))
            .expect("a folder on a file system with extended attributes");
        std::fs::create_dir(folder.path().join("bucket")).expect("a bucket");
        for _ in 0..5 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let mut child = Command::new(&program)
                .args(["--access", "AK", "--secret", "SECRETSK", "--region", "us-east-1", "--quiet"])
                .args(["--port", &format!("127.0.0.1:{port}"), "posix"])
                .arg(folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("versitygw");
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until && child.try_wait().expect("its state").is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(Self { child, port, _folder: folder });
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("versitygw does not start");
    }

    pub fn bucket(&self) -> Arc<dyn Bucket> {
        let location = Location::S3 {
            bucket: "bucket".into(),
            region: "us-east-1".into(),
            endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
            path_style: true,
            credentials: Credentials { key: Some("AK".into()), secret: Some("SECRETSK".into()) },
        };
        open(&location, Retries::default()).expect("a bucket")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All ids in the visible JSON objects, and the names of the objects.
pub async fn ids(bucket: &dyn Bucket) -> (Vec<i64>, Vec<String>) {
    let names = bucket.list("topics").await.expect("a list");
    let mut ids = Vec::new();
    for name in &names {
        let bytes = bucket.get(name).await.expect("an answer").expect("an object");
        for line in bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let json: serde_json::Value = serde_json::from_slice(line).expect("JSON");
            ids.push(json["id"].as_i64().expect("an id"));
        }
    }
    ids.sort_unstable();
    (ids, names)
}

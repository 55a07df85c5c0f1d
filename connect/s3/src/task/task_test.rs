//! The task on a directory: commits, resumption, schemas that change, tombstones, resets, recreated topics.

use std::sync::Arc;

use highway_connect_data::{Schema, SchemaAndValue, SchemaBuilder, Struct, Type, Value};

use super::testing::*;
use super::{Resume, S3Task, TaskError, TopicPartition};
use crate::settings::{Delivery, NullValues, Settings};
use crate::store::{Bucket, Guarantee, LocalBucket};

const MEMORY: usize = 64 * 1024 * 1024;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }
    fn bucket(&self) -> Arc<dyn Bucket> {
        Arc::new(LocalBucket::new(self.folder.path()).expect("a bucket"))
    }
    async fn task(&self, settings: Settings) -> S3Task {
        S3Task::start(Arc::new(settings), self.bucket(), context(MEMORY)).await.expect("a task")
    }
}

fn at(offset: i64) -> Resume {
    Resume { topic: TOPIC.into(), partition: 0, offset }
}

#[tokio::test]
async fn commits_are_resumed() {
    let place = Place::new();
    let mut task = place.task(settings(by_hour(), json(), 100)).await;
    assert_eq!(*task.guarantee(), Guarantee::ExactlyOnce);
    assert_eq!(task.open(vec![partition(0)]).await.expect("opened"), []);
    assert_eq!(task.put(&records(0, 0..250), 0).await.expect("put"), []);
    assert_eq!(task.pre_commit(), [at(200)]);
    drop(task);
    let mut task = place.task(settings(by_hour(), json(), 100)).await;
    assert_eq!(task.open(vec![partition(0)]).await.expect("opened"), [at(200)]);
    // Records of before the place are passed over.
    task.put(&records(0, 150..320), 0).await.expect("put");
    task.close(&[partition(0)], true, 0).await.expect("closed");
    let (ids, names) = ids(&*place.bucket()).await;
    assert_eq!(ids, (0..320).collect::<Vec<_>>());
    assert!(
        names.contains(
            &"topics/flights/year=2013/month=01/day=01/hour=00/flights+0+0000000001.json".to_owned()
        ),
        "{names:?}"
    );
    // 6 hours and more, the last one with late records of two hours before in each window: not one object a late record.
    assert!(names.len() < 20, "{names:?}");
    let uploads = std::fs::read_dir(place.folder.path().join("_highway_uploads")).expect("a folder").count();
    assert!(uploads <= 8, "only those of the task that was dropped are left: {uploads}");
}

#[tokio::test]
async fn two_writers_share_nothing() {
    let place = Place::new();
    let (mut one, mut other) = (
        place.task(settings(by_hour(), json(), 1000)).await,
        place.task(settings(by_hour(), json(), 1000)).await,
    );
    one.open(vec![partition(0)]).await.expect("opened");
    other.open(vec![partition(0)]).await.expect("opened");
    one.put(&records(0, 0..700), 0).await.expect("put");
    other.put(&records(0, 0..500), 0).await.expect("put");
    other.close(&[partition(0)], true, 0).await.expect("closed");
    // The other's 500 are committed; this one has to go back there.
    assert_eq!(one.put(&records(0, 700..1200), 0).await.expect("put"), [at(500)]);
    one.put(&records(0, 500..1200), 0).await.expect("put");
    one.close(&[partition(0)], true, 0).await.expect("closed");
    assert_eq!(ids(&*place.bucket()).await.0, (0..1200).collect::<Vec<_>>());
}

#[tokio::test]
async fn offsets_can_be_set_anew() {
    let place = Place::new();
    let mut task = place.task(settings(by_hour(), json(), 100)).await;
    task.open(vec![partition(0)]).await.expect("opened");
    task.put(&records(0, 0..200), 0).await.expect("put");
    assert_eq!(task.reset(TOPIC, 0, 50).await.expect("reset"), at(50));
    task.put(&records(0, 50..150), 0).await.expect("put");
    let (ids, names) = ids(&*place.bucket()).await;
    let mut expected: Vec<i64> = (0..200).chain(50..150).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected, "what is read again is there twice, as asked");
    assert!(names.iter().any(|name| name.ends_with("+g1.json")), "{names:?}");
    drop(task);
    let mut task = place.task(settings(by_hour(), json(), 100)).await;
    assert_eq!(task.open(vec![partition(0)]).await.expect("opened"), [at(150)]);
}

#[tokio::test]
async fn topics_that_are_made_anew_begin_anew() {
    let place = Place::new();
    let with = |id: &str| TopicPartition { topic_id: Some(id.into()), ..partition(0) };
    let mut old = place.task(settings(by_hour(), json(), 100)).await;
    old.open(vec![with("a")]).await.expect("opened");
    old.put(&records(0, 0..100), 0).await.expect("put");
    let mut new = place.task(settings(by_hour(), json(), 100)).await;
    assert_eq!(new.open(vec![with("b")]).await.expect("opened"), [at(0)]);
    new.put(&records(0, 0..100), 0).await.expect("put");
    assert_eq!(ids(&*place.bucket()).await.0.len(), 200);
    let mut zombie = place.task(settings(by_hour(), json(), 100)).await;
    let refused = zombie.open(vec![with("a")]).await.expect_err("a task of the topic that was deleted");
    assert!(matches!(refused, TaskError::Recreated { .. }), "{refused}");
}

#[tokio::test]
async fn clocks_commit_without_records() {
    let place = Place::new();
    let mut settings = settings(by_hour(), json(), 1000);
    settings.rules.idle = Some(5000);
    let mut task = place.task(settings).await;
    task.open(vec![partition(0)]).await.expect("opened");
    task.put(&records(0, 0..10), 1000).await.expect("put");
    task.tick(5999).await.expect("tick");
    assert_eq!(task.pre_commit(), []);
    task.tick(6000).await.expect("tick");
    assert_eq!(task.pre_commit(), [at(10)]);
}

#[tokio::test]
async fn records_that_cannot_be_written_end_the_task() {
    let place = Place::new();
    let mut task = place.task(settings(by_field("carrier"), json(), 100)).await;
    task.open(vec![partition(0)]).await.expect("opened");
    let mut tombstone = records(0, 0..1);
    tombstone[0].value = SchemaAndValue::NULL;
    let refused = task.put(&tombstone, 0).await.expect_err("a tombstone").to_string();
    assert_eq!(refused, "flights-0 offset 0: the value is null, and behavior.on.null.values is fail");
    let mut ignoring = settings(by_field("carrier"), json(), 2);
    ignoring.nulls = NullValues::Ignore;
    let mut task = place.task(ignoring).await;
    task.open(vec![partition(0)]).await.expect("opened");
    task.put(&tombstone, 0).await.expect("ignored");
    task.put(&records(0, 1..3), 0).await.expect("put");
    assert_eq!(task.pre_commit(), [at(3)]);
    let unopened = task.put(&records(1, 0..1), 0).await.expect_err("not open");
    assert!(matches!(unopened, TaskError::NotOpen(..)), "{unopened}");
}

#[tokio::test]
async fn schemas_that_change_do_not_shatter_objects() {
    let place = Place::new();
    let wider = SchemaBuilder::structure()
        .name("flight")
        .field("id", Schema::primitive(Type::Int64))
        .and_then(|b| b.field("carrier", Schema::primitive(Type::String)))
        .and_then(|b| b.field("delay", Schema::optional(Type::Float64)))
        .and_then(|b| b.field("tail", Schema::optional(Type::String)))
        .expect("fields")
        .build();
    let mut all = records(0, 0..300);
    for record in all.iter_mut().filter(|r| r.sink_offset().is_some_and(|o| o > 2 && o % 2 == 0)) {
        let Value::Struct(data) = &record.value.value else { unreachable!() };
        let mut values = data.values().to_vec();
        values.push("N1".into());
        record.value = SchemaAndValue::of(Struct::from_values(wider.clone(), values).expect("a struct"));
    }
    let parquet = crate::settings::Format::Parquet(parquet::basic::Compression::SNAPPY);
    for (widen, objects) in [(true, 2), (false, 2)] {
        let place = Place::new();
        let mut settings = settings(crate::partition::Partitioner::Default, parquet.clone(), 300);
        settings.widen = widen;
        let mut task = place.task(settings).await;
        task.open(vec![partition(0)]).await.expect("opened");
        task.put(&all, 0).await.expect("put");
        let names = place.bucket().list("topics").await.expect("a list");
        assert_eq!(names.len(), objects, "widen {widen}: {names:?}");
        let mut rows = Vec::new();
        for name in names {
            let bytes = place.bucket().get(&name).await.expect("an answer").expect("an object");
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes, 1000);
            rows.push(
                reader.expect("a Parquet file").map(|batch| batch.expect("rows").num_rows()).sum::<usize>(),
            );
        }
        rows.sort_unstable();
        // With widening only what came before the first new field is alone.
        assert_eq!(rows, if widen { [4, 296] } else { [148, 152] });
    }
    drop(place);
}

#[tokio::test]
async fn a_store_without_conditions_is_at_least_once() {
    let place = Place::new();
    let mut faulty = Faulty::new(place.bucket(), 0, 1);
    faulty.unconditional = true;
    let bucket: Arc<dyn Bucket> = Arc::new(faulty);
    let mut strict = settings(by_hour(), json(), 100);
    strict.delivery = Delivery::ExactlyOnce;
    let refused =
        S3Task::start(Arc::new(strict), bucket.clone(), context(MEMORY)).await.err().expect("refused");
    assert!(refused.to_string().contains("If-None-Match is ignored"), "{refused}");
    let lax = Arc::new(settings(by_hour(), json(), 100));
    let mut task = S3Task::start(lax, bucket, context(MEMORY)).await.expect("a task");
    assert!(matches!(task.guarantee(), Guarantee::AtLeastOnce(_)));
    assert_eq!(task.open(vec![partition(0)]).await.expect("opened"), []);
    task.put(&records(0, 0..100), 0).await.expect("put");
    assert_eq!(task.pre_commit(), [at(100)]);
    assert_eq!(ids(&*place.bucket()).await.0, (0..100).collect::<Vec<_>>());
}

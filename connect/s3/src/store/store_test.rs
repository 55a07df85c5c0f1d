//! What each store must do, on all that can be had here: memory, a directory, versitygw.

use std::sync::Arc;

use bytes::Bytes;
use object_store::memory::InMemory;

use super::{Bucket, Complete, Guarantee, Habits, LocalBucket, ObjectBucket, Put, probe};
use crate::task::testing::Gateway;

async fn contract(bucket: &dyn Bucket, whole_part: usize) {
    let name = bucket.describe();
    let text = |s: &'static str| Bytes::from_static(s.as_bytes());
    assert_eq!(probe(bucket).await.expect(&name), Guarantee::ExactlyOnce, "{name}");
    assert!(bucket.list("_highway").await.expect(&name).is_empty(), "the probe leaves nothing");
    // Names as partitioners make them.
    for key in ["d/e=1/x+0+0000000001.json", "d/e=a b/100%25", "d/e=ä,=;:@!'()&$/y", "d/e=1.5/z"] {
        assert!(matches!(bucket.put_if_absent(key, text("one")).await, Put::Created(_)), "{name} {key}");
        assert!(matches!(bucket.put_if_absent(key, text("two")).await, Put::Exists), "{name} {key}");
        assert_eq!(bucket.get(key).await.expect(&name), Some(text("one")), "{name} {key}");
        assert_eq!(bucket.size(key).await.expect(&name), Some(3));
        assert!(bucket.list("d").await.expect(&name).contains(&key.to_owned()), "{name} {key}");
    }
    assert_eq!(bucket.list("d").await.expect(&name).len(), 4, "{name}");
    assert_eq!(bucket.list("d/e=1").await.expect(&name).len(), 1, "{name}: a folder is no prefix");
    assert_eq!(bucket.get("d/none").await.expect(&name), None);
    assert_eq!(bucket.size("d/none").await.expect(&name), None);
    assert!(bucket.list("none").await.expect(&name).is_empty());
    bucket.delete("d/none").await.expect(&name);
    bucket.delete("d/e=1.5/z").await.expect(&name);
    assert_eq!(bucket.get("d/e=1.5/z").await.expect(&name), None);
    for bad in ["a//b", "", "a/../b", "a/./b"] {
        assert!(bucket.put(bad, text("x")).await.is_err(), "{name} takes the name {bad:?}");
    }
    uploads(bucket, &name, whole_part).await;
    race(bucket, &name).await;
}

async fn uploads(bucket: &dyn Bucket, name: &str, whole_part: usize) {
    let key = "u/of=1/object.bin";
    let (one, other) =
        (bucket.create_upload(key).await.expect(name), bucket.create_upload(key).await.expect(name));
    let (first, last) = (Bytes::from(vec![1; whole_part]), Bytes::from_static(b"end"));
    let mut parts = vec![bucket.put_part(key, &one, 0, first.clone()).await.expect(name)];
    // Sent again after a lost answer.
    parts[0] = bucket.put_part(key, &one, 0, first.clone()).await.expect(name);
    parts.push(bucket.put_part(key, &one, 1, last).await.expect(name));
    let wrong = vec![bucket.put_part(key, &other, 0, Bytes::from_static(b"other")).await.expect(name)];
    assert_eq!(bucket.size(key).await.expect(name), None, "{name}: nothing is visible yet");
    assert!(matches!(bucket.complete(key, &one, &parts).await, Complete::Done), "{name}");
    assert_eq!(bucket.size(key).await.expect(name), Some(whole_part as u64 + 3));
    let again = bucket.complete(key, &one, &parts).await;
    assert!(matches!(again, Complete::NoUpload | Complete::Done), "{name}: {again:?}");
    bucket.abort(key, &other).await.expect(name);
    let gone = bucket.complete(key, &other, &wrong).await;
    let understood = matches!(gone, Complete::NoUpload) || !bucket.completion_is_final();
    assert!(understood, "{name}: {gone:?}");
    let bytes = bucket.get(key).await.expect(name).expect("an object");
    assert!(bytes[..whole_part] == first[..] && bytes[whole_part..] == *b"end", "{name}");
    bucket.abort(key, &one).await.expect(name);
}

/// One winner, and what is there is the winner's.
async fn race(bucket: &dyn Bucket, name: &str) {
    for round in 0..20 {
        let key = format!("race/{round}");
        let puts = (0..8_u8).map(|writer| {
            let key = key.clone();
            async move { (writer, bucket.put_if_absent(&key, vec![writer; 1000].into()).await) }
        });
        let puts = futures::future::join_all(puts).await;
        let winners: Vec<u8> = puts
            .iter()
            .filter(|(_, put)| matches!(put, Put::Created(_)))
            .map(|(writer, _)| *writer)
            .collect();
        let unclear = puts.iter().filter(|(_, put)| matches!(put, Put::Unknown(_))).count();
        let there = bucket.get(&key).await.expect(name).expect("an object");
        assert!(winners.len() == 1 || (winners.is_empty() && unclear > 0), "{name}: {winners:?}");
        assert!(winners.is_empty() || there[..] == [winners[0]; 1000], "{name}: not the winner's");
    }
}

#[tokio::test]
async fn memory() {
    contract(&ObjectBucket::new(InMemory::new(), "", Habits::S3), 1000).await;
}

#[tokio::test]
async fn below_a_prefix() {
    contract(&ObjectBucket::new(InMemory::new(), "/some/where/", Habits::S3), 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let bucket = LocalBucket::new(folder.path()).expect("a bucket");
    contract(&bucket, 1000).await;
    let left = std::fs::read_dir(folder.path().join("_highway_uploads")).expect("a folder").count();
    assert_eq!(left, 0, "nothing is left aside");
}

#[tokio::test(flavor = "multi_thread")]
async fn versitygw() {
    let Some(gateway) = Gateway::start() else { return };
    let bucket: Arc<dyn Bucket> = gateway.bucket();
    contract(&*bucket, 5 * 1024 * 1024).await;
}

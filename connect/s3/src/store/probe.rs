//! What a store can do, found out by trying: whether a second put-if-absent is refused.

use bytes::Bytes;
use uuid::Uuid;

use super::bucket::{Bucket, Complete, Put, StoreError};

/// The folder of the probe's objects.
const PROBE_DIR: &str = "_highway/_probe";

/// What the sink can promise with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Every record in exactly one visible object.
    ExactlyOnce,
    /// No record is lost; some may be there more than once. Why.
    AtLeastOnce(String),
}

/// Why a store cannot be used at all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProbeError {
    /// A request failed.
    #[error("the bucket cannot be used: {0}")]
    Store(#[from] StoreError),
    /// The store answers, but not what it was given.
    #[error("the bucket cannot be used: {0}")]
    Wrong(String),
}

/// Puts, reads, uploads and deletes objects under `_highway/_probe`. Each store must be able to do that; a store that makes
/// the same object twice is good for at-least-once only.
pub async fn probe(bucket: &dyn Bucket) -> Result<Guarantee, ProbeError> {
    let key = format!("{PROBE_DIR}/{}", Uuid::new_v4());
    let guarantee = conditional(bucket, &key).await;
    bucket.delete(&key).await?;
    let guarantee = guarantee?;
    upload(bucket, &format!("{PROBE_DIR}/{}", Uuid::new_v4())).await?;
    Ok(guarantee)
}

async fn conditional(bucket: &dyn Bucket, key: &str) -> Result<Guarantee, ProbeError> {
    let (first, second) = (Bytes::from_static(b"first"), Bytes::from_static(b"second"));
    match bucket.put_if_absent(key, first.clone()).await {
        Put::Created(Some(tag)) if tag.trim_matches('"').is_empty() => {
            let why = "the store answers a put with an empty ETag, so its conditions cannot be trusted";
            return Ok(Guarantee::AtLeastOnce(why.to_owned()));
        }
        Put::Created(_) => {}
        Put::Exists => {
            return Ok(Guarantee::AtLeastOnce(
                "the store refuses a put-if-absent of a name that nobody has".to_owned(),
            ));
        }
        Put::Unknown(e) if e.retriable => {
            // A reset says nothing: was it applied?
            if bucket.get(key).await?.is_none() {
                return Err(e.into());
            }
        }
        // A store that does not implement conditions answers 501 or refuses the header; one that refuses all fails below.
        Put::Unknown(e) => {
            bucket.put(key, first).await?;
            return Ok(Guarantee::AtLeastOnce(format!("the store knows no put-if-absent ({})", e.why)));
        }
    }
    let second_put = bucket.put_if_absent(key, second).await;
    let there = bucket.get(key).await?;
    match there {
        Some(there) if there == first => {}
        Some(_) => {
            return Ok(Guarantee::AtLeastOnce(
                "the store replaced an object by a put that asked for there being none (If-None-Match is ignored)"
                    .to_owned(),
            ));
        }
        None => return Err(ProbeError::Wrong(format!("{key} was put and cannot be read"))),
    }
    match second_put {
        Put::Exists => Ok(Guarantee::ExactlyOnce),
        Put::Unknown(e) => Err(e.into()),
        Put::Created(_) => Ok(Guarantee::AtLeastOnce(
            "the store says that it made an object which was there before".to_owned(),
        )),
    }
}

async fn upload(bucket: &dyn Bucket, key: &str) -> Result<(), ProbeError> {
    let id = bucket.create_upload(key).await?;
    let part = bucket.put_part(key, &id, 0, Bytes::from_static(b"probe")).await?;
    if bucket.size(key).await?.is_some() {
        return Err(ProbeError::Wrong(format!("{key} is visible before its upload is completed")));
    }
    match bucket.complete(key, &id, &[part]).await {
        Complete::Done => {}
        Complete::NoUpload => return Err(ProbeError::Wrong(format!("the upload of {key} is not known"))),
        Complete::Unknown(e) => return Err(e.into()),
    }
    let size = bucket.size(key).await?;
    bucket.delete(key).await?;
    match size {
        Some(5) => Ok(()),
        other => Err(ProbeError::Wrong(format!("{key} should have 5 bytes, the store says {other:?}"))),
    }
}

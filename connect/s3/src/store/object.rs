//! S3, Google Cloud Storage and Azure Blob Storage through `object_store`.

use std::fmt::Display;

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::bucket::{Bucket, Complete, Put, StoreError};

/// A bucket of an object store.
pub struct ObjectBucket<T> {
    store: T,
    prefix: String,
    habits: Habits,
}

/// What a store is like.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// See [`Bucket::separates_uploads`].
    pub separates_uploads: bool,
    /// See [`Bucket::completion_is_final`].
    pub completion_is_final: bool,
}

impl Habits {
    /// Amazon's and Google's.
    pub const S3: Self = Self { separates_uploads: true, completion_is_final: true };
    /// Of servers that speak S3: versitygw 1.8 answers a completion before it is done.
    pub const LIKE_S3: Self = Self { separates_uploads: true, completion_is_final: false };
    /// Blocks belong to a name, not to an upload.
    pub const AZURE: Self = Self { separates_uploads: false, completion_is_final: true };
}

impl<T: ObjectStore + MultipartStore> ObjectBucket<T> {
    /// A bucket. All names get the prefix and a `/` before them, unless it is empty.
    pub fn new(store: T, prefix: &str, habits: Habits) -> Self {
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { store, prefix, habits }
    }

    fn path(&self, key: &str) -> Result<Path, StoreError> {
        if key.is_empty() {
            let why = "a name must not be empty".to_owned();
            return Err(StoreError { what: "object name".into(), why, retriable: false });
        }
        // Parsed, not encoded: a name is what the partitioner said, byte for byte.
        Path::parse(format!("{}{key}", self.prefix)).map_err(|e| StoreError {
            what: format!("object name {key}"),
            why: e.to_string(),
            retriable: false,
        })
    }
}

fn failed(what: impl Display, error: &Error) -> StoreError {
    let retriable = !matches!(
        error,
        Error::InvalidPath { .. }
            | Error::NotSupported { .. }
            | Error::NotImplemented { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
            | Error::UnknownConfigurationKey { .. }
    );
    StoreError { what: what.to_string(), why: chain(error), retriable }
}

/// The error and what caused it, once each: `object_store` repeats causes in its texts or leaves them out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

#[async_trait]
impl<T: ObjectStore + MultipartStore> Bucket for ObjectBucket<T> {
    fn describe(&self) -> String {
        self.store.to_string()
    }

    fn separates_uploads(&self) -> bool {
        self.habits.separates_uploads
    }

    fn completion_is_final(&self) -> bool {
        self.habits.completion_is_final
    }

    async fn put_if_absent(&self, key: &str, body: Bytes) -> Put {
        let path = match self.path(key) {
            Ok(path) => path,
            Err(e) => return Put::Unknown(e),
        };
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&path, body.into(), options).await {
            Ok(result) => Put::Created(result.e_tag),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Put::Exists,
            Err(e) => Put::Unknown(failed(format_args!("put if absent of {key}"), &e)),
        }
    }

    async fn put(&self, key: &str, body: Bytes) -> Result<(), StoreError> {
        let put = self.store.put(&self.path(key)?, body.into()).await;
        put.map(|_| ()).map_err(|e| failed(format_args!("put of {key}"), &e))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let what = || format!("get of {key}");
        match self.store.get(&self.path(key)?).await {
            Ok(result) => result.bytes().await.map(Some).map_err(|e| failed(what(), &e)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed(what(), &e)),
        }
    }

    async fn size(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match self.store.head(&self.path(key)?).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(failed(format_args!("head of {key}"), &e)),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let names = self.store.list(Some(&self.path(folder)?)).map_ok(|meta| {
            let name: &str = meta.location.as_ref();
            name.strip_prefix(&self.prefix).unwrap_or(name).to_owned()
        });
        names.try_collect().await.map_err(|e| failed(format_args!("list of {folder}"), &e))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        match self.store.delete(&self.path(key)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(failed(format_args!("delete of {key}"), &e)),
        }
    }

    async fn create_upload(&self, key: &str) -> Result<String, StoreError> {
        let created = self.store.create_multipart(&self.path(key)?).await;
        created.map_err(|e| failed(format_args!("create upload of {key}"), &e))
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        index: usize,
        body: Bytes,
    ) -> Result<String, StoreError> {
        let part = self.store.put_part(&self.path(key)?, &upload.to_owned(), index, body.into()).await;
        part.map(|part| part.content_id).map_err(|e| failed(format_args!("part {index} of {key}"), &e))
    }

    async fn complete(&self, key: &str, upload: &str, parts: &[String]) -> Complete {
        let path = match self.path(key) {
            Ok(path) => path,
            Err(e) => return Complete::Unknown(e),
        };
        let parts = parts.iter().map(|part| PartId { content_id: part.clone() }).collect();
        match self.store.complete_multipart(&path, &upload.to_owned(), parts).await {
            Ok(_) => Complete::Done,
            Err(e) if no_such_upload(&e) => Complete::NoUpload,
            Err(e) => Complete::Unknown(failed(format_args!("complete upload of {key}"), &e)),
        }
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        match self.store.abort_multipart(&self.path(key)?, &upload.to_owned()).await {
            Ok(()) => Ok(()),
            Err(e) if no_such_upload(&e) => Ok(()),
            Err(e) => Err(failed(format_args!("abort upload of {key}"), &e)),
        }
    }
}

/// A store that knows no such upload says 404, or names the code in its body: `NoSuchUpload` of S3 and Google,
/// `InvalidBlockList` of Azure, whose blocks are gone when another upload to the name was completed; "not found" in memory.
fn no_such_upload(error: &Error) -> bool {
    if matches!(error, Error::NotFound { .. }) {
        return true;
    }
    let text = chain(error);
    ["NoSuchUpload", "InvalidBlockList", "404 Not Found", "MultipartUpload not found"]
        .iter()
        .any(|code| text.contains(code))
}

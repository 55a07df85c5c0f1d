//! What the sink asks of a store.

use async_trait::async_trait;
use bytes::Bytes;

/// A request that failed. `what` names the request and the object, `why` is the store's answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct StoreError {
    /// The request and the object.
    pub what: String,
    /// The store's answer.
    pub why: String,
    /// Whether the same request may succeed later: false for refused credentials, a missing bucket and the like.
    pub retriable: bool,
}

/// How a put-if-absent went.
#[derive(Clone, Debug)]
pub enum Put {
    /// The object was made by this request; its ETag, if the store said one.
    Created(Option<String>),
    /// There is an object of this name.
    Exists,
    /// Anything else: an error or a reset. The object may have been made or may yet be.
    Unknown(StoreError),
}

/// How completing an upload went.
#[derive(Clone, Debug)]
pub enum Complete {
    /// The object is there.
    Done,
    /// The store knows no such upload.
    NoUpload,
    /// Anything else.
    Unknown(StoreError),
}

/// A bucket, or a directory that takes the place of one. Names are separated by `/`; no name is another's prefix up to a
/// `/`, since directories and some servers cannot have both.
#[async_trait]
pub trait Bucket: Send + Sync {
    /// For people: where this is.
    fn describe(&self) -> String;

    /// Whether two uploads to one name are told apart by their ids. Where they are not, names must be unique.
    fn separates_uploads(&self) -> bool;

    /// Whether a completion that was answered with success is done, and done by this upload. Some servers say so while another
    /// request still assembles the object, or when there is any object of the name; then the object must be looked at.
    fn completion_is_final(&self) -> bool;

    /// Makes an object if there is none of this name.
    async fn put_if_absent(&self, key: &str, body: Bytes) -> Put;

    /// Makes or replaces an object.
    async fn put(&self, key: &str, body: Bytes) -> Result<(), StoreError>;

    /// An object's bytes; `None` if there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// An object's size; `None` if there is none.
    async fn size(&self, key: &str) -> Result<Option<u64>, StoreError>;

    /// The names of the objects in a folder and below it.
    async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError>;

    /// Removes an object; none is no error.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;

    /// Begins an upload: its id.
    async fn create_upload(&self, key: &str) -> Result<String, StoreError>;

    /// One part of an upload, counted from 0: what [`Bucket::complete`] wants for it.
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        index: usize,
        body: Bytes,
    ) -> Result<String, StoreError>;

    /// Makes the object of an upload visible, whole.
    async fn complete(&self, key: &str, upload: &str, parts: &[String]) -> Complete;

    /// Throws an upload away.
    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError>;
}

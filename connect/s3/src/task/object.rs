//! One open object: an encoder, bytes in memory, bytes on disk, and parts that are uploaded.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use highway_connect_data::{SchemaRef, Value};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::error::{RecordError, TaskError};
use crate::commit::FileRef;
use crate::format::Encoder;
use crate::store::{Bucket, StoreError};

/// What uploads need.
#[derive(Clone)]
pub(super) struct Uploads {
    pub bucket: Arc<dyn Bucket>,
    pub part_size: usize,
    pub in_flight: Arc<Semaphore>,
    pub spill_dir: PathBuf,
}

enum Part {
    Going(JoinHandle<Result<String, StoreError>>),
    Done(String),
}

/// An object that is being written.
pub(super) struct Object {
    key: String,
    encoder: Box<dyn Encoder>,
    memory: Vec<u8>,
    disk: Option<File>,
    on_disk: usize,
    upload: Option<String>,
    parts: Vec<Part>,
    rows: u64,
    /// Bytes that went into parts.
    uploaded: u64,
    min_timestamp: Option<i64>,
    max_timestamp: Option<i64>,
}

impl Object {
    pub(super) fn new(key: String, encoder: Box<dyn Encoder>) -> Self {
        Self {
            key,
            encoder,
            memory: Vec::new(),
            disk: None,
            on_disk: 0,
            upload: None,
            parts: Vec::new(),
            rows: 0,
            uploaded: 0,
            min_timestamp: None,
            max_timestamp: None,
        }
    }

    /// Memory that the object holds, about.
    pub(super) fn held(&self) -> usize {
        self.memory.capacity() + self.encoder.held()
    }

    /// Bytes so far, without what the encoder holds back.
    pub(super) fn bytes(&self) -> u64 {
        self.uploaded + (self.on_disk + self.memory.len()) as u64
    }

    /// Adds a record.
    pub(super) fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        timestamp: Option<i64>,
    ) -> Result<(), RecordError> {
        self.encoder.write(schema, value, &mut self.memory)?;
        self.rows += 1;
        if let Some(at) = timestamp {
            self.min_timestamp = Some(self.min_timestamp.map_or(at, |t| t.min(at)));
            self.max_timestamp = Some(self.max_timestamp.map_or(at, |t| t.max(at)));
        }
        Ok(())
    }

    /// Whether there is a whole part.
    pub(super) fn has_part(&self, uploads: &Uploads) -> bool {
        self.on_disk + self.memory.len() >= uploads.part_size
    }

    /// Sends whole parts on their way. Waits when too many are.
    pub(super) async fn upload_parts(&mut self, uploads: &Uploads) -> Result<(), TaskError> {
        while self.has_part(uploads) {
            let part = self.cut(uploads.part_size).await?;
            self.send(part, uploads).await?;
        }
        Ok(())
    }

    /// Frees memory: the encoder's state goes into bytes, the bytes to disk.
    pub(super) async fn relieve(&mut self, uploads: &Uploads) -> Result<(), TaskError> {
        if let Err(e) = self.encoder.relieve(&mut self.memory) {
            return Err(TaskError::Spill(io::Error::other(e.to_string())));
        }
        self.upload_parts(uploads).await?;
        if self.memory.is_empty() {
            self.memory = Vec::new();
            return Ok(());
        }
        let (memory, disk) = (std::mem::take(&mut self.memory), self.disk.take());
        self.on_disk += memory.len();
        let folder = uploads.spill_dir.clone();
        let file = blocking(move || {
            let mut file = match disk {
                Some(file) => file,
                None => tempfile::tempfile_in(folder)?,
            };
            file.seek(SeekFrom::End(0))?;
            file.write_all(&memory)?;
            Ok(file)
        });
        self.disk = Some(file.await?);
        Ok(())
    }

    /// Uploads what is left and waits for all parts.
    pub(super) async fn finish(&mut self, uploads: &Uploads) -> Result<FileRef, TaskError> {
        if let Err(e) = self.encoder.finish(&mut self.memory) {
            return Err(TaskError::Spill(io::Error::other(e.to_string())));
        }
        self.upload_parts(uploads).await?;
        if self.on_disk + self.memory.len() > 0 || self.parts.is_empty() {
            let rest = self.cut(uploads.part_size).await?;
            self.send(rest, uploads).await?;
        }
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &mut self.parts {
            parts.push(part.wait().await?);
        }
        Ok(FileRef {
            key: self.key.clone(),
            upload: self.upload.clone().unwrap_or_default(),
            parts,
            rows: self.rows,
            bytes: self.uploaded,
            min_timestamp: self.min_timestamp,
            max_timestamp: self.max_timestamp,
        })
    }

    /// Throws all of it away.
    pub(super) async fn discard(mut self, uploads: &Uploads) {
        for part in &mut self.parts {
            // A part that arrives after the abort would stay for ever.
            let _ = part.wait().await;
        }
        if let Some(upload) = &self.upload
            && let Err(e) = uploads.bucket.abort(&self.key, upload).await
        {
            tracing::debug!("upload left behind: {e}");
        }
    }

    /// Takes the next bytes, at the most so many: first those on disk.
    async fn cut(&mut self, at_most: usize) -> Result<Bytes, TaskError> {
        let mut part = Vec::new();
        if let Some(disk) = self.disk.take() {
            let read = blocking(move || read_back(disk));
            part = read.await?;
            self.on_disk = 0;
        }
        if part.is_empty() && self.memory.len() <= at_most {
            return Ok(std::mem::take(&mut self.memory).into());
        }
        if part.len() > at_most {
            // Spilled bytes are below a part's size, as parts are sent before: only other limits bring this about.
            let rest = part.split_off(at_most);
            self.memory.splice(..0, rest);
        } else {
            let take = (at_most - part.len()).min(self.memory.len());
            part.extend(self.memory.drain(..take));
        }
        Ok(part.into())
    }

    async fn send(&mut self, body: Bytes, uploads: &Uploads) -> Result<(), TaskError> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => {
                let upload = uploads.bucket.create_upload(&self.key).await?;
                self.upload = Some(upload.clone());
                upload
            }
        };
        self.uploaded += body.len() as u64;
        let Ok(permit) = uploads.in_flight.clone().acquire_owned().await else {
            return Err(TaskError::Spill(io::Error::other("the task is closed")));
        };
        let (bucket, key, index) = (uploads.bucket.clone(), self.key.clone(), self.parts.len());
        self.parts.push(Part::Going(tokio::spawn(async move {
            let part = bucket.put_part(&key, &upload, index, body).await;
            drop(permit);
            part
        })));
        Ok(())
    }
}

impl Part {
    async fn wait(&mut self) -> Result<String, StoreError> {
        let part = match self {
            Self::Done(part) => part.clone(),
            Self::Going(handle) => match handle.await {
                Ok(part) => part?,
                Err(e) => {
                    return Err(StoreError { what: "part".into(), why: e.to_string(), retriable: true });
                }
            },
        };
        *self = Self::Done(part.clone());
        Ok(part)
    }
}

fn read_back(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, TaskError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(e) => Err(TaskError::Spill(io::Error::other(e.to_string()))),
    }
}

//! A data directory: who owns it, and the partition directories in it.
//!
//! Marks: `highway.lock` is locked by the process that uses the directory; `highway-format` says that the directory is
//! ours and in which format; `partition.metadata` in a partition's directory names its topic id, as Kafka writes it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use highway_types::TopicIdPartition;
use rustix::fs::{FlockOperation, flock};

use crate::error::LogManagerError;

const LOCK: &str = "highway.lock";
const FORMAT: &str = "highway-format";
const FORMAT_VERSION: u32 = 1;
const PARTITION_METADATA: &str = "partition.metadata";

/// A data directory that this process holds.
#[derive(Debug)]
pub struct LogDir {
    path: PathBuf,
    partitions: AtomicUsize,
    _lock: File,
}

impl LogDir {
    /// Takes a directory for this process; makes it if it is missing.
    ///
    /// # Errors
    /// See [`LogManagerError`]: in use, Kafka's, newer, not writable.
    pub fn take(path: &Path) -> Result<Self, LogManagerError> {
        if path.exists() && !path.is_dir() {
            let source = std::io::Error::new(std::io::ErrorKind::NotADirectory, "it is not a directory");
            return Err(LogManagerError::Io { path: path.to_owned(), source });
        }
        fs::create_dir_all(path).map_err(LogManagerError::io(path))?;
        refuse_kafka_data(path)?;
        // Before the lock, which is a write: what is not for this release stays as it is.
        let known = has_format(path)?;
        let lock = lock(path)?;
        if !known && !has_format(path)? {
            write_format(path)?;
        }
        remove_leftovers(path)?;
        let partitions = fs::read_dir(path).map_err(LogManagerError::io(path))?.count();
        Ok(Self { path: path.to_owned(), partitions: AtomicUsize::new(partitions), _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn partitions(&self) -> usize {
        self.partitions.load(Ordering::Relaxed)
    }

    pub(crate) fn count_partition(&self) {
        self.partitions.fetch_add(1, Ordering::Relaxed);
    }
}

fn lock(path: &Path) -> Result<File, LogManagerError> {
    let file_path = path.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&file_path)
        .map_err(LogManagerError::io(&file_path))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut text = String::new();
        let _ = file.read_to_string(&mut text); // only makes the message better
        return Err(LogManagerError::InUse { path: path.to_owned(), pid: text.trim().parse().ok() });
    }
    let write_pid = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write_pid(&mut file).map_err(LogManagerError::io(file_path))?;
    Ok(file)
}

fn refuse_kafka_data(path: &Path) -> Result<(), LogManagerError> {
    if path.join(FORMAT).exists() {
        return Ok(());
    }
    for mark in [
        "meta.properties",
        "bootstrap.checkpoint",
        "recovery-point-offset-checkpoint",
        "__cluster_metadata-0",
    ] {
        if path.join(mark).exists() {
            return Err(LogManagerError::KafkaData { path: path.to_owned(), found: mark.to_owned() });
        }
    }
    Ok(())
}

/// Whether the directory has a format, which then is ours.
fn has_format(path: &Path) -> Result<bool, LogManagerError> {
    let file = path.join(FORMAT);
    match fs::read_to_string(&file) {
        Ok(text) => {
            let found = text.trim().strip_prefix("version=").and_then(|v| v.parse::<u32>().ok());
            match found {
                Some(FORMAT_VERSION) => Ok(true),
                Some(found) => {
                    Err(LogManagerError::NewerFormat { path: file, found, supported: FORMAT_VERSION })
                }
                None => Err(LogManagerError::Corrupt {
                    path: file,
                    detail: format!("'{}' is no version", text.trim()),
                }),
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(LogManagerError::Io { path: file, source }),
    }
}

fn write_format(path: &Path) -> Result<(), LogManagerError> {
    let file = path.join(FORMAT);
    let write = || -> std::io::Result<()> {
        let mut out = File::create(&file)?;
        writeln!(out, "version={FORMAT_VERSION}")?;
        out.sync_all()?;
        File::open(path)?.sync_all()
    };
    write().map_err(LogManagerError::io(&file))
}

/// Directories of deleted partitions that a crash left behind.
fn remove_leftovers(path: &Path) -> Result<(), LogManagerError> {
    for entry in fs::read_dir(path).map_err(LogManagerError::io(path))? {
        let entry = entry.map_err(LogManagerError::io(path))?;
        if entry.file_name().to_str().is_some_and(|n| n.ends_with("-delete")) && entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).map_err(LogManagerError::io(entry.path()))?;
        }
    }
    Ok(())
}

pub(crate) fn make_partition_dir(path: PathBuf, id: TopicIdPartition) -> Result<PathBuf, LogManagerError> {
    fs::create_dir_all(&path).map_err(LogManagerError::io(&path))?;
    let file = path.join(PARTITION_METADATA);
    fs::write(&file, format!("version: 0\ntopic_id: {}\n", kafka_id(id)))
        .map_err(LogManagerError::io(file))?;
    Ok(path)
}

pub(crate) fn adopt_partition_dir(path: PathBuf, id: TopicIdPartition) -> Result<PathBuf, LogManagerError> {
    let file = path.join(PARTITION_METADATA);
    let text = fs::read_to_string(&file).unwrap_or_default();
    let stored = text.lines().find_map(|l| l.strip_prefix("topic_id: ")).map(str::trim);
    match stored {
        Some(stored) if stored == kafka_id(id) => Ok(path),
        // Lost with the power before it was synced: then nothing in the directory was checkpointed either, and what
        // counts is in the journal.
        None => make_partition_dir(path, id),
        Some(_) => {
            let away = path.with_file_name(format!(
                "{}.{}-delete",
                path.file_name().and_then(|n| n.to_str()).unwrap_or("partition"),
                std::process::id()
            ));
            fs::rename(&path, &away).map_err(LogManagerError::io(&path))?;
            fs::remove_dir_all(&away).map_err(LogManagerError::io(&away))?;
            make_partition_dir(path, id)
        }
    }
}

/// Takes a deleted partition's directory its name; gives the one that it has now, which a start removes.
pub(crate) fn retire_partition_dir(path: &Path, id: TopicIdPartition) -> Result<PathBuf, LogManagerError> {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("partition");
    let away = path.with_file_name(format!("{name}.{}-delete", id.topic_id.0.simple()));
    fs::rename(path, &away).map_err(LogManagerError::io(path))?;
    Ok(away)
}

/// Kafka's text form of a UUID: URL-safe base64 without padding.
fn kafka_id(id: TopicIdPartition) -> String {
    highway_types::base64_url(id.topic_id.0.as_bytes())
}

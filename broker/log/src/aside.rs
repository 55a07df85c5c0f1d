//! Side files: appends that only the journal holds, of partitions whose files cannot take them.
//!
//! A failed sync leaves a partition's last appends in the journal alone, and a partition that cannot be opened at a start
//! leaves them there too. So that they do not pin the journal until somebody repairs a disk, they move to a file of
//! their own in the first log directory, and are replayed from there when the partition is opened again. Byte format:
//! `docs/formats/aside.md`.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use highway_types::{JournalPosition, Offset, PartitionIndex, TopicId, TopicIdPartition};
use uuid::Uuid;

use crate::batch::header::{BatchHeader, HEADER_LEN, stored_crc_matches};
use crate::commit_log::{CommitLog, ReplayError};
use crate::error::LogManagerError;
use crate::file::{remove_if_there, sync_dir};

/// The directory within the first log directory.
pub const DIR: &str = "highway-aside";
const MAGIC: &[u8; 4] = b"HWSF";
const END: &[u8; 4] = b"HWSE";
const VERSION: u32 = 1;
/// The batch follows.
const WHOLE: u8 = 0;
/// Only its header follows: the batch was made durable in its segment.
const NAMED: u8 = 1;
const HEAD: usize = 4 + 4 + 16 + 4;

/// The side files of a node.
#[derive(Debug)]
pub(crate) struct Aside {
    dir: PathBuf,
    ids: HashSet<TopicIdPartition>,
}

impl Aside {
    /// Looks which there are.
    pub(crate) fn open(data: &Path) -> Result<Self, LogManagerError> {
        let dir = data.join(DIR);
        let mut ids = HashSet::new();
        match fs::read_dir(&dir) {
            Ok(entries) => {
                for entry in entries {
                    let name = entry.map_err(LogManagerError::io(&dir))?.file_name();
                    match name.to_str().and_then(id_of) {
                        Some(id) => _ = ids.insert(id),
                        // Left behind by a crash; what it should have held is in the journal.
                        None => remove_if_there(&dir.join(name)).map_err(LogManagerError::io(&dir))?,
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(LogManagerError::io(dir)(error)),
        }
        Ok(Self { dir, ids })
    }

    pub(crate) fn ids(&self) -> Vec<TopicIdPartition> {
        self.ids.iter().copied().collect()
    }

    pub(crate) fn has(&self, id: TopicIdPartition) -> bool {
        self.ids.contains(&id)
    }

    /// Visits the batches of a side file in their order; all of them are checked.
    pub(crate) fn replay(
        &self,
        id: TopicIdPartition,
        mut visit: impl FnMut(&BatchHeader, &[u8; HEADER_LEN], Option<&[u8]>) -> Result<(), LogManagerError>,
    ) -> Result<(), LogManagerError> {
        let path = self.path(id);
        let corrupt =
            |detail: &str| LogManagerError::Corrupt { path: path.clone(), detail: detail.to_owned() };
        let io = |error| LogManagerError::io(&path)(error);
        let file = File::open(&path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        let mut file = BufReader::new(file);
        let mut head = [0; HEAD];
        file.read_exact(&mut head).map_err(io)?;
        if head[..4] != *MAGIC || head[8..] != head_of(id)[8..] {
            return Err(corrupt("not the side file of this partition"));
        }
        let version = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        if version > VERSION {
            return Err(LogManagerError::NewerFormat { path, found: version, supported: VERSION });
        }
        let mut batch = Vec::new();
        loop {
            let mut mark = [0; 4];
            file.read_exact(&mut mark).map_err(io)?;
            if mark == *END {
                return Ok(());
            }
            let mut kind = [0];
            file.read_exact(&mut kind).map_err(io)?;
            // Bytes 0 to 20 of a batch lie outside of its own checksum.
            let mut raw = [0; HEADER_LEN];
            file.read_exact(&mut raw).map_err(io)?;
            if u32::from_be_bytes(mark) != header_sum(kind[0], &raw) || kind[0] > NAMED {
                return Err(corrupt("the checksum of a batch's header does not fit"));
            }
            let header = BatchHeader::parse(&raw).map_err(|e| corrupt(&e.to_string()))?;
            if kind[0] == NAMED {
                visit(&header, &raw, None)?;
                continue;
            }
            if header.total_len() as u64 > len {
                return Err(corrupt("a batch is longer than the file"));
            }
            batch.clear();
            batch.extend_from_slice(&raw);
            batch.resize(header.total_len(), 0);
            file.read_exact(&mut batch[HEADER_LEN..]).map_err(io)?;
            if !stored_crc_matches(&batch) {
                return Err(corrupt("the checksum of a batch does not fit"));
            }
            visit(&header, &raw, Some(&batch[HEADER_LEN..]))?;
        }
    }

    /// Copies the appends of `wanted` that lie at or behind the offset given from the journal (`from` on) to side files,
    /// behind what is in these already. Durable when it returns.
    pub(crate) fn take(
        &mut self,
        commit_log: &dyn CommitLog,
        from: JournalPosition,
        wanted: &HashMap<TopicIdPartition, Offset>,
    ) -> Result<(), LogManagerError> {
        if wanted.is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.dir).map_err(LogManagerError::io(&self.dir))?;
        let mut files = HashMap::with_capacity(wanted.len());
        for (id, first) in wanted {
            let mut file = SideFile::create(&self.path(*id).with_extension("tmp"), *id)?;
            let mut next = *first;
            if self.has(*id) {
                self.replay(*id, |header, raw, payload| file.put(header, raw, payload, &mut next))?;
            }
            files.insert(*id, (file, next));
        }
        let copied = commit_log.replay(from, &mut |entry| {
            let Some((file, next)) = files.get_mut(&entry.id) else { return Ok(()) };
            file.put(&entry.header, entry.raw_header, entry.payload, next)
                .map_err(|e| ReplayError::Visitor(e.to_string()))
        });
        copied.map_err(|e| LogManagerError::Replay(e.to_string()))?;
        for (id, (file, _)) in files {
            if file.batches == 0 {
                remove_if_there(&file.path).map_err(LogManagerError::io(&self.dir))?;
                continue;
            }
            file.finish(&self.path(id))?;
            self.ids.insert(id);
        }
        let parent = self.dir.parent().unwrap_or(&self.dir);
        sync_dir(&self.dir).and_then(|()| sync_dir(parent)).map_err(LogManagerError::io(&self.dir))
    }

    /// What is in the side file is in the partition's own files now, or its topic is gone.
    pub(crate) fn remove(&mut self, id: TopicIdPartition) -> Result<(), LogManagerError> {
        if self.ids.remove(&id) {
            remove_if_there(&self.path(id)).map_err(LogManagerError::io(&self.dir))?;
        }
        Ok(())
    }

    fn path(&self, id: TopicIdPartition) -> PathBuf {
        self.dir.join(format!("{}-{}.aside", id.topic_id.0.simple(), id.partition))
    }
}

/// The partition in a side file's name.
fn id_of(name: &str) -> Option<TopicIdPartition> {
    let (topic, partition) = name.strip_suffix(".aside")?.split_once('-')?;
    Some(TopicIdPartition {
        topic_id: TopicId(Uuid::try_parse(topic).ok()?),
        partition: PartitionIndex(partition.parse().ok()?),
    })
}

fn head_of(id: TopicIdPartition) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(MAGIC);
    head[4..8].copy_from_slice(&VERSION.to_be_bytes());
    head[8..24].copy_from_slice(id.topic_id.0.as_bytes());
    head[24..].copy_from_slice(&id.partition.0.to_be_bytes());
    head
}

/// Never the bytes of `END`.
fn header_sum(kind: u8, raw: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(raw);
    let sum = hasher.finalize();
    if sum.to_be_bytes() == *END { !sum } else { sum }
}

struct SideFile {
    path: PathBuf,
    file: BufWriter<File>,
    batches: usize,
}

impl SideFile {
    fn create(path: &Path, id: TopicIdPartition) -> Result<Self, LogManagerError> {
        let mut file = BufWriter::new(File::create(path).map_err(LogManagerError::io(path))?);
        file.write_all(&head_of(id)).map_err(LogManagerError::io(path))?;
        Ok(Self { path: path.to_owned(), file, batches: 0 })
    }

    /// Appends a batch, unless it lies below `next`, which moves behind it.
    fn put(
        &mut self,
        header: &BatchHeader,
        raw: &[u8; HEADER_LEN],
        payload: Option<&[u8]>,
        next: &mut Offset,
    ) -> Result<(), LogManagerError> {
        if header.base_offset < *next {
            return Ok(());
        }
        let mut write = || {
            let kind = if payload.is_some() { WHOLE } else { NAMED };
            self.file.write_all(&header_sum(kind, raw).to_be_bytes())?;
            self.file.write_all(&[kind])?;
            self.file.write_all(raw)?;
            self.file.write_all(payload.unwrap_or_default())
        };
        write().map_err(LogManagerError::io(&self.path))?;
        self.batches += 1;
        *next = header.last_offset().next();
        Ok(())
    }

    fn finish(mut self, to: &Path) -> Result<(), LogManagerError> {
        let mut finish = || -> std::io::Result<()> {
            self.file.write_all(END)?;
            self.file.flush()?;
            self.file.get_ref().sync_all()?;
            fs::rename(&self.path, to)
        };
        finish().map_err(LogManagerError::io(to))
    }
}

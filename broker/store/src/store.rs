//! One RocksDB instance a node.
//!
//! Nothing is written ahead: what a crash takes was not flushed, and is read from the logs again. So an open reads the
//! manifest and replays nothing.

use std::path::{Path, PathBuf};

use highway_types::TopicIdPartition;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, Direction,
    IteratorMode, LogLevel, Options, ReadOptions, WriteBatch, WriteOptions,
};

use crate::keys::{self, Applied};

/// Bytes of the block cache, shared by all families.
const BLOCK_CACHE_BYTES: usize = 1 << 20;
/// Bytes of a family's memtable.
const MEMTABLE_BYTES: usize = 1 << 20;
/// Bytes that a memtable takes at a time.
const ARENA_BYTES: usize = 32 << 10;

/// What a part of the store is derived from and for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A snapshot of the metadata image.
    Metadata,
    /// The last record of each key in `__consumer_offsets`.
    GroupOffsets,
}

impl Family {
    const ALL: [Self; 2] = [Self::Metadata, Self::GroupOffsets];

    const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::GroupOffsets => "group_offsets",
        }
    }
}

/// Why the store cannot be used. The caller may always set its directory aside and replay the logs.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// RocksDB failed.
    #[error("{dir}: {source}")]
    RocksDb {
        /// The directory.
        dir: PathBuf,
        /// What RocksDB says.
        source: rocksdb::Error,
    },
    /// A family is missing or holds bytes of another format.
    #[error("{dir} has format {found}, this release has {}", keys::FORMAT)]
    Format {
        /// The directory.
        dir: PathBuf,
        /// Its format, as far as it can be read.
        found: String,
    },
    /// It cannot be moved out of the way.
    #[error("cannot set {dir} aside: {source}")]
    Aside {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// One change of a family's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Takes all data of the source away.
    Clear,
    /// Sets a value.
    Put(Vec<u8>, Vec<u8>),
    /// Takes a value away.
    Delete(Vec<u8>),
}

/// The store. Calls block: keep them off the threads that serve requests.
#[derive(Debug)]
pub struct Store {
    db: DB,
    dir: PathBuf,
}

impl Store {
    /// Opens or creates the store.
    ///
    /// # Errors
    /// RocksDB fails, or the store has another format.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let cache = Cache::new_lru_cache(BLOCK_CACHE_BYTES);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_max_background_jobs(1);
        options.set_max_open_files(64);
        options.set_keep_log_file_num(1);
        options.set_log_level(LogLevel::Error);
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        options.set_db_write_buffer_size(2 * MEMTABLE_BYTES);
        let families =
            Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), family_options(&cache)));
        let db = DB::open_cf_descriptors(&options, dir, families)
            .map_err(|source| StoreError::RocksDb { dir: dir.to_owned(), source })?;
        let store = Self { db, dir: dir.to_owned() };
        Family::ALL.into_iter().try_for_each(|family| store.check_format(family))?;
        Ok(store)
    }

    /// Opens the store; one that cannot be opened is set aside and begun anew, since it is derived. The second value
    /// says why, if it was.
    ///
    /// # Errors
    /// A new one cannot be made either.
    pub fn open_or_rebuild(dir: &Path) -> Result<(Self, Option<StoreError>), StoreError> {
        match Self::open(dir) {
            Ok(store) => Ok((store, None)),
            Err(why) => {
                Self::set_aside(dir)?;
                Ok((Self::open(dir)?, Some(why)))
            }
        }
    }

    /// Moves the directory of a store that is not open to `DIR.aside`; one that lies there is removed.
    ///
    /// # Errors
    /// As the system says.
    pub fn set_aside(dir: &Path) -> Result<(), StoreError> {
        let error = |source| StoreError::Aside { dir: dir.to_owned(), source };
        let aside = dir.with_extension("aside");
        match std::fs::remove_dir_all(&aside) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => return Err(error(source)),
            _ => {}
        }
        match std::fs::rename(dir, &aside) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(error(source)),
            _ => Ok(()),
        }
    }

    fn check_format(&self, family: Family) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        match self.db.get_cf(handle, keys::FORMAT_KEY).map_err(|e| self.error(e))? {
            None => {
                let mut batch = WriteBatch::default();
                batch.put_cf(handle, keys::FORMAT_KEY, keys::FORMAT.to_be_bytes());
                self.write_batch(batch)
            }
            Some(format) if format == keys::FORMAT.to_be_bytes() => Ok(()),
            Some(format) => {
                let found =
                    <[u8; 4]>::try_from(format).map_or("?".to_owned(), |f| u32::from_be_bytes(f).to_string());
                Err(StoreError::Format { dir: self.dir.clone(), found })
            }
        }
    }

    /// Up to where the family holds `source`; `None` before the first write.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn applied(&self, family: Family, source: TopicIdPartition) -> Result<Option<Applied>, StoreError> {
        let value = self.db.get_cf(self.handle(family)?, keys::applied(source)).map_err(|e| self.error(e))?;
        Ok(value.as_deref().and_then(Applied::decode))
    }

    /// Changes data of `source` and its applied offset as one. Not durable before [`Store::flush`]: what is lost is
    /// replayed.
    ///
    /// # Errors
    /// RocksDB fails; nothing is changed.
    pub fn write(
        &self,
        family: Family,
        source: TopicIdPartition,
        changes: &[Change],
        applied: Applied,
    ) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        let mut batch = WriteBatch::default();
        for change in changes {
            match change {
                Change::Clear => {
                    batch.delete_range_cf(handle, keys::data(source, &[]), keys::data_end(source));
                }
                Change::Put(key, value) => batch.put_cf(handle, keys::data(source, key), value),
                Change::Delete(key) => batch.delete_cf(handle, keys::data(source, key)),
            }
        }
        batch.put_cf(handle, keys::applied(source), applied.encode());
        self.write_batch(batch)
    }

    /// Forgets everything about a source.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn forget(&self, family: Family, source: TopicIdPartition) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        let mut batch = WriteBatch::default();
        batch.delete_range_cf(handle, keys::data(source, &[]), keys::data_end(source));
        batch.delete_cf(handle, keys::applied(source));
        self.write_batch(batch)
    }

    /// Visits the data of a source in the order of the keys, until `visit` fails.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn scan<E>(
        &self,
        family: Family,
        source: TopicIdPartition,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let start = keys::data(source, &[]);
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(keys::data_end(source));
        options.fill_cache(false);
        let mode = IteratorMode::From(&start, Direction::Forward);
        for entry in self.db.iterator_cf_opt(self.handle(family)?, options, mode) {
            let (key, value) = entry.map_err(|e| self.error(e))?;
            if let Err(error) = visit(&key[start.len()..], &value) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    /// Makes a family durable.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn flush(&self, family: Family) -> Result<(), StoreError> {
        self.db.flush_cf(self.handle(family)?).map_err(|e| self.error(e))
    }

    fn write_batch(&self, batch: WriteBatch) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        self.db.write_opt(batch, &options).map_err(|e| self.error(e))
    }

    fn handle(&self, family: Family) -> Result<&ColumnFamily, StoreError> {
        self.db
            .cf_handle(family.name())
            .ok_or_else(|| StoreError::Format { dir: self.dir.clone(), found: "without its families".into() })
    }

    fn error(&self, source: rocksdb::Error) -> StoreError {
        StoreError::RocksDb { dir: self.dir.clone(), source }
    }
}

fn family_options(cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_cache_index_and_filter_blocks(true);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_size(MEMTABLE_BYTES);
    options.set_arena_block_size(ARENA_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_compression_type(DBCompressionType::Lz4);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use highway_types::{Offset, PartitionIndex, TopicId};

    fn source(partition: i32) -> TopicIdPartition {
        TopicIdPartition { topic_id: TopicId(uuid::Uuid::from_u128(3)), partition: PartitionIndex(partition) }
    }

    fn at(offset: i64) -> Applied {
        Applied { offset: Offset(offset), mark: 5 }
    }

    fn put(key: &[u8], value: &[u8]) -> Change {
        Change::Put(key.to_vec(), value.to_vec())
    }

    fn all(store: &Store, source: TopicIdPartition) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut seen = Vec::new();
        let visit = |key: &[u8], value: &[u8]| {
            seen.push((key.to_vec(), value.to_vec()));
            Ok::<(), ()>(())
        };
        store.scan(Family::Metadata, source, visit).unwrap().unwrap();
        seen
    }

    #[test]
    fn data_and_position_stay_together() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.applied(Family::Metadata, source(0)).unwrap(), None);
        let (a, b) = (put(b"k1", b"a"), put(b"k2", b"b"));
        store.write(Family::Metadata, source(0), &[a.clone(), b], at(7)).unwrap();
        store.write(Family::Metadata, source(0), &[Change::Delete(b"k1".to_vec())], at(8)).unwrap();
        store.write(Family::Metadata, source(1), &[a], at(3)).unwrap();
        store.flush(Family::Metadata).unwrap();
        drop(store);
        let (store, rebuilt) = Store::open_or_rebuild(dir.path()).unwrap();
        assert!(rebuilt.is_none());
        assert_eq!(store.applied(Family::Metadata, source(0)).unwrap(), Some(at(8)));
        assert_eq!(store.applied(Family::GroupOffsets, source(0)).unwrap(), None);
        assert_eq!(all(&store, source(0)), [(b"k2".to_vec(), b"b".to_vec())]);
        assert_eq!(all(&store, source(1)), [(b"k1".to_vec(), b"a".to_vec())]);
        store.write(Family::Metadata, source(0), &[Change::Clear, put(b"k3", b"c")], at(9)).unwrap();
        assert_eq!(all(&store, source(0)), [(b"k3".to_vec(), b"c".to_vec())]);
        store.forget(Family::Metadata, source(0)).unwrap();
        assert_eq!(store.applied(Family::Metadata, source(0)).unwrap(), None);
        assert_eq!((all(&store, source(0)).len(), all(&store, source(1)).len()), (0, 1));
    }

    #[test]
    fn another_format_and_damage_are_set_aside() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("store");
        let store = Store::open(&dir).unwrap();
        store.write(Family::Metadata, source(0), &[], at(7)).unwrap();
        store.db.put_cf(store.handle(Family::Metadata).unwrap(), keys::FORMAT_KEY, [0, 0, 0, 9]).unwrap();
        drop(store);
        let error = Store::open(&dir).unwrap_err().to_string();
        assert!(error.contains("format 9"), "{error}");
        let (store, why) = Store::open_or_rebuild(&dir).unwrap();
        assert!(why.is_some() && parent.path().join("store.aside").is_dir());
        assert_eq!(store.applied(Family::Metadata, source(0)).unwrap(), None);
        drop(store);
        std::fs::write(dir.join("CURRENT"), "nonsense").unwrap();
        let (store, why) = Store::open_or_rebuild(&dir).unwrap();
        assert!(why.is_some(), "damage is told");
        assert_eq!(store.applied(Family::Metadata, source(0)).unwrap(), None);
    }
}

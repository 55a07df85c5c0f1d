//! One RocksDB instance a node.

use std::path::{Path, PathBuf};

use highway_types::Offset;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, Direction,
    IteratorMode, Options, WriteBatch, WriteOptions,
};

use crate::keys;

/// Bytes of the block cache, shared by all families.
const BLOCK_CACHE_BYTES: usize = 1 << 20;
/// Bytes of a family's memtable.
const MEMTABLE_BYTES: usize = 1 << 20;

/// What a part of the store is derived from and for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A snapshot of the metadata image.
    Metadata,
    /// Committed offsets of groups.
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

/// Why the store cannot be used. The caller may always delete its directory and replay the logs.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// RocksDB failed.
    #[error("derived store in {dir}: {source}")]
    RocksDb {
        /// The directory.
        dir: PathBuf,
        /// What RocksDB says.
        source: rocksdb::Error,
    },
    /// A family is missing or holds bytes of another format.
    #[error("derived store in {dir} is not in format {}: it must be rebuilt", keys::FORMAT)]
    Format {
        /// The directory.
        dir: PathBuf,
    },
}

/// One change of a family's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
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
        options.set_db_write_buffer_size(2 * MEMTABLE_BYTES);
        let families =
            Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), family_options(&cache)));
        let db = DB::open_cf_descriptors(&options, dir, families)
            .map_err(|source| StoreError::RocksDb { dir: dir.to_owned(), source })?;
        let store = Self { db, dir: dir.to_owned() };
        Family::ALL.into_iter().try_for_each(|family| store.check_format(family))?;
        Ok(store)
    }

    /// Opens the store; one that cannot be opened is thrown away and begun anew, since it is derived.
    ///
    /// # Errors
    /// A new one cannot be made either.
    pub fn open_or_rebuild(dir: &Path) -> Result<Self, StoreError> {
        Self::open(dir).or_else(|_| {
            DB::destroy(&Options::default(), dir)
                .map_err(|source| StoreError::RocksDb { dir: dir.to_owned(), source })?;
            Self::open(dir)
        })
    }

    fn check_format(&self, family: Family) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        match self.db.get_cf(handle, keys::FORMAT_KEY).map_err(|e| self.error(e))? {
            None => self
                .db
                .put_cf(handle, keys::FORMAT_KEY, keys::FORMAT.to_be_bytes())
                .map_err(|source| self.error(source)),
            Some(format) if format == keys::FORMAT.to_be_bytes() => Ok(()),
            Some(_) => Err(StoreError::Format { dir: self.dir.clone() }),
        }
    }

    /// The last offset of `source` that the family holds; `None` before the first.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn applied(&self, family: Family, source: &str) -> Result<Option<Offset>, StoreError> {
        let value = self.db.get_cf(self.handle(family)?, keys::applied(source)).map_err(|e| self.error(e))?;
        Ok(value.as_deref().and_then(keys::read_offset))
    }

    /// Changes data and the applied offset of `source` as one. Not synced: what is lost is replayed.
    ///
    /// # Errors
    /// RocksDB fails; nothing is changed.
    pub fn write(
        &self,
        family: Family,
        changes: &[Change],
        source: &str,
        applied: Offset,
    ) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        let mut batch = WriteBatch::default();
        for change in changes {
            match change {
                Change::Put(key, value) => batch.put_cf(handle, keys::data(key), value),
                Change::Delete(key) => batch.delete_cf(handle, keys::data(key)),
            }
        }
        batch.put_cf(handle, keys::applied(source), keys::offset_value(applied));
        let mut options = WriteOptions::default();
        options.set_sync(false);
        self.db.write_opt(batch, &options).map_err(|e| self.error(e))
    }

    /// A value.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.get_cf(self.handle(family)?, keys::data(key)).map_err(|e| self.error(e))
    }

    /// Visits the data whose keys begin with `prefix`, in the order of the keys.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn scan(
        &self,
        family: Family,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), StoreError> {
        let start = keys::data(prefix);
        let mode = IteratorMode::From(&start, Direction::Forward);
        for entry in self.db.iterator_cf(self.handle(family)?, mode) {
            let (key, value) = entry.map_err(|e| self.error(e))?;
            if !key.starts_with(&start) {
                break;
            }
            visit(&key[1..], &value);
        }
        Ok(())
    }

    fn handle(&self, family: Family) -> Result<&ColumnFamily, StoreError> {
        self.db.cf_handle(family.name()).ok_or_else(|| StoreError::Format { dir: self.dir.clone() })
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
    options.set_max_write_buffer_number(2);
    options.set_compression_type(DBCompressionType::Lz4);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_and_position_stay_together() {
        let dir = tempfile::tempdir().unwrap();
        let put = |key: &[u8], value: &[u8]| Change::Put(key.to_vec(), value.to_vec());
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.applied(Family::Metadata, "m-0").unwrap(), None);
        store.write(Family::Metadata, &[put(b"k1", b"a"), put(b"k2", b"b")], "m-0", Offset(7)).unwrap();
        store.write(Family::Metadata, &[Change::Delete(b"k1".to_vec())], "m-0", Offset(8)).unwrap();
        drop(store);
        let store = Store::open_or_rebuild(dir.path()).unwrap();
        assert_eq!(store.applied(Family::Metadata, "m-0").unwrap(), Some(Offset(8)));
        assert_eq!(store.applied(Family::GroupOffsets, "m-0").unwrap(), None);
        let mut seen = Vec::new();
        store
            .scan(Family::Metadata, b"k", &mut |key, value| seen.push((key.to_vec(), value.to_vec())))
            .unwrap();
        assert_eq!(seen, [(b"k2".to_vec(), b"b".to_vec())]);
    }

    #[test]
    fn another_format_is_rebuilt() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.write(Family::Metadata, &[], "m-0", Offset(7)).unwrap();
        store.db.put_cf(store.handle(Family::Metadata).unwrap(), keys::FORMAT_KEY, b"x").unwrap();
        drop(store);
        assert!(matches!(Store::open(dir.path()), Err(StoreError::Format { .. })));
        let store = Store::open_or_rebuild(dir.path()).unwrap();
        assert_eq!(store.applied(Family::Metadata, "m-0").unwrap(), None);
    }
}

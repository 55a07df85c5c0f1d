//! The records of `__consumer_offsets` in the store: of each key the last one, as compaction would leave it.

use std::collections::HashMap;

use highway_cluster::MetadataImage;
use highway_log::log::Log;
use highway_log::manager::LogManager;
use highway_store::{Applied, Change, Family, Store, StoreError};
use highway_types::{Offset, TopicIdPartition, TopicName};

use super::{Derived, Written};
use crate::coordinators::{LoadError, load_from, load_some, mark_at};

const FAMILY: Family = Family::GroupOffsets;

impl Derived {
    /// Visits key, value and offset of the records of a partition of `__consumer_offsets` that are enough to know its
    /// groups: from the store as far as it goes, the rest from the log.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn load_groups(
        &self,
        log: &Log,
        mut visit: impl FnMut(&[u8], Option<&[u8]>, Offset),
    ) -> Result<(), LoadError> {
        let stored = self.with(|store| {
            let Some(applied) = self.applied_of(store, log)? else { return Ok(None) };
            let seen = store.scan(FAMILY, log.id(), |key, value| {
                visit(key, Some(value), applied.offset);
                Ok::<(), ()>(())
            })?;
            Ok(seen.ok().map(|()| applied.offset.next()))
        });
        // A store that failed half-way does no harm: what it gave is in the log too.
        let from = stored.flatten().unwrap_or(log.offsets().log_start);
        load_from(log, from, |record| {
            if let Some(key) = record.key {
                visit(key, record.value, record.offset);
            }
            Ok(())
        })
    }

    /// Up to where the store holds a log, if what it holds is of this log.
    fn applied_of(&self, store: &Store, log: &Log) -> Result<Option<Applied>, StoreError> {
        let Some(applied) = store.applied(FAMILY, log.id())? else { return Ok(None) };
        if mark_at(log, applied.offset) == Some(applied.mark) {
            return Ok(Some(applied));
        }
        tracing::warn!(
            dir = %log.dir().display(),
            offset = %applied.offset,
            "derived group offsets end at a record that is not in the log: they are read from the log again"
        );
        store.forget(FAMILY, log.id())?;
        Ok(None)
    }

    pub(super) fn write_groups(
        &self,
        store: &Store,
        written: &mut Written,
        image: &MetadataImage,
        logs: &LogManager,
    ) -> Result<(), StoreError> {
        let ids: Vec<TopicIdPartition> =
            image.topic(TopicName::CONSUMER_OFFSETS).iter().flat_map(|t| t.partition_ids()).collect();
        let gone: Vec<_> = written.groups.keys().filter(|id| !ids.contains(id)).copied().collect();
        for id in &gone {
            store.forget(FAMILY, *id)?;
            written.groups.remove(id);
        }
        let mut wrote = !gone.is_empty();
        for log in ids.iter().filter_map(|id| logs.get(*id)) {
            wrote |= self.write_partition(store, written, &log)?;
        }
        if wrote { store.flush(FAMILY) } else { Ok(()) }
    }

    /// True if there was something new.
    fn write_partition(&self, store: &Store, written: &mut Written, log: &Log) -> Result<bool, StoreError> {
        let offsets = log.offsets();
        let mut from = match written.groups.get(&log.id()) {
            Some(next) => *next,
            None => self.applied_of(store, log)?.map_or(offsets.log_start, |a| a.offset.next()),
        };
        written.groups.insert(log.id(), from);
        let before = from;
        while from < offsets.high_watermark {
            let mut last: HashMap<Vec<u8>, Option<Vec<u8>>> = HashMap::new();
            let visited = load_some(log, from, |record| {
                if let Some(key) = record.key {
                    last.insert(key.to_vec(), record.value.map(<[u8]>::to_vec));
                }
                Ok(())
            });
            let visited = match visited {
                Ok(Some(visited)) => visited,
                Ok(None) => break,
                Err(error) => {
                    // The coordinator of the partition tells more about it.
                    tracing::debug!(dir = %log.dir().display(), %error, "derived group offsets stay behind");
                    break;
                }
            };
            let changes: Vec<Change> = last
                .into_iter()
                .map(|(key, value)| match value {
                    Some(value) => Change::Put(key, value),
                    None => Change::Delete(key),
                })
                .collect();
            let applied = Applied { offset: Offset(visited.next.0 - 1), mark: visited.mark };
            store.write(FAMILY, log.id(), &changes, applied)?;
            from = visited.next;
            written.groups.insert(log.id(), from);
        }
        Ok(from > before)
    }
}

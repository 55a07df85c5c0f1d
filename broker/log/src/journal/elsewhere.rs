//! Entries whose payload lies in a file of their own: the file is made durable before the group that names them is
//! written, so a group never promises what is not there.

use std::collections::HashMap;
use std::sync::Arc;

use highway_types::TopicIdPartition;

use crate::commit_log::{AppendEntry, CommitLogError, Stored};

use super::queue::Queued;
use super::sync_pool::SyncPool;

/// See the module.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// Partitions whose file failed, until a restart: what is queued behind the failure would leave a gap.
    lost: HashMap<TopicIdPartition, CommitLogError>,
    /// Of the group at hand, with the partition that each belongs to.
    ids: Vec<TopicIdPartition>,
    files: Vec<Stored>,
    pool: SyncPool,
}

impl Elsewhere {
    /// Makes the files of a group durable. One that fails takes its partition's entries out of this group and of all
    /// that follow.
    pub(super) fn make_durable(&mut self, group: &[Queued]) {
        for entry in entries(group) {
            let Some(stored) = entry.stored.as_ref().filter(|_| self.lost(entry).is_none()) else { continue };
            match self.files.iter_mut().find(|other| Arc::ptr_eq(&other.file, &stored.file)) {
                Some(known) => known.end = known.end.max(stored.end),
                None => {
                    self.ids.push(entry.id);
                    self.files.push(stored.clone());
                }
            }
        }
        if self.files.is_empty() {
            return;
        }
        // All of them are on their way to the disk before the first is waited for.
        for stored in &self.files {
            stored.file.start_sync(stored.end);
        }
        for (index, outcome) in self.pool.sync(&self.files) {
            if let (Err(error), Some(id)) = (outcome, self.ids.get(index).copied()) {
                let error = CommitLogError::NotStored { partition: id, detail: error.to_string().into() };
                tracing::error!(%error, "a segment could not be synced");
                self.lost.insert(id, error);
            }
        }
        self.ids.clear();
        self.files.clear();
    }

    /// Why an entry's partition takes nothing more, if it does not.
    pub(super) fn lost(&self, entry: &AppendEntry) -> Option<&CommitLogError> {
        if self.lost.is_empty() { None } else { self.lost.get(&entry.id) }
    }
}

/// All entries of a group in their order.
pub(super) fn entries(group: &[Queued]) -> impl Iterator<Item = &AppendEntry> {
    group.iter().flat_map(|q| &q.set.entries)
}

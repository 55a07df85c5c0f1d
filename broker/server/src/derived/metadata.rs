//! The metadata image in the store.

use std::sync::Arc;

use highway_cluster::{MetadataImage, MetadataRecord, apply_in_place, apply_part, changed_parts};
use highway_log::log::Log;
use highway_log::manager::LogManager;
use highway_store::{Applied, Change, Family, Store, StoreError};
use highway_types::TopicIdPartition;

use super::{Derived, QUICK_BYTES, Written};
use crate::coordinators::{LoadError, LoadedRecord, load_from, load_some, mark_at};

const SOURCE: TopicIdPartition = TopicIdPartition::CLUSTER_METADATA;

impl Derived {
    /// The image of the log of control records: from the store as far as it goes, the rest from the log.
    ///
    /// # Errors
    /// The log cannot be read, or holds what makes no sense.
    pub fn load_metadata(&self, log: &Log) -> Result<MetadataImage, LoadError> {
        let quick = log.size_bytes() < QUICK_BYTES && !*self.opened.lock();
        if !quick && let Some(stored) = self.stored_image(log) {
            let mut image = MetadataImage::clone(&stored);
            match replay(log, &mut image) {
                Ok(()) => {
                    tracing::debug!(from = ?stored.applied(), to = ?image.applied(), "metadata came from the store");
                    self.written.lock().image = Some(stored);
                    return Ok(image);
                }
                Err(LoadError::Record { offset, detail }) => {
                    self.rebuild(&format!("the control record at offset {offset} does not fit it: {detail}"));
                }
                Err(error) => return Err(error),
            }
        }
        let mut image = MetadataImage::empty();
        replay(log, &mut image)?;
        Ok(image)
    }

    pub(super) fn stored_image(&self, log: &Log) -> Option<Arc<MetadataImage>> {
        let stored = self.with(|store| {
            let Some(applied) = store.applied(Family::Metadata, SOURCE)? else { return Ok(None) };
            let mut image = MetadataImage::empty();
            let read = store.scan(Family::Metadata, SOURCE, |_, part| apply_part(&mut image, part))?;
            Ok(Some((applied, read.map(|()| image))))
        })??;
        let (applied, image) = stored;
        let fault = match image {
            Err(damage) => damage,
            Ok(mut image) => match of_another_log(log, &image, applied) {
                None => {
                    image.set_applied(applied.offset);
                    return Some(Arc::new(image));
                }
                Some(fault) => fault,
            },
        };
        self.rebuild(&fault);
        None
    }

    pub(super) fn write_metadata(
        &self,
        store: &Store,
        written: &mut Written,
        image: &Arc<MetadataImage>,
        logs: &LogManager,
    ) -> Result<(), StoreError> {
        let Some(offset) = image.applied() else { return Ok(()) };
        if written.image.as_ref().is_some_and(|w| w.applied() == Some(offset)) {
            return Ok(());
        }
        // Without the batch there is nothing to bind the store to; the log says so itself when it is read.
        let Some(mark) = mark_at(&logs.metadata_log(), offset) else { return Ok(()) };
        let nothing = MetadataImage::empty();
        let (before, mut changes) = match &written.image {
            Some(before) => (&**before, Vec::new()),
            None => (&nothing, vec![Change::Clear]),
        };
        changes.extend(changed_parts(before, image).into_iter().map(|(key, part)| match part {
            Some(part) => Change::Put(key, part),
            None => Change::Delete(key),
        }));
        store.write(Family::Metadata, SOURCE, &changes, Applied { offset, mark })?;
        store.flush(Family::Metadata)?;
        written.image = Some(Arc::clone(image));
        Ok(())
    }
}

fn replay(log: &Log, image: &mut MetadataImage) -> Result<(), LoadError> {
    let from = image.applied().map_or(log.offsets().log_start, |last| last.next());
    load_from(log, from, |record| {
        let decoded = decode(&record)?;
        apply_in_place(image, &[decoded]).map_err(|e| e.to_string())?;
        image.set_applied(record.offset);
        Ok(())
    })
}

fn decode(record: &LoadedRecord<'_>) -> Result<MetadataRecord, String> {
    let value = record.value.ok_or("control record without value")?;
    MetadataRecord::decode(value).map_err(|e| e.to_string())
}

/// Says why the stored image does not come from this log, if it does not.
fn of_another_log(log: &Log, image: &MetadataImage, applied: Applied) -> Option<String> {
    let mut first = None;
    let read = load_some(log, log.offsets().log_start, |record| {
        if first.is_none() {
            first = decode(&record).ok();
        }
        Ok(())
    });
    match (read, first) {
        (Ok(Some(_)), Some(MetadataRecord::Cluster { cluster_id })) => {
            if image.cluster_id() != Some(&cluster_id) {
                let stored = image.cluster_id().map_or("none".to_owned(), ToString::to_string);
                return Some(format!("it is of cluster {stored}, the logs are of cluster {cluster_id}"));
            }
        }
        _ => return Some("the log of control records does not begin with a cluster id".to_owned()),
    }
    (mark_at(log, applied.offset) != Some(applied.mark))
        .then(|| format!("its last control record, at offset {}, is not in the log", applied.offset))
}

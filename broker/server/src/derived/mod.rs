//! State derived from the logs, in RocksDB, so that a start need not replay them whole: the metadata image and the last
//! record of each key of `__consumer_offsets`.
//!
//! Opened on a thread of its own beside the recovery of the journal, written in the background, never on the way of an
//! acknowledgement. It holds only what was durable in its log when it was written, and the checksum of the last batch
//! applied; a store that does not fit its log, or cannot be read, is set aside and built again. Whatever happens to it
//! costs start-up time only.

mod groups;
mod metadata;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use highway_cluster::MetadataImage;
use highway_log::manager::LogManager;
use highway_store::{Store, StoreError};
use highway_types::{Offset, TopicIdPartition};
use parking_lot::{Condvar, Mutex, RwLock};

/// Bytes of control records that are read faster than RocksDB is opened.
const QUICK_BYTES: u64 = 1 << 20;
/// The store's directory within the first log directory.
pub const DIR: &str = "highway-store";

/// See the module. Calls block.
pub struct Derived {
    dir: PathBuf,
    /// `None` until it is opened, and when it cannot be used.
    store: RwLock<Option<Store>>,
    opened: Mutex<bool>,
    opening_ended: Condvar,
    rebuilt: AtomicBool,
    written: Mutex<Written>,
}

/// What the store holds, as far as this process knows.
#[derive(Default)]
struct Written {
    image: Option<Arc<MetadataImage>>,
    /// The next offset to apply.
    groups: HashMap<TopicIdPartition, Offset>,
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Derived").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Derived {
    /// Starts to open the store in `data`; the first use waits for it.
    #[must_use]
    pub fn open(data: &Path) -> Arc<Self> {
        let derived = Arc::new(Self {
            dir: data.join(DIR),
            store: RwLock::default(),
            opened: Mutex::new(false),
            opening_ended: Condvar::new(),
            rebuilt: AtomicBool::new(false),
            written: Mutex::default(),
        });
        let opener = Arc::clone(&derived);
        let thread = std::thread::Builder::new().name("highway-store".to_owned());
        if let Err(error) = thread.spawn(move || opener.open_now()) {
            tracing::warn!(%error, "derived state is off: no thread to open it");
            derived.opening_is_over();
        }
        derived
    }

    fn open_now(&self) {
        match Store::open_or_rebuild(&self.dir) {
            Ok((store, why)) => {
                if let Some(why) = why {
                    self.tell_rebuild(&why.to_string());
                }
                *self.store.write() = Some(store);
            }
            Err(error) => {
                tracing::warn!(%error, "derived state is off until a restart; every start replays the logs")
            }
        }
        self.opening_is_over();
    }

    fn opening_is_over(&self) {
        *self.opened.lock() = true;
        self.opening_ended.notify_all();
    }

    /// Reads or writes the store; `None` without one. A store that fails at reading is built again.
    fn with<R>(&self, work: impl FnOnce(&Store) -> Result<R, StoreError>) -> Option<R> {
        {
            let mut opened = self.opened.lock();
            while !*opened {
                self.opening_ended.wait(&mut opened);
            }
        }
        let outcome = work(self.store.read().as_ref()?);
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                self.rebuild(&error.to_string());
                None
            }
        }
    }

    /// Sets the store aside and begins a new one, once: a second failure turns it off.
    fn rebuild(&self, why: &str) {
        let mut store = self.store.write();
        drop(store.take()); // its files must be closed before they are moved
        if self.rebuilt.swap(true, Ordering::AcqRel) {
            tracing::warn!(why, "derived state failed again; it is off until a restart");
            return;
        }
        match Store::set_aside(&self.dir).and_then(|()| Store::open(&self.dir)) {
            Ok(fresh) => {
                self.tell_rebuild(why);
                *store = Some(fresh);
            }
            Err(error) => tracing::warn!(why, %error, "derived state is off until a restart"),
        }
    }

    fn tell_rebuild(&self, why: &str) {
        self.rebuilt.store(true, Ordering::Release);
        tracing::warn!(
            dir = %self.dir.display(),
            why,
            "derived state cannot be used: it is set aside and built again from the logs"
        );
    }

    /// Brings the store up to `image` and the high watermarks of the group logs. A failure to write turns the store off:
    /// the next start reads the rest from the logs.
    pub fn write(&self, image: &Arc<MetadataImage>, logs: &LogManager) {
        let mut written = self.written.lock();
        if written.image.is_none() {
            written.image = self.stored_image(&logs.metadata_log());
        }
        let outcome = self.with(|store| {
            let wrote = self
                .write_metadata(store, &mut written, image, logs)
                .and_then(|()| self.write_groups(store, &mut written, image, logs));
            Ok(wrote)
        });
        if let Some(Err(error)) = outcome {
            tracing::warn!(%error, "derived state cannot be written; it stays behind until a restart");
            drop(self.store.write().take());
        }
    }
}

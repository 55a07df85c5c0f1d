//! A thread that asks the disk for bytes ahead of readers. Asking costs as much time as sending does, because the kernel
//! gets the pages ready for it: readers leave that to another core.

use std::fs::File;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::file;

/// Requests that wait; further ones are forgotten, which costs speed only.
const QUEUE: usize = 64;
/// Bytes that are asked for in one call, so that no reader waits behind another's large request.
const STEP: u64 = 1 << 20;

struct Wanted {
    file: Arc<File>,
    from: u64,
    to: u64,
}

/// See the module. The thread starts with the first request and ends when this is dropped.
#[derive(Default)]
pub struct ReadAhead {
    queue: OnceLock<SyncSender<Wanted>>,
}

impl std::fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadAhead")
    }
}

impl ReadAhead {
    /// Asks for `from..to` soon.
    pub(crate) fn ask(&self, file: &Arc<File>, from: u64, to: u64) {
        let wanted = Wanted { file: Arc::clone(file), from, to };
        let _ = self.queue.get_or_init(start).try_send(wanted); // advice
    }
}

fn start() -> SyncSender<Wanted> {
    let (queue, wanted) = sync_channel::<Wanted>(QUEUE);
    let work = move || {
        while let Ok(Wanted { file, from, to }) = wanted.recv() {
            let mut at = from;
            while at < to {
                file::will_need(&file, at, STEP.min(to - at));
                at += STEP;
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("highway-ahead".to_owned()).spawn(work) {
        tracing::warn!(%error, "cannot start the thread that reads ahead");
    }
    queue
}

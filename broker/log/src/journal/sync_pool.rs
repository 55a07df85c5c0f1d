//! Threads that sync several files at the same time: a file system commits them together then, not one after the other.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use crate::commit_log::Stored;

/// Files that are synced at the same time, one of them by the caller.
const AT_ONCE: usize = 4;

#[derive(Default)]
struct Work {
    /// Files to sync, by their place in the caller's list.
    todo: VecDeque<(usize, Stored)>,
    outcomes: Vec<(usize, io::Result<()>)>,
    /// Files that are not done.
    open: usize,
    ending: bool,
}

#[derive(Default)]
struct Shared {
    work: Mutex<Work>,
    /// Rings the threads: there is something to do, or the end is near.
    more: Condvar,
    /// Rings the caller: nothing is open.
    done: Condvar,
}

/// See the module. Its threads start with the first group that has several files and end when it is dropped.
#[derive(Default)]
pub(super) struct SyncPool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl SyncPool {
    /// Syncs all of them and says what became of each, by its place in `files`.
    pub(super) fn sync(&mut self, files: &[Stored]) -> Vec<(usize, io::Result<()>)> {
        if let [one] = files {
            return vec![(0, one.file.sync_up_to(one.end))];
        }
        self.start();
        let mut work = self.shared.work.lock();
        work.todo.extend(files.iter().cloned().enumerate());
        work.open = files.len();
        self.shared.more.notify_all();
        // Threads or not, the caller goes on until nothing is left.
        while let Some(job) = work.todo.pop_front() {
            work = run(&self.shared, work, job);
        }
        while work.open > 0 {
            self.shared.done.wait(&mut work);
        }
        std::mem::take(&mut work.outcomes)
    }

    fn start(&mut self) {
        while self.threads.len() < AT_ONCE - 1 {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name("highway-sync".to_owned());
            match thread.spawn(move || serve(&shared)) {
                Ok(thread) => self.threads.push(thread),
                Err(error) => {
                    tracing::warn!(%error, "cannot start a thread that syncs");
                    return;
                }
            }
        }
    }
}

fn serve(shared: &Shared) {
    let mut work = shared.work.lock();
    while !work.ending {
        match work.todo.pop_front() {
            Some(job) => work = run(shared, work, job),
            None => shared.more.wait(&mut work),
        }
    }
}

type Guard<'a> = parking_lot::MutexGuard<'a, Work>;

/// Syncs one file without the lock.
fn run<'a>(shared: &'a Shared, work: Guard<'a>, (index, stored): (usize, Stored)) -> Guard<'a> {
    drop(work);
    let outcome = stored.file.sync_up_to(stored.end);
    let mut work = shared.work.lock();
    work.outcomes.push((index, outcome));
    work.open -= 1;
    if work.open == 0 {
        shared.done.notify_all();
    }
    work
}

impl Drop for SyncPool {
    fn drop(&mut self) {
        self.shared.work.lock().ending = true;
        self.shared.more.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that syncs panicked");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::commit_log::StoredFile;

    #[derive(Default)]
    struct Counted {
        syncs: AtomicU64,
        fails: bool,
    }

    impl StoredFile for Counted {
        fn start_sync(&self, _end: u64) {}

        fn sync_up_to(&self, end: u64) -> io::Result<()> {
            self.syncs.fetch_add(end, Ordering::SeqCst);
            if self.fails { Err(io::Error::other(format!("file {end}"))) } else { Ok(()) }
        }
    }

    #[test]
    fn every_file_is_synced_once_and_answers_for_itself() {
        let mut pool = SyncPool::default();
        for count in [1, 2, 3, 20, 1, 7] {
            let counted: Vec<Arc<Counted>> =
                (0..count).map(|n| Arc::new(Counted { fails: n % 3 == 1, ..Counted::default() })).collect();
            let files: Vec<Stored> = counted
                .iter()
                .zip(1..)
                .map(|(c, end)| Stored { file: c.clone() as Arc<dyn StoredFile>, end })
                .collect();
            let mut outcomes = pool.sync(&files);
            outcomes.sort_by_key(|(index, _)| *index);
            assert_eq!(
                outcomes.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
                (0..count).collect::<Vec<_>>()
            );
            for ((index, outcome), counted) in outcomes.iter().zip(&counted) {
                assert_eq!(counted.syncs.load(Ordering::SeqCst), *index as u64 + 1);
                let expected = (index % 3 == 1).then(|| format!("file {}", index + 1));
                assert_eq!(outcome.as_ref().err().map(ToString::to_string), expected);
            }
        }
    }
}

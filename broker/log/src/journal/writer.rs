//! The thread that writes: gather, sync the files of large entries, write, tell, sync, tell. It gathers while the sync before runs and never waits on
//! purpose.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::commit_log::CommitLogError;

use super::aligned::AlignedBuf;
use super::elsewhere::{Elsewhere, entries};
use super::file::write_all;
use super::format::{BLOCK, encode_group, inline, to_blocks};
use super::pool::Stamped;
use super::queue::{Phase, Queued};
use super::shared::{Shared, tell_failed};
use super::write_once::{LargeBatches, WriteOnce};

pub(super) struct Writer {
    shared: Arc<Shared>,
    group: Vec<Queued>,
    head: Vec<u8>,
    staging: AlignedBuf,
    elsewhere: Elsewhere,
    write_once: WriteOnce,
    started: Instant,
    file: Option<Stamped>,
    /// Where the next group starts in the file.
    offset: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let staging = AlignedBuf::new(shared.options.write_bytes);
        Self {
            shared,
            group: Vec::new(),
            head: Vec::new(),
            staging,
            elsewhere: Elsewhere::default(),
            write_once: WriteOnce::default(),
            started: Instant::now(),
            file: None,
            offset: 0,
        }
    }

    /// Runs until the journal is closed or fails.
    pub(super) fn run(mut self) {
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            while self.gather() {
                self.commit()?;
            }
            Ok(())
        }));
        let error = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(panic) => {
                let detail = panic_text(panic.as_ref());
                CommitLogError::Failed { operation: "callback", detail: detail.into() }
            }
        };
        let error = self.shared.fail(error);
        for queued in &self.group {
            tell_failed(&queued.set, &error);
        }
    }

    /// Takes the next group; false at the end.
    fn gather(&mut self) -> bool {
        let mut state = self.shared.state.lock();
        loop {
            match state.phase {
                Phase::Failed(_) => return false,
                Phase::Closing if state.queue.is_empty() => return false,
                _ => {}
            }
            if !state.queue.is_empty() {
                state.take_group(&mut self.group);
                return true;
            }
            self.shared.submitted.wait(&mut state);
        }
    }

    fn commit(&mut self) -> Result<(), CommitLogError> {
        if let Some(file) = self.group.first_mut().and_then(|q| q.roll.take()) {
            self.file = Some(file);
            self.offset = BLOCK;
        }
        let failed = |operation| {
            move |error: std::io::Error| CommitLogError::Failed {
                operation,
                detail: error.to_string().into(),
            }
        };
        let start = self.group.first().map_or(0, |q| q.start);
        let end = self.group.last().map_or(0, |q| q.end);
        let weight: u64 = self.group.iter().map(|q| q.weight).sum();
        let stored = entries(&self.group).map(|e| inline(e).len() as u64).sum();
        self.elsewhere.make_durable(&self.group);
        let begun = Instant::now();
        self.write(start, end).map_err(failed("write"))?;
        {
            let mut state = self.shared.state.lock();
            // A failure of the prepare thread in the meantime has emptied the queue.
            state.queued_bytes = state.queued_bytes.saturating_sub(weight);
            self.shared.wake_waiters(&mut state);
        }
        for entry in entries(&self.group) {
            match self.elsewhere.lost(entry) {
                None => entry.observer.written(entry.last_offset.next()),
                Some(error) => entry.observer.failed(error),
            }
        }
        if let Some(file) = &self.file {
            file.slot.file.sync().map_err(failed("sync"))?;
        }
        let on = self.write_once.group(self.started.elapsed(), begun.elapsed(), stored, weight);
        if self.shared.options.large_batches == LargeBatches::Adaptive {
            self.shared.write_once.store(on, Ordering::Relaxed);
        }
        for entry in entries(&self.group).filter(|e| self.elsewhere.lost(e).is_none()) {
            entry.observer.durable(entry.last_offset.next());
        }
        // Only now: whoever reads the position finds the high watermarks where they belong.
        self.shared.publish_durable(end);
        self.group.clear();
        Ok(())
    }

    /// Writes the group through the staging buffer, padded to whole blocks.
    fn write(&mut self, start: u64, end: u64) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Err(std::io::Error::other("no file was assigned")) };
        let header =
            encode_group(&mut self.head, &file.header, start, self.group.iter().map(|q| &q.set), |entry| {
                self.elsewhere.lost(entry).is_some()
            });
        assert_eq!(header.end(), end, "positions count descriptors and payloads");
        let len = to_blocks(header.len());
        assert!(self.offset + len <= file.header.file_bytes, "a set was placed where it does not fit");
        let mut out = Staged { file, staging: self.staging.bytes_mut(), used: 0, at: self.offset };
        out.put(&self.head)?;
        for entry in entries(&self.group) {
            out.put(inline(entry))?;
        }
        out.finish()?;
        self.offset += len;
        Ok(())
    }
}

/// Collects bytes into calls of the staging buffer's size.
struct Staged<'a> {
    file: &'a Stamped,
    staging: &'a mut [u8],
    used: usize,
    at: u64,
}

impl Staged<'_> {
    fn put(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let n = bytes.len().min(self.staging.len() - self.used);
            self.staging[self.used..self.used + n].copy_from_slice(&bytes[..n]);
            self.used += n;
            bytes = &bytes[n..];
            if self.used == self.staging.len() {
                self.write()?;
            }
        }
        Ok(())
    }

    fn write(&mut self) -> std::io::Result<()> {
        write_all(self.file.slot.file.as_ref(), &self.staging[..self.used], self.at, self.staging.len())?;
        self.at += self.used as u64;
        self.used = 0;
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<()> {
        let padded = self.used.next_multiple_of(BLOCK as usize);
        self.staging[self.used..padded].fill(0);
        self.used = padded;
        if self.used > 0 { self.write() } else { Ok(()) }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "an observer panicked".to_owned())
}

//! The thread that gets files ready, so that the way of an append never zeroes, allocates or makes one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::commit_log::CommitLogError;

use super::aligned::AlignedBuf;
use super::file::write_all;
use super::format::{BLOCK, FileHeader};
use super::options::JournalOptions;
use super::pool::{Free, Slot, Stamped};
use super::queue::{Phase, State};
use super::shared::Shared;

/// How long until space is asked for again on a full disk.
const RETRY: Duration = Duration::from_secs(1);

/// Name of the file with this number.
pub(super) fn file_name(index: u32) -> String {
    format!("journal-{index:06}")
}

/// The number in a file's name.
pub(super) fn file_index(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("journal-")?;
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// A new salt.
fn salt() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

/// Runs until the journal is closed or fails.
pub(super) fn run(shared: &Arc<Shared>, dir: &Path) {
    let mut buffer = AlignedBuf::new(shared.options.write_bytes);
    loop {
        match prepare_next(shared, dir, &mut buffer) {
            Step::Done => {}
            Step::Stop => return,
            Step::Wait => {
                let mut state = shared.state.lock();
                if !matches!(state.phase, Phase::Running) {
                    return;
                }
                if state.no_space.is_some() {
                    shared.files_changed.wait_for(&mut state, RETRY);
                } else if !work_to_do(&state, &shared.options) {
                    shared.files_changed.wait(&mut state);
                } else if may_wait(&state, shared) {
                    shared.files_changed.wait_for(&mut state, shared.quiet_for());
                }
            }
        }
    }
}

/// What to do next.
pub(super) enum Step {
    /// At once again.
    Done,
    /// When something changes.
    Wait,
    /// No more.
    Stop,
}

fn work_to_do(state: &State, options: &JournalOptions) -> bool {
    // After an open no file is being written, and old ones are never written again: one more is allowed then, so that a
    // journal that was full can take control records before the first checkpoint frees anything.
    let writing = state.pool.in_use.last().is_some_and(|f| f.end.is_none());
    !state.pool.free.is_empty()
        || (state.pool.ready.len() < options.spare_files && state.pool.total() < options.max_files)
        || (state.pool.ready.is_empty() && !writing)
}

/// Only a new file is wanted, none at once, and the journal was opened just now.
fn may_wait(state: &State, shared: &Shared) -> bool {
    state.pool.free.is_empty() && !state.pool.ready.is_empty() && !shared.quiet_for().is_zero()
}

/// Gets one file ready, if one is wanted.
pub(super) fn prepare_next(shared: &Arc<Shared>, dir: &Path, buffer: &mut AlignedBuf) -> Step {
    let (free, index, epoch) = {
        let mut state = shared.state.lock();
        if !matches!(state.phase, Phase::Running) {
            return Step::Stop;
        }
        if !work_to_do(&state, &shared.options) || may_wait(&state, shared) {
            return Step::Wait;
        }
        let free = state.pool.free.pop_front();
        state.pool.preparing += 1;
        state.next_epoch += 1;
        (free, state.next_index, state.next_epoch)
    };
    let floor = shared.durable();
    let made = match &free {
        Some(free) => Ok(Free { slot: Arc::clone(&free.slot), zeroed: free.zeroed }),
        None => make(&shared.options, dir, index),
    };
    let outcome = made.and_then(|made| {
        stamp(&shared.options, made, epoch, floor, buffer).inspect_err(|_| {
            if free.is_none() {
                // A file that is not whole would only take the space that others need.
                let _ = shared.options.io.remove(&dir.join(file_name(index)));
            }
        })
    });
    let mut state = shared.state.lock();
    state.pool.preparing -= 1;
    match outcome {
        Ok(stamped) => {
            state.next_index += u32::from(free.is_none());
            state.no_space = None;
            state.pool.ready.push_back(stamped);
            shared.wake_waiters(&mut state);
            Step::Done
        }
        // Nothing was promised of a file that is not there yet: what passes is waited for.
        Err(error) if is_no_space(&error) || (free.is_none() && is_out_of_files(&error)) => {
            if state.no_space.is_none() {
                tracing::warn!(dir = %dir.display(), %error, "another journal file cannot be made now");
            }
            state.no_space = Some(error.to_string().into());
            if let Some(free) = free {
                state.pool.free.push_front(Free { zeroed: false, ..free });
            }
            shared.wake_waiters(&mut state);
            Step::Wait
        }
        Err(error) => {
            drop(state);
            shared.fail(CommitLogError::Failed { operation: "prepare", detail: error.to_string().into() });
            Step::Stop
        }
    }
}

fn is_no_space(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// The process or the system has no descriptor left: clients may hold them all for a while.
fn is_out_of_files(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

fn make(options: &JournalOptions, dir: &Path, index: u32) -> io::Result<Free> {
    let path = dir.join(file_name(index));
    let file = options.io.open(&path, true)?;
    options.io.sync_dir(dir)?;
    Ok(Free { slot: Arc::new(Slot { path, file }), zeroed: false })
}

/// Zeroes the file if it needs it, then binds it to a new epoch. Durable when it returns, zeros before header: a file
/// with a header has all of its space.
fn stamp(
    options: &JournalOptions,
    free: Free,
    epoch: u64,
    floor: u64,
    buffer: &mut AlignedBuf,
) -> io::Result<Stamped> {
    let file = free.slot.file.as_ref();
    let chunk = options.write_bytes;
    buffer.bytes_mut().fill(0);
    if !free.zeroed {
        file.allocate(options.file_bytes)?;
        let mut at = 0;
        while at < options.file_bytes {
            let len = (options.file_bytes - at).min(chunk as u64);
            write_all(file, &buffer.bytes()[..usize::try_from(len).unwrap_or(chunk)], at, chunk)?;
            at += len;
        }
        file.sync()?;
        file.drop_cache();
    }
    let header = FileHeader { epoch, salt: salt(), floor, file_bytes: options.file_bytes };
    let encoded = header.encode();
    let block = &mut buffer.bytes_mut()[..BLOCK as usize];
    block[..encoded.len()].copy_from_slice(&encoded);
    write_all(file, block, 0, chunk)?;
    file.sync()?;
    Ok(Stamped { slot: free.slot, header })
}

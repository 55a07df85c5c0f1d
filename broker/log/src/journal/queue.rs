//! What was submitted and is not written, and where it will lie. No I/O here.
//!
//! Whether a set has room is decided when it is submitted, never later. Sets are placed as if each were a group of its
//! own; when the writer puts several into one group, the padding that this saves goes back.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::commit_log::{AppendSet, CommitLogError};

use super::format::{GROUP_HEADER, entry_fault, set_len, to_blocks};
use super::options::JournalOptions;
use super::pool::{Pool, Stamped};

/// A set on its way.
pub(super) struct Queued {
    pub set: AppendSet,
    pub start: u64,
    pub end: u64,
    /// Bytes of its batches, wherever they lie: what memory and disk have to do with it.
    pub weight: u64,
    /// Bytes that were set aside in the file.
    charge: u64,
    /// The file that starts with this set.
    pub roll: Option<Stamped>,
}

/// Whether sets are taken.
#[derive(Clone)]
pub(super) enum Phase {
    Running,
    Closing,
    Failed(CommitLogError),
}

/// The state that appenders, writer and prepare thread share.
pub(super) struct State {
    pub phase: Phase,
    pub pool: Pool,
    pub queue: VecDeque<Queued>,
    /// Bytes of batches submitted and not written.
    pub queued_bytes: u64,
    /// Bytes admitted and not given back.
    pub admitted: u64,
    pub waiters: VecDeque<super::gate::Waiter>,
    /// Position behind the last submitted set.
    pub end: u64,
    /// Bytes left in the file where the last submitted set will lie.
    tail_remaining: u64,
    /// Queued sets that start a file.
    rolls_queued: usize,
    /// Why the last file could not be made.
    pub no_space: Option<Arc<str>>,
    pub next_epoch: u64,
    pub next_index: u32,
    capacity: u64,
    reserve: u64,
    queue_limit: u64,
    group_limit: u64,
}

impl State {
    pub(super) fn new(
        options: &JournalOptions,
        pool: Pool,
        end: u64,
        next_epoch: u64,
        next_index: u32,
    ) -> Self {
        Self {
            phase: Phase::Running,
            pool,
            queue: VecDeque::new(),
            queued_bytes: 0,
            admitted: 0,
            waiters: VecDeque::new(),
            end,
            tail_remaining: 0,
            rolls_queued: 0,
            no_space: None,
            next_epoch,
            next_index,
            capacity: options.capacity(),
            reserve: options.reserve_bytes,
            queue_limit: options.queue_bytes,
            group_limit: options.group_bytes,
        }
    }

    /// Bytes that sets can be placed in now.
    pub(super) fn room(&self) -> u64 {
        self.tail_remaining + self.pool.ready.len() as u64 * self.capacity
    }

    /// Room behind a set that takes `charge` bytes, and whether it starts a new file; `None` if there is none.
    fn place(&self, charge: u64) -> Option<(u64, bool)> {
        if charge <= self.tail_remaining {
            Some((self.room() - charge, false))
        } else if !self.pool.ready.is_empty() && charge <= self.capacity {
            Some((self.pool.ready.len() as u64 * self.capacity - charge, true))
        } else {
            None
        }
    }

    /// The phase as an error.
    pub(super) fn refusal(&self) -> Option<CommitLogError> {
        match &self.phase {
            Phase::Running => None,
            Phase::Closing => Some(CommitLogError::Closed),
            Phase::Failed(error) => Some(error.clone()),
        }
    }

    pub(super) fn no_room(&self, needed: u64) -> CommitLogError {
        match &self.no_space {
            Some(detail) => CommitLogError::NoSpace { needed, detail: Arc::clone(detail) },
            None => CommitLogError::Full { needed, room: self.room() },
        }
    }

    /// Takes a set, or refuses it and changes nothing.
    pub(super) fn submit(&mut self, set: AppendSet) -> Result<u64, CommitLogError> {
        if let Some(refusal) = self.refusal() {
            return Err(refusal);
        }
        if set.entries.is_empty() {
            return Err(CommitLogError::Invalid { detail: "it has no entries".to_owned() });
        }
        if let Some(detail) = set.entries.iter().find_map(entry_fault) {
            return Err(CommitLogError::Invalid { detail });
        }
        let len = set_len(&set);
        let charge = to_blocks(GROUP_HEADER as u64 + len);
        if charge > self.capacity {
            return Err(CommitLogError::TooLarge { bytes: len, max: self.capacity - GROUP_HEADER as u64 });
        }
        let weight = len.max(set.batch_bytes() as u64);
        let control = set.is_control();
        // `admit` keeps the queue short; this bounds it for those who do not ask.
        if !control && self.queued_bytes > 0 && self.queued_bytes + weight > 2 * self.queue_limit {
            return Err(CommitLogError::Busy { queued: self.queued_bytes });
        }
        let Some((left, rolls)) = self.place(charge) else { return Err(self.no_room(len)) };
        if !control && left < self.reserve {
            return Err(self.no_room(len));
        }
        let start = self.end;
        let end = start + len;
        let mut roll = None;
        if rolls {
            roll = self.pool.roll(start);
            assert!(roll.is_some(), "place() saw a ready file");
            self.tail_remaining = self.capacity;
            self.rolls_queued += 1;
        }
        self.tail_remaining -= charge;
        self.queued_bytes += weight;
        self.end = end;
        self.queue.push_back(Queued { set, start, end, weight, charge, roll });
        Ok(end)
    }

    /// Moves the next group into `group`, which is empty: up to the group limit, up to a new file.
    pub(super) fn take_group(&mut self, group: &mut Vec<Queued>) {
        assert!(group.is_empty(), "the group before is done");
        let mut bytes = GROUP_HEADER as u64;
        let mut weight = 0;
        let mut charged = 0;
        while let Some(next) = self.queue.front() {
            let len = next.end - next.start;
            if !group.is_empty() && (next.roll.is_some() || weight + next.weight > self.group_limit) {
                break;
            }
            if let Some(queued) = self.queue.pop_front() {
                self.rolls_queued -= usize::from(queued.roll.is_some());
                bytes += len;
                weight += queued.weight;
                charged += queued.charge;
                group.push(queued);
            }
        }
        let saved = charged - if group.is_empty() { 0 } else { to_blocks(bytes) };
        if self.rolls_queued == 0 {
            self.tail_remaining += saved; // the group lies in the file that the next set goes to
        }
    }

    /// Whether `bytes` of batches may be admitted beside what is admitted and queued already.
    pub(super) fn admissible(&self, bytes: u64) -> bool {
        let waiting = self.admitted + self.queued_bytes;
        if waiting > 0 && waiting + bytes > self.queue_limit {
            return false;
        }
        self.has_room_for(bytes)
    }

    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        // Descriptors are small beside what padding costs at worst.
        let charge = to_blocks(bytes + 2 * GROUP_HEADER as u64).min(self.capacity);
        if self.admitted == 0 {
            return self.place(charge).is_some_and(|(left, _)| left >= self.reserve);
        }
        // A set that does not fit behind the others leaves the rest of a file unused.
        self.room() >= 2 * self.admitted + 2 * charge + self.reserve
    }
}

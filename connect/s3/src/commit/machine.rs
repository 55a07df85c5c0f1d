//! The protocol as a state machine: what a writer may do next. No I/O, no clock, no randomness.
//!
//! The rules that make it right (why: `docs/formats/s3-commit-log.md`):
//!
//! 1. Nobody completes an upload that is not named in an entry which is *genuine*: read or created, and after that a list
//!    of the checkpoints showed none beyond the entry's start.
//! 2. An entry is put only when all objects of the one before it are visible. So only the last can be pending.
//! 3. A checkpoint at a position is put only when all before it is visible, and only then anything before it is deleted. It
//!    is put at the start of the last entry, so that there is always an entry to be read.
//! 4. An upload is aborted only by the writer that made it, when its entry is known not to be genuine.

use std::sync::Arc;

use super::{Entry, FileRef, Position};

/// What the owner of the machine says.
#[derive(Clone, Debug)]
pub enum Command {
    /// Find the end of the chain and complete what is pending. First command, and after [`Outcome::Failed`].
    Open,
    /// Commit what starts at the current end. Only when the machine is ready.
    Commit(Entry),
    /// The store's answer to an effect.
    Reply(Reply),
}

/// What the store said. Lists and reads are repeated by whoever carries them out until there is an answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// All checkpoints, in any order.
    Checkpoints(Vec<Position>),
    /// The entry at the position that was asked for, if there is one.
    Entry(Option<Arc<Entry>>),
    /// How the put of an entry went.
    Put(PutOutcome),
    /// How completing the file of this index went.
    Completed(usize, CompleteOutcome),
    /// Whether the object of this index is visible with the size that it must have.
    Visible(usize, bool),
    /// The put of a checkpoint succeeded or not.
    Checkpointed(bool),
}

/// How a put-if-absent went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The store said that it made the object.
    Created,
    /// The store said that there is one.
    Exists,
    /// Anything else: an error, a reset, a timeout. It may have happened, or may yet happen.
    Unknown,
}

/// How completing an upload went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompleteOutcome {
    /// The object is there.
    Done,
    /// The store knows no such upload: completed before, or gone.
    NoUpload,
    /// Anything else.
    Unknown,
}

/// What is to be done. One at a time, but for [`Effect::Complete`], of which there may be many at once; those without an
/// answer ([`Effect::Abort`], [`Effect::Sweep`], [`Effect::Forget`], [`Effect::Tell`]) may fail or be left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// List the checkpoints: [`Reply::Checkpoints`].
    ListCheckpoints,
    /// Read an entry: [`Reply::Entry`].
    GetEntry(Position),
    /// Create an entry if absent: [`Reply::Put`]. `attempt` counts from 0, for the pause before a repetition.
    PutEntry {
        /// The position that is decided.
        at: Position,
        /// What to write.
        entry: Arc<Entry>,
        /// How often it was tried before.
        attempt: u32,
    },
    /// Complete the upload of a file: [`Reply::Completed`].
    Complete {
        /// The file's index in the entry.
        index: usize,
        /// The file.
        file: FileRef,
        /// How often it was tried before.
        attempt: u32,
    },
    /// Look whether the file's object is there: [`Reply::Visible`].
    Look {
        /// The file's index in the entry.
        index: usize,
        /// The file.
        file: FileRef,
    },
    /// Put a checkpoint (not conditional: what it says stays true): [`Reply::Checkpointed`].
    PutCheckpoint(Position),
    /// Throw an upload of this writer away.
    Abort(FileRef),
    /// Remove an entry of this writer that was found to be below a checkpoint.
    Forget(Position),
    /// Remove entries below `entries` and checkpoints below `checkpoints`.
    Sweep {
        /// The newest checkpoint.
        entries: Position,
        /// The one before it.
        checkpoints: Position,
    },
    /// News for the owner.
    Tell(Outcome),
}

/// News for the owner of the machine.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The chain was read; the next record to write is the one at `end`. A chain without entries leaves it to the consumer's
    /// own position where to begin.
    Opened {
        /// The end of the chain.
        end: Position,
        /// The last entry; `None` without entries.
        last: Option<Arc<Entry>>,
    },
    /// The commit is decided and all its objects are visible.
    Committed {
        /// The new end of the chain.
        end: Position,
    },
    /// Somebody else decided what starts here. The uploads were aborted; the records from `end` on are to be read again.
    Lost {
        /// The end of the chain.
        end: Position,
        /// The last entry.
        last: Option<Arc<Entry>>,
    },
    /// An entry's upload is gone and its object is not there: somebody, or a rule of the bucket, removed it.
    Failed {
        /// The entry.
        at: Position,
        /// The file.
        file: FileRef,
    },
    /// A command came when it was not its turn: a bug of the owner. Nothing was done.
    Refused(&'static str),
}

/// How often completing is tried again when neither upload nor object is there, before it counts as gone. Some stores take
/// the upload away a moment before they show the object.
pub(super) const GONE_AFTER: u32 = 6;

/// What comes after the end of the chain was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Purpose {
    /// Opening.
    Open,
    /// Another writer was faster.
    Lost,
}

#[derive(Debug)]
pub(super) enum State {
    Closed,
    /// A list of checkpoints is under way, to know where the walk starts.
    Listing(Purpose),
    /// Walking: the entry at `at` is being read.
    Walking {
        purpose: Purpose,
        from: Position,
        at: Position,
        last: Option<(Position, Arc<Entry>)>,
    },
    /// The end was reached; a second list shows whether what was read is genuine.
    Confirming {
        purpose: Purpose,
        from: Position,
        end: Position,
        last: Option<(Position, Arc<Entry>)>,
    },
    /// An own entry is being put.
    Putting {
        entry: Arc<Entry>,
        attempt: u32,
    },
    /// The put's answer was not clear, or the name was taken: what is there?
    ReadingBack {
        entry: Arc<Entry>,
        attempt: u32,
    },
    /// The put succeeded: is the entry genuine?
    Checking {
        entry: Arc<Entry>,
    },
    /// Files of a genuine entry are being completed. `purpose` is `None` after an own commit.
    Completing {
        purpose: Option<Purpose>,
        at: Position,
        entry: Arc<Entry>,
        pending: Vec<u32>,
        left: usize,
    },
    /// A checkpoint at this position is being put.
    Checkpointing(Position),
    Ready,
}

/// The writer's side of one topic partition's log.
#[derive(Debug)]
pub struct Machine {
    pub(super) state: State,
    pub(super) end: Position,
    pub(super) newest_checkpoint: Option<Position>,
    pub(super) entries_since: u32,
    pub(super) checkpoint_every: u32,
}

impl Machine {
    /// A machine that puts a checkpoint after so many entries.
    pub fn new(checkpoint_every: u32) -> Self {
        Self {
            state: State::Closed,
            end: Position::START,
            newest_checkpoint: None,
            entries_since: 0,
            checkpoint_every: checkpoint_every.max(1),
        }
    }

    /// Whether a commit may be given.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// The end of the chain, as far as this writer knows.
    pub fn end(&self) -> Position {
        self.end
    }

    /// Takes a command and says what is to be done.
    pub fn step(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Open => self.list(Purpose::Open),
            Command::Commit(entry) => self.commit(entry),
            Command::Reply(reply) => self.reply(reply),
        }
    }

    fn commit(&mut self, entry: Entry) -> Vec<Effect> {
        if !self.is_ready() {
            return vec![Effect::Tell(Outcome::Refused(
                "a commit was given before the last one was answered",
            ))];
        }
        if entry.end <= self.end {
            return vec![Effect::Tell(Outcome::Refused("a commit must end after the end of the chain"))];
        }
        self.put(Arc::new(entry), 0)
    }
}

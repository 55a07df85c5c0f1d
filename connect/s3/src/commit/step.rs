//! The steps of the machine: one function for each answer.

use std::mem;
use std::sync::Arc;

use super::machine::{GONE_AFTER, Purpose, State};
use super::{Command, CompleteOutcome, Effect, Entry, Machine, Outcome, Position, PutOutcome, Reply};

impl Machine {
    pub(super) fn list(&mut self, purpose: Purpose) -> Vec<Effect> {
        self.state = State::Listing(purpose);
        vec![Effect::ListCheckpoints]
    }

    pub(super) fn put(&mut self, entry: Arc<Entry>, attempt: u32) -> Vec<Effect> {
        self.state = State::Putting { entry: entry.clone(), attempt };
        vec![Effect::PutEntry { at: self.end, entry, attempt }]
    }

    pub(super) fn reply(&mut self, reply: Reply) -> Vec<Effect> {
        match (mem::replace(&mut self.state, State::Closed), reply) {
            (State::Listing(purpose), Reply::Checkpoints(all)) => {
                let from = all.into_iter().max().unwrap_or(Position::START);
                self.entries_since = 0;
                self.walk(purpose, from, from, None)
            }
            (State::Walking { purpose, from, at, .. }, Reply::Entry(Some(entry))) => {
                self.entries_since += 1;
                let next = entry.end;
                self.walk(purpose, from, next, Some((at, entry)))
            }
            (State::Walking { purpose, from, at, last }, Reply::Entry(None)) => {
                self.state = State::Confirming { purpose, from, end: at, last };
                vec![Effect::ListCheckpoints]
            }
            (State::Confirming { purpose, from, end, last }, Reply::Checkpoints(all)) => {
                self.confirmed(purpose, from, end, last, all)
            }
            (State::Putting { entry, attempt }, Reply::Put(outcome)) => match outcome {
                PutOutcome::Created => self.check(entry),
                PutOutcome::Exists | PutOutcome::Unknown => {
                    // Taken: perhaps by an earlier try of this very commit whose answer was lost.
                    let again = attempt + u32::from(outcome == PutOutcome::Unknown);
                    self.state = State::ReadingBack { entry, attempt: again };
                    vec![Effect::GetEntry(self.end)]
                }
            },
            (State::ReadingBack { entry, attempt }, Reply::Entry(found)) => match found {
                Some(found) if found.commit == entry.commit => self.check(entry),
                Some(_) => self.lost(&entry),
                // Not there: put it again. If it was there and is deleted by now, the check that follows finds out.
                None => self.put(entry, attempt + 1),
            },
            (State::Checking { entry }, Reply::Checkpoints(all)) => {
                if all.iter().any(|&checkpoint| checkpoint > self.end) {
                    // The position was decided long ago, and its entry deleted: what was just made means nothing.
                    let mut effects = vec![Effect::Forget(self.end)];
                    effects.extend(self.lost(&entry));
                    return effects;
                }
                self.complete(None, self.end, entry)
            }
            (State::Completing { purpose, at, entry, pending, left }, reply) => {
                self.completing(purpose, at, entry, pending, left, reply)
            }
            (State::Checkpointing(at), Reply::Checkpointed(done)) => {
                self.state = State::Ready;
                if !done {
                    return Vec::new(); // Tried again after the next commit.
                }
                self.entries_since = 1;
                let before = self.newest_checkpoint.replace(at);
                vec![Effect::Sweep { entries: at, checkpoints: before.unwrap_or(Position::START) }]
            }
            // After a failure the answers for the other files still come.
            (State::Closed, _) => Vec::new(),
            (state, _) => {
                self.state = state;
                vec![Effect::Tell(Outcome::Refused("an answer came that was not asked for"))]
            }
        }
    }

    fn walk(
        &mut self,
        purpose: Purpose,
        from: Position,
        at: Position,
        last: Option<(Position, Arc<Entry>)>,
    ) -> Vec<Effect> {
        self.state = State::Walking { purpose, from, at, last };
        vec![Effect::GetEntry(at)]
    }

    /// The walk saw the whole chain if no checkpoint came after the one it began at: then nothing that it read can have been
    /// deleted and made anew by a writer of before.
    fn confirmed(
        &mut self,
        purpose: Purpose,
        from: Position,
        end: Position,
        last: Option<(Position, Arc<Entry>)>,
        checkpoints: Vec<Position>,
    ) -> Vec<Effect> {
        let newest = checkpoints.iter().max().copied();
        if newest.unwrap_or(Position::START) > from {
            return self.list(purpose);
        }
        self.newest_checkpoint = newest;
        self.end = end;
        let mut effects = Vec::new();
        if let (Purpose::Open, Some(newest)) = (&purpose, newest) {
            // What a writer that crashed between its checkpoint and the deletion left.
            let before = checkpoints.iter().filter(|&&c| c < newest).max().copied();
            effects.push(Effect::Sweep { entries: newest, checkpoints: before.unwrap_or(Position::START) });
        }
        match last {
            Some((at, entry)) => effects.extend(self.complete(Some(purpose), at, entry)),
            None => effects.extend(self.found(purpose, None)),
        }
        effects
    }

    fn found(&mut self, purpose: Purpose, last: Option<Arc<Entry>>) -> Vec<Effect> {
        self.state = State::Ready;
        let end = self.end;
        let outcome = match purpose {
            Purpose::Open => Outcome::Opened { end, last },
            Purpose::Lost => Outcome::Lost { end, last },
        };
        vec![Effect::Tell(outcome)]
    }

    fn check(&mut self, entry: Arc<Entry>) -> Vec<Effect> {
        self.state = State::Checking { entry };
        vec![Effect::ListCheckpoints]
    }

    fn lost(&mut self, entry: &Entry) -> Vec<Effect> {
        let mut effects: Vec<Effect> = entry.files.iter().cloned().map(Effect::Abort).collect();
        effects.extend(self.list(Purpose::Lost));
        effects
    }

    fn complete(&mut self, purpose: Option<Purpose>, at: Position, entry: Arc<Entry>) -> Vec<Effect> {
        let effects: Vec<Effect> = entry
            .files
            .iter()
            .enumerate()
            .map(|(index, file)| Effect::Complete { index, file: file.clone(), attempt: 0 })
            .collect();
        if effects.is_empty() {
            return self.completed(purpose, at, entry);
        }
        let left = effects.len();
        self.state = State::Completing { purpose, at, entry, pending: vec![0; left], left };
        effects
    }

    fn completing(
        &mut self,
        purpose: Option<Purpose>,
        at: Position,
        entry: Arc<Entry>,
        mut pending: Vec<u32>,
        mut left: usize,
        reply: Reply,
    ) -> Vec<Effect> {
        let (Reply::Completed(index, _) | Reply::Visible(index, _)) = reply else {
            self.state = State::Completing { purpose, at, entry, pending, left };
            return vec![Effect::Tell(Outcome::Refused("an answer came that was not asked for"))];
        };
        let Some(file) = entry.files.get(index).cloned() else {
            self.state = State::Completing { purpose, at, entry, pending, left };
            return vec![Effect::Tell(Outcome::Refused("an answer for a file that there is not"))];
        };
        let effects = match reply {
            Reply::Completed(_, CompleteOutcome::Done) | Reply::Visible(_, true) => {
                left -= 1;
                if left == 0 {
                    return self.completed(purpose, at, entry);
                }
                Vec::new()
            }
            Reply::Completed(_, CompleteOutcome::NoUpload) => vec![Effect::Look { index, file }],
            Reply::Visible(_, false) if pending[index] >= GONE_AFTER => {
                self.state = State::Closed;
                return vec![Effect::Tell(Outcome::Failed { at, file })];
            }
            _ => {
                // Only looks that found nothing count: a store that answers with errors is waited for.
                pending[index] += u32::from(matches!(reply, Reply::Visible(..)));
                vec![Effect::Complete { index, file, attempt: pending[index].max(1) }]
            }
        };
        self.state = State::Completing { purpose, at, entry, pending, left };
        effects
    }

    /// All of an entry is visible.
    fn completed(&mut self, purpose: Option<Purpose>, at: Position, entry: Arc<Entry>) -> Vec<Effect> {
        if let Some(purpose) = purpose {
            return self.found(purpose, Some(entry));
        }
        self.end = entry.end;
        self.entries_since += 1;
        let mut effects = vec![Effect::Tell(Outcome::Committed { end: self.end })];
        if self.entries_since >= self.checkpoint_every {
            self.state = State::Checkpointing(at);
            effects.push(Effect::PutCheckpoint(at));
        } else {
            self.state = State::Ready;
        }
        effects
    }

    /// Open, for tests and shells that want the whole command in one word.
    pub fn open(&mut self) -> Vec<Effect> {
        self.step(Command::Open)
    }
}

#[cfg(test)]
impl Machine {
    /// Whether a list that is under way decides on an own entry.
    pub(super) fn is_checking(&self) -> bool {
        matches!(self.state, State::Checking { .. })
    }

    /// Where the walk began that a list under way is to confirm.
    pub(super) fn confirms_from(&self) -> Option<Position> {
        match &self.state {
            State::Confirming { from, .. } => Some(*from),
            _ => None,
        }
    }
}

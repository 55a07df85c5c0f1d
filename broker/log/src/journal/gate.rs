//! Back-pressure: who may submit how much, in the order of asking.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::commit_log::{Admission, AdmissionLedger, Admit, CommitLogError};

use super::queue::{Phase, State};
use super::shared::Shared;

/// Somebody who waits for room.
pub(super) struct Waiter {
    bytes: u64,
    sender: oneshot::Sender<Result<Admission, CommitLogError>>,
}

impl Shared {
    pub(super) fn admit(self: &Arc<Self>, bytes: u64) -> Admit {
        let mut state = self.state.lock();
        if let Some(refusal) = state.refusal() {
            return Admit::now(Err(refusal));
        }
        if state.waiters.is_empty() && state.admissible(bytes) {
            state.admitted += bytes;
            return Admit::now(Ok(self.admission(bytes)));
        }
        if state.no_space.is_some() && !state.has_room_for(bytes) {
            return Admit::now(Err(state.no_room(bytes)));
        }
        let (sender, receiver) = oneshot::channel();
        state.waiters.retain(|w| !w.sender.is_closed());
        state.waiters.push_back(Waiter { bytes, sender });
        Admit::later(receiver)
    }

    fn admission(self: &Arc<Self>, bytes: u64) -> Admission {
        Admission::new(Arc::clone(self) as Arc<dyn AdmissionLedger>, bytes)
    }

    /// Lets in whoever can go in. To be called after every change that makes room.
    pub(super) fn wake_waiters(self: &Arc<Self>, state: &mut State) {
        while let Some(front) = state.waiters.front() {
            let outcome = if let Some(refusal) = state.refusal() {
                Err(refusal)
            } else if front.sender.is_closed() {
                Err(CommitLogError::Closed) // nobody hears it
            } else if state.admissible(front.bytes) {
                Ok(self.admission(front.bytes))
            } else if state.no_space.is_some() && !state.has_room_for(front.bytes) {
                Err(state.no_room(front.bytes))
            } else {
                return;
            };
            let Some(waiter) = state.waiters.pop_front() else { return };
            let admitted = if outcome.is_ok() { waiter.bytes } else { 0 };
            state.admitted += admitted;
            if let Err(Ok(mut unwanted)) = waiter.sender.send(outcome) {
                unwanted.disarm(); // dropping it here would lock the state again
                state.admitted -= admitted;
            }
        }
    }
}

impl AdmissionLedger for Shared {
    fn give_back(&self, bytes: u64) {
        // `wake_waiters` needs the counted pointer; the journal keeps one for as long as anybody can wait.
        if let Some(this) = self.this() {
            give_back(&this, bytes);
        }
    }
}

fn give_back(shared: &Arc<Shared>, bytes: u64) {
    let mut state = shared.state.lock();
    state.admitted -= bytes;
    if matches!(state.phase, Phase::Running) {
        shared.wake_waiters(&mut state);
    }
}

//! The ledger of memory for requests, shared by tasks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::endpoint::{Admission, Denied, Permit};

/// See [`Admission`].
#[derive(Clone)]
pub(super) struct Memory(Arc<Mutex<Admission>>);

/// What one request holds; given back when it is dropped.
pub(super) struct Held {
    memory: Memory,
    permit: Option<Permit>,
}

impl Memory {
    pub fn new(total: u64) -> Self {
        Self(Arc::new(Mutex::new(Admission::new(total))))
    }

    fn ledger(&self) -> MutexGuard<'_, Admission> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn admit(&self, bytes: u64) -> Result<Held, Denied> {
        let permit = self.ledger().admit(bytes)?;
        Ok(Held { memory: self.clone(), permit: Some(permit) })
    }

    /// Bytes given out, and requests that hold them.
    pub fn taken(&self) -> (u64, usize) {
        let ledger = self.ledger();
        (ledger.taken(), ledger.requests())
    }
}

impl Held {
    pub fn grow(&self, bytes: u64) -> Result<(), Denied> {
        match &self.permit {
            Some(permit) => self.memory.ledger().grow(permit, bytes),
            None => Ok(()),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.memory.ledger().release(permit);
        }
    }
}

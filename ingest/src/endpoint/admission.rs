//! Memory for requests, given out before a body is read.

use std::collections::HashMap;

/// Names bytes that were given out. Not `Clone`: what was taken is given back once.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "the bytes stay taken until the permit is given back"]
pub struct Permit {
    id: u64,
}

/// Why nothing was given out. Both are the node's trouble and not the client's: 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// All is given out.
    #[error("{wanted} bytes wanted, {free} of {total} free; try again")]
    Full {
        /// Bytes that were asked for.
        wanted: u64,
        /// Bytes that are there.
        free: u64,
        /// Bytes in all.
        total: u64,
    },
    /// More than there will ever be.
    #[error("{wanted} bytes wanted, the node has {total} for all requests; send smaller ones")]
    Never {
        /// Bytes that were asked for.
        wanted: u64,
        /// Bytes in all.
        total: u64,
    },
}

/// The ledger: how many bytes each request in flight may hold. A request is admitted with what it announced (or one piece, if it announced
/// nothing), and grows before it reads or unpacks more; so the sum is never above the total.
#[derive(Debug)]
pub struct Admission {
    total: u64,
    taken: u64,
    held: HashMap<u64, u64>,
    next: u64,
}

impl Admission {
    /// With `total` bytes to give out.
    #[must_use]
    pub fn new(total: u64) -> Self {
        Self { total, taken: 0, held: HashMap::new(), next: 0 }
    }

    /// Bytes given out.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Requests in flight.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.held.len()
    }

    fn reserve(&mut self, wanted: u64) -> Result<(), Denied> {
        let free = self.total - self.taken;
        if wanted > self.total {
            return Err(Denied::Never { wanted, total: self.total });
        }
        if wanted > free {
            return Err(Denied::Full { wanted, free, total: self.total });
        }
        self.taken += wanted;
        Ok(())
    }

    /// Admits a request of `bytes`.
    ///
    /// # Errors
    /// They are not there.
    pub fn admit(&mut self, bytes: u64) -> Result<Permit, Denied> {
        self.reserve(bytes)?;
        let id = self.next;
        self.next += 1;
        self.held.insert(id, bytes);
        Ok(Permit { id })
    }

    /// Sees to it that a request holds `bytes` at the least.
    ///
    /// # Errors
    /// They are not there; it holds what it held.
    pub fn grow(&mut self, permit: &Permit, bytes: u64) -> Result<(), Denied> {
        let held = self.held.get(&permit.id).copied().unwrap_or(0);
        let more = bytes.saturating_sub(held);
        self.reserve(more)?;
        self.held.insert(permit.id, held + more);
        Ok(())
    }

    /// Gives everything back that a request held.
    pub fn release(&mut self, permit: Permit) {
        self.taken -= self.held.remove(&permit.id).unwrap_or(0);
    }
}

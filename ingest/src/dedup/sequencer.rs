//! The order in which ids are decided: the one that owns a partition's appends asks here first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use highway_types::Timestamp;

use super::id::EventId;
use super::window::Window;

/// What is known of an id before it is appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// New: append it, and tell what came of it with this ticket.
    Fresh(Ticket),
    /// An earlier try is being appended: wait for what comes of that ticket, and answer the same as a duplicate. If it failed, decide again.
    InFlight(Ticket),
    /// It is committed at this offset.
    Duplicate(i64),
}

/// Names an append that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Decides ids of one partition. Bounded by the appends in flight, which the shell bounds, and the window.
#[derive(Debug)]
pub struct Sequencer {
    window: Window,
    in_flight: HashMap<u128, Ticket>,
    tickets: HashMap<Ticket, EventId>,
    next: u64,
}

impl Sequencer {
    /// Over a window that has caught up with the log.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self { window, in_flight: HashMap::new(), tickets: HashMap::new(), next: 0 }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Ids whose append is under way, or whose outcome is not known.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.tickets.len()
    }

    /// Decides an id. Between this and the append nothing else may be decided.
    pub fn decide(&mut self, id: EventId, now: Timestamp) -> Verdict {
        self.window.advance(now);
        if let Some(offset) = self.window.seen(id) {
            return Verdict::Duplicate(offset);
        }
        match self.in_flight.entry(id.0) {
            Entry::Occupied(entry) => Verdict::InFlight(*entry.get()),
            Entry::Vacant(entry) => {
                let ticket = Ticket(self.next);
                self.next += 1;
                entry.insert(ticket);
                self.tickets.insert(ticket, id);
                Verdict::Fresh(ticket)
            }
        }
    }

    /// The record is committed at `offset`. Commits of one partition are told in the order of their offsets.
    pub fn committed(&mut self, ticket: Ticket, offset: i64, now: Timestamp) {
        if let Some(id) = self.close(ticket) {
            self.window.observe(offset, id, now);
        }
    }

    /// The record is known not to be in the log: the next try is fresh.
    pub fn failed(&mut self, ticket: Ticket) {
        self.close(ticket);
    }

    /// Feeds a record that was read from the log, while outcomes are not known.
    pub fn observe(&mut self, offset: i64, id: EventId, now: Timestamp) {
        if let Some(ticket) = self.in_flight.remove(&id.0) {
            self.tickets.remove(&ticket);
        }
        self.window.observe(offset, id, now);
    }

    /// The log was read to an end that these appends cannot pass any more (their producer is fenced): what was not observed is not
    /// there. Gives for each ticket the offset, or `None` if it is not stored.
    pub fn resolve(&mut self, tickets: &[(Ticket, EventId)]) -> Vec<(Ticket, Option<i64>)> {
        let resolve = |(ticket, id): &(Ticket, EventId)| {
            self.close(*ticket);
            (*ticket, self.window.seen(*id))
        };
        tickets.iter().map(resolve).collect()
    }

    fn close(&mut self, ticket: Ticket) -> Option<EventId> {
        let id = self.tickets.remove(&ticket)?;
        self.in_flight.remove(&id.0);
        Some(id)
    }
}

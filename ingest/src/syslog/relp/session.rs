//! The server's side of one RELP connection.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::frame::{self, Frame, FrameError};

/// What came in, for the shell to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message. It is to be answered once it is committed, or known not to be.
    Message {
        /// What to answer with.
        ticket: Ticket,
        /// The line.
        data: Bytes,
    },
    /// The peer wants to end: when [`Session::done`] says so, the connection may be closed.
    Close,
}

/// Names a message to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is committed.
    Committed,
    /// It is not, and the sender should send it again.
    Failed,
}

/// Why a connection must end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Bytes that are no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A message before `open`, or anything behind `close`.
    #[error("'{command}' is not allowed {state}")]
    Order {
        /// The command.
        command: String,
        /// Where the session was.
        state: &'static str,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Open,
    Closing,
}

#[derive(Debug)]
struct Pending {
    txnr: u32,
    response: Option<Bytes>,
}

/// Frames in, events and responses out. Responses leave in the order of their requests, whatever the order of the
/// commits. Hold back reads while [`full`](Self::full): that bounds what is held.
#[derive(Debug)]
pub struct Session {
    buffer: BytesMut,
    state: State,
    /// Requests without a response, and behind them responses that wait for those.
    pending: VecDeque<Pending>,
    /// The ticket of `pending[0]`.
    base: u64,
    window: usize,
    max_data: usize,
}

const OFFERS: &[u8] = b"200 OK\nrelp_version=0\nrelp_software=highway\ncommands=syslog";

impl Session {
    /// For a new connection: at the most `window` messages without answer, each with `max_data` bytes at the most.
    #[must_use]
    pub fn new(window: usize, max_data: usize) -> Self {
        let (buffer, pending) = (BytesMut::new(), VecDeque::new());
        Self { buffer, state: State::New, pending, base: 0, window: window.max(1), max_data }
    }

    /// Adds bytes that were read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// True while no more messages are taken: read nothing until answers made room.
    #[must_use]
    pub fn full(&self) -> bool {
        self.pending.len() >= self.window
    }

    /// True when the peer closed and every response was given out.
    #[must_use]
    pub fn done(&self) -> bool {
        self.state == State::Closing && self.pending.is_empty()
    }

    /// Messages without an answer.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.pending.iter().filter(|p| p.response.is_none()).count()
    }

    /// The next event; `None` if more bytes, or answers, are needed first.
    ///
    /// # Errors
    /// The connection must end; send [`goodbye`](Self::goodbye) first.
    pub fn next_event(&mut self) -> Result<Option<Event>, SessionError> {
        while !self.full() {
            let Some(frame) = frame::take(&mut self.buffer, self.max_data)? else { return Ok(None) };
            if let Some(event) = self.step(frame)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn step(&mut self, frame: Frame) -> Result<Option<Event>, SessionError> {
        let wrong = |state| {
            let command = String::from_utf8_lossy(&frame.command).into_owned();
            Err(SessionError::Order { command, state })
        };
        match (self.state, &frame.command[..]) {
            (State::Closing, _) => wrong("behind 'close'"),
            (State::Open, b"open") => wrong("twice"),
            (State::New, b"open") => {
                self.state = State::Open;
                self.respond(frame.txnr, Some(Bytes::from_static(OFFERS)));
                Ok(None)
            }
            (State::New, _) => wrong("before 'open'"),
            (State::Open, b"syslog") => {
                let ticket = self.respond(frame.txnr, None);
                Ok(Some(Event::Message { ticket, data: frame.data }))
            }
            (State::Open, b"close") => {
                self.state = State::Closing;
                self.respond(frame.txnr, Some(Bytes::new()));
                Ok(Some(Event::Close))
            }
            (State::Open, _) => {
                self.respond(frame.txnr, Some(Bytes::from_static(b"500 command not offered")));
                Ok(None)
            }
        }
    }

    fn respond(&mut self, txnr: u32, response: Option<Bytes>) -> Ticket {
        self.pending.push_back(Pending { txnr, response });
        Ticket(self.base + self.pending.len() as u64 - 1)
    }

    /// Says what became of a message. A second answer, or one for a message that is not there, changes nothing.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) {
        let Some(index) = ticket.0.checked_sub(self.base) else { return };
        let Some(pending) = usize::try_from(index).ok().and_then(|i| self.pending.get_mut(i)) else { return };
        pending.response.get_or_insert(Bytes::from_static(match answer {
            Answer::Committed => b"200 OK",
            Answer::Failed => b"500 not stored, send it again",
        }));
    }

    /// Appends the responses whose turn it is.
    pub fn output(&mut self, out: &mut Vec<u8>) {
        while let Some(Pending { txnr, response: Some(response) }) = self.pending.front() {
            frame::push(out, *txnr, "rsp", response);
            self.pending.pop_front();
            self.base += 1;
        }
    }

    /// Appends the hint that the server ends the connection.
    pub fn goodbye(out: &mut Vec<u8>) {
        frame::push(out, 0, "serverclose", b"");
    }
}

#[cfg(test)]
#[path = "session_test.rs"]
mod session_test;

//! RELP: syslog whose every message is answered, here when it is committed in the log.
//!
//! `TXNR SP COMMAND SP DATALEN [SP DATA] LF`, as librelp describes it. [`frame`] reads and writes frames,
//! [`Session`] is the server's side of one connection as a state machine.

pub mod frame;
mod session;

pub use frame::{Frame, FrameError};
pub use session::{Answer, Event, Session, SessionError, Ticket};

//! Syslog: bytes from a wire to messages, messages to ECS JSON, RELP. No sockets here.
//!
//! [`parse`] never fails and never loses: the raw line is kept, the PRI comes first and stays whatever follows, every
//! later step is optional, and what was odd is a [`Notes`] flag. A datagram goes through [`datagram::messages`], a
//! connection through [`framing::Deframer`], RELP through [`relp::Session`].
//!
//! Sources: RFC 3164, 5424, 5425, 5426, 6587; librelp's description of RELP; Cisco's, F5's, Palo Alto's and Fortinet's habits as
//! seen in other collectors' tests.

pub mod datagram;
pub mod ecs;
pub mod framing;
mod legacy;
mod legacy_time;
mod message;
mod parse;
mod priority;
mod record;
pub mod relp;
mod rfc5424;
mod structured;
mod zone;

pub use message::{Context, Format, Message, Notes};
pub use parse::parse;
pub use priority::Priority;
pub use record::{EVENT_NAME, record};
pub use structured::{Element, Elements, Param};

#[cfg(test)]
mod property_test;
#[cfg(test)]
mod quirk_test;

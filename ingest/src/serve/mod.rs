//! The shells around the pure parts: sockets, the log, the endpoints of a node.
//!
//! [`Ingest`] is what all of them share. Events take one of two ways into the log: those with an id that a sender may repeat go through
//! the lane of their endpoint and partition ([`lane`]), where ids are decided in the order of the log; syslog messages, whose ids
//! are made here, go straight to the producer. [`http`] and [`syslog`] are the doors, [`api`] is what the admin listener serves.

mod api;
mod checking;
mod extract;
mod http;
mod lane;
mod lanes;
mod live;
mod memory;
mod metrics;
mod openapi;
mod produce;
mod propose;
mod rejects;
mod replay;
mod restore;
mod routing;
mod service;
mod store;
mod syslog;

pub use api::router as admin_router;
pub use http::router as http_router;
pub use service::{Ingest, Options};
pub use store::{EndpointStore, StoreFuture};
pub use syslog::{SyslogError, SyslogListeners, start as start_syslog};

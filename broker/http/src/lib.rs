//! HTTP listeners of a node: one way to bind, to speak TLS, to bound what a client can hold, and to end in good order,
//! for the admin API, the schema registry, ingest and Connect alike.
//!
//! What is served is an [`axum::Router`]; who may call it is the business of the layers in it.

mod listener;
mod tls;

pub use listener::{BindError, HttpListener, HttpOptions, Peer};
pub use tls::{TlsError, TlsFiles, TlsSettings};

//! The way to topics for everything that is not the broker itself: the command line tools, and later connectors,
//! ingest, functions and tracers. It works against any Kafka broker from 2.8 on.
//!
//! [`Client`] knows the cluster: metadata, leaders, coordinators, retries. [`admin`] are its administrative calls,
//! [`Producer`] and [`Consumer`] write and read records. All of them send typed requests through a
//! [`transport::Transport`]: today over TCP; a transport in process hands the same requests to the broker's router
//! without encoding them.

pub mod admin;
pub mod cluster;
mod config;
pub mod consumer;
mod error;
pub mod producer;
pub mod records;
mod retry;
pub mod transport;

pub use cluster::Client;
pub use config::ClientConfig;
pub use consumer::{Consumer, ConsumerConfig, ConsumerEvent, Position};
pub use error::{ClientError, ErrorCode};
pub use producer::{Acks, Delivery, Producer, ProducerConfig, ProducerRecord, RecordMetadata};
pub use records::{Compression, Header, Record};
pub use transport::Endpoint;

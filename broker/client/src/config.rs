//! What every client needs to know.

use std::time::Duration;

use crate::transport::Endpoint;

/// Settings of a [`crate::Client`].
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Brokers to ask first, in this order.
    pub bootstrap: Vec<Endpoint>,
    /// Shown in the broker's logs and group descriptions.
    pub client_id: String,
    /// For a TCP connection to be made.
    pub connect_timeout: Duration,
    /// For the answer to one request.
    pub request_timeout: Duration,
    /// For a call with all its retries.
    pub api_timeout: Duration,
    /// Before the first retry; doubles up to `retry_backoff_max`.
    pub retry_backoff: Duration,
    /// Between retries at the most.
    pub retry_backoff_max: Duration,
    /// Age at which cached metadata is asked for again.
    pub metadata_max_age: Duration,
}

impl ClientConfig {
    /// Kafka's defaults, where Kafka has one.
    #[must_use]
    pub fn new(bootstrap: Vec<Endpoint>) -> Self {
        Self {
            bootstrap,
            client_id: "highway".to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            api_timeout: Duration::from_secs(60),
            retry_backoff: Duration::from_millis(50),
            retry_backoff_max: Duration::from_secs(1),
            metadata_max_age: Duration::from_secs(300),
        }
    }
}

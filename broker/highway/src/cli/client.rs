//! Arguments of every command that talks to a cluster.

use std::time::Duration;

use clap::Args;
use highway_client::{Client, ClientConfig, Endpoint};

use crate::failure::Failure;
use crate::output::Format;
use crate::times::parse_duration;

/// How results are written.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// How results are written
    #[arg(short = 'o', long = "output", value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,
}

impl OutputArgs {
    /// JSON is wanted.
    pub fn is_json(&self) -> bool {
        self.output == Format::Json
    }
}

/// Which cluster.
#[derive(Debug, Args)]
pub struct ClientArgs {
    /// Brokers to ask first, HOST:PORT between commas
    #[arg(
        short,
        long,
        value_name = "HOST:PORT",
        env = "HIGHWAY_BOOTSTRAP",
        default_value = "127.0.0.1:9092"
    )]
    pub bootstrap: String,
    /// How long a call may take, with retries (500ms, 10s, 1m)
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}

/// Reads a duration for clap.
pub fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "give a number and a unit: 500ms, 10s, 5m, 2h, 1d".to_owned())
}

impl ClientArgs {
    /// Connects.
    pub async fn connect(&self) -> Result<Client, Failure> {
        Ok(Client::connect(self.config()?).await?)
    }

    /// Settings of the client.
    pub fn config(&self) -> Result<ClientConfig, Failure> {
        let bootstrap = Endpoint::list(&self.bootstrap)
            .map_err(|e| Failure::usage(format!("--bootstrap: {e}")).hint("for example 127.0.0.1:9092"))?;
        let mut config = ClientConfig::new(bootstrap);
        config.client_id = "highway-cli".to_owned();
        config.api_timeout = self.timeout;
        config.request_timeout = self.timeout;
        config.connect_timeout = self.timeout.min(config.connect_timeout);
        Ok(config)
    }
}

//! Apache Kafka 4.3.1 as a process: the oracle of behaviour and the peer of benchmarks.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::broker::Broker;
use crate::process::Process;
use crate::wait::eventually;
use crate::{ports, repository};

/// Alone a start takes four seconds; beside two builds it was seen to take ten.
const START_LIMIT: Duration = Duration::from_secs(120);

/// One node of Apache Kafka on loopback, killed when dropped.
#[derive(Debug)]
pub struct Oracle {
    process: Process,
    bootstrap: String,
    directory: TempDir,
}

impl Oracle {
    /// Starts Kafka with small, stock settings.
    pub fn start() -> Oracle {
        Oracle::start_with(&[])
    }

    /// Starts Kafka with further broker settings (`num.partitions`, ...). Fetches its jars when they are not there yet.
    pub fn start_with(settings: &[(&str, &str)]) -> Oracle {
        let mut log = String::new();
        for _ in 0..3 {
            match Oracle::try_start(settings) {
                Ok(oracle) => return oracle,
                Err(failed) => log = failed, // another process may have taken the port
            }
        }
        panic!("Apache Kafka did not start three times; its log:\n{log}");
    }

    /// The folder with its configuration (`server.properties`), data (`data`) and log (`kafka.log`).
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    fn try_start(settings: &[(&str, &str)]) -> Result<Oracle, String> {
        let directory =
            tempfile::Builder::new().prefix("highway-kafka").tempdir().expect("a temporary folder");
        let [port, controller] = ports::free();
        let mut command = Command::new(repository().join("tests/oracle/start.sh"));
        command.arg(directory.path()).arg(port.to_string()).arg(controller.to_string());
        command.args(settings.iter().map(|(key, value)| format!("{key}={value}")));
        let mut process = Process::start("kafka", command, &directory.path().join("kafka.log"))
            .expect("the oracle's script can be run");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let up = eventually(START_LIMIT, || match process.ended() {
            Some(_) => Some(false),
            None => TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok().then_some(true),
        });
        if up == Some(true) {
            return Ok(Oracle { process, bootstrap: address.to_string(), directory });
        }
        let log = process.log_tail();
        process.kill();
        Err(log)
    }
}

impl Broker for Oracle {
    fn kind(&self) -> &'static str {
        "kafka"
    }

    fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    fn pid(&self) -> u32 {
        self.process.pid()
    }
}

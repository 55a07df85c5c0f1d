//! Apache Kafka 4.3.1 as a process: the oracle of behaviour and the peer of benchmarks.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
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
    /// Port, controller's port, settings: what it is started with again.
    arguments: Vec<String>,
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
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn try_start(settings: &[(&str, &str)]) -> Result<Oracle, String> {
        let directory =
            tempfile::Builder::new().prefix("highway-kafka").tempdir().expect("a temporary folder");
        let [port, controller] = ports::free();
        let arguments: Vec<String> = [port.to_string(), controller.to_string()]
            .into_iter()
            .chain(settings.iter().map(|(key, value)| format!("{key}={value}")))
            .collect();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let process = run(directory.path(), &arguments, address)?;
        Ok(Oracle { process, bootstrap: address.to_string(), arguments, directory })
    }

    /// Ends it in order and starts it again on the same data and port.
    pub fn restart(&mut self) {
        self.process.terminate(START_LIMIT);
        let address = self.bootstrap.parse().expect("an address of its own");
        self.process = run(self.directory.path(), &self.arguments, address)
            .unwrap_or_else(|log| panic!("Apache Kafka did not start again; its log:\n{log}"));
    }
}

/// Starts the process and waits until it listens; an error is the end of its log.
fn run(directory: &Path, arguments: &[String], address: SocketAddr) -> Result<Process, String> {
    let mut command = Command::new(repository().join("tests/oracle/start.sh"));
    command.arg(directory).args(arguments);
    let mut process = Process::start("kafka", command, &directory.join("kafka.log"))
        .expect("the oracle's script can be run");
    let up = eventually(START_LIMIT, || match process.ended() {
        Some(_) => Some(false),
        None => TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok().then_some(true),
    });
    if up == Some(true) {
        return Ok(process);
    }
    let log = process.log_tail();
    process.kill();
    Err(log)
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

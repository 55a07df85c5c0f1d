//! The brokers that are compared.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::load::wire::connect;
use crate::machine::process::Process;

/// Flags of Kafka's own start script.
const STOCK_JVM: &str = "-Xmx1G -Xms1G -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
                         -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent";

/// What can be started.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Highway as it comes: synced before the answer
    Highway,
    /// Highway with highway.durability=page-cache
    HighwayPageCache,
    /// Apache Kafka as it comes: page cache
    Kafka,
    /// Apache Kafka with flush.messages=1
    KafkaFlush,
    /// A broker that stores nothing
    Zero,
}

impl Kind {
    /// Whether it syncs before it answers.
    pub fn syncs(self) -> bool {
        matches!(self, Kind::Highway | Kind::KafkaFlush)
    }

    /// All.
    pub const ALL: [Kind; 5] =
        [Kind::Highway, Kind::HighwayPageCache, Kind::Kafka, Kind::KafkaFlush, Kind::Zero];

    /// As it stands in tables.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Highway => "Highway, durable",
            Kind::HighwayPageCache => "Highway, page cache",
            Kind::Kafka => "Kafka, page cache",
            Kind::KafkaFlush => "Kafka, flush.messages=1",
            Kind::Zero => "zero-work",
        }
    }
}

/// A running broker in a directory of its own.
#[derive(Debug)]
pub struct System {
    pub kind: Kind,
    pub address: SocketAddr,
    directory: TempDir,
    controller_port: u16,
    process: Option<Process>,
}

impl System {
    /// Starts a broker under `parent` and waits until it listens.
    pub fn start(kind: Kind, parent: &Path) -> Result<System> {
        let directory = tempfile::Builder::new().prefix("highway-bench").tempdir_in(parent)?;
        let (port, controller_port) = two_free_ports()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut system = System { kind, address, directory, controller_port, process: None };
        system.launch()?;
        connect(address, Duration::from_secs(120))
            .with_context(|| format!("{} does not listen", kind.label()))?;
        Ok(system)
    }

    /// Starts the process again, without waiting for anything.
    pub fn launch(&mut self) -> Result<()> {
        let directory = self.directory.path();
        let port = self.address.port();
        let command = match self.kind {
            Kind::Highway | Kind::HighwayPageCache => {
                let config = directory.join("node.properties");
                let durability = if self.kind == Kind::Highway { "fsync" } else { "page-cache" };
                std::fs::write(
                    &config,
                    format!(
                        "listeners=PLAINTEXT://127.0.0.1:{port}\nlog.dirs={}\nhighway.admin.listener=off\n\
                         highway.registry.listener=off\nhighway.ingest.listener=off\nhighway.syslog.udp.listener=off\nhighway.syslog.tcp.listener=off\nhighway.durability={durability}\n",
                        directory.join("data").display()
                    ),
                )?;
                let mut command = Command::new(highway()?);
                command.arg("server").arg("--config").arg(config);
                command
            }
            Kind::Kafka | Kind::KafkaFlush => {
                let mut command = Command::new(repository().join("tests/oracle/start.sh"));
                command.arg(directory).arg(port.to_string()).arg(self.controller_port.to_string());
                command.env("HIGHWAY_KAFKA_OPTS", STOCK_JVM);
                // Deleted topics would lie in the page cache for another minute.
                command.arg("log.segment.delete.delay.ms=100");
                if self.kind == Kind::KafkaFlush {
                    command.arg("log.flush.interval.messages=1");
                }
                command
            }
            Kind::Zero => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["zero", "--port", &port.to_string()]);
                command
            }
        };
        self.process = Some(Process::start(command, &directory.join("log"))?);
        Ok(())
    }

    /// Ends the process in good order; its directory stays.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop(Duration::from_secs(60));
        }
    }

    /// The process's id.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.process.as_ref().context("the broker was stopped")?.pid())
    }

    /// The directory that is its own, on the disk it writes to.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// What it printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

/// The binary under test: `HIGHWAY_BIN`, or the one beside this one.
fn highway() -> Result<PathBuf> {
    match std::env::var_os("HIGHWAY_BIN") {
        Some(path) => Ok(path.into()),
        None => Ok(std::env::current_exe()?.with_file_name("highway")),
    }
}

/// The repository's root folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

fn two_free_ports() -> Result<(u16, u16)> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let second = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((first.local_addr()?.port(), second.local_addr()?.port()))
}

//! The real `highway` binary as a process on free ports.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::binary;
use crate::broker::Broker;
use crate::process::{Process, describe};
use crate::wait::eventually;

/// Generous: the machine may be building something else.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Settings of a node before it is started.
#[derive(Debug, Default)]
pub struct NodeBuilder {
    settings: BTreeMap<String, String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    directory: Option<PathBuf>,
}

impl NodeBuilder {
    /// A line of the configuration file; replaces the harness's own value of that key.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// An environment variable of the process.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A command that is put in front of the binary (`strace -f -o FILE`, `eatmydata`, ...).
    pub fn wrapper(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(|&w| w.to_owned()).collect();
        self
    }

    /// Keeps everything in `directory`, which stays, instead of in a temporary one.
    pub fn directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_path_buf());
        self
    }

    /// Starts the node and waits until it listens; panics with its log when it does not.
    pub fn start(self) -> Node {
        match self.try_start() {
            Ok(node) => node,
            Err(failure) => panic!("the node did not start: {failure}"),
        }
    }

    /// Like [`NodeBuilder::start`]; an error holds how the process ended and what it printed.
    pub fn try_start(self) -> Result<Node, StartFailure> {
        let temporary =
            tempfile::Builder::new().prefix("highway-node").tempdir().expect("a temporary folder");
        let directory = self.directory.unwrap_or_else(|| temporary.path().to_path_buf());
        let mut settings = BTreeMap::from([
            ("listeners".to_owned(), "PLAINTEXT://127.0.0.1:0".to_owned()),
            ("highway.admin.listener".to_owned(), "127.0.0.1:0".to_owned()),
            ("highway.registry.listener".to_owned(), "127.0.0.1:0".to_owned()),
            ("highway.ingest.listener".to_owned(), "127.0.0.1:0".to_owned()),
            ("highway.syslog.udp.listener".to_owned(), "off".to_owned()),
            ("highway.syslog.tcp.listener".to_owned(), "off".to_owned()),
            ("log.dirs".to_owned(), directory.join("data").display().to_string()),
            ("group.initial.rebalance.delay.ms".to_owned(), "0".to_owned()),
        ]);
        settings.extend(self.settings);
        let mut node = Node {
            settings,
            environment: self.environment,
            wrapper: self.wrapper,
            directory,
            _temporary: temporary,
            process: None,
            bootstrap: String::new(),
            admin: None,
            registry: None,
            registry_used: AtomicBool::new(false),
        };
        node.try_start()?;
        Ok(node)
    }
}

/// A node that ended, or did not listen in time, when it should have started.
#[derive(Debug)]
pub struct StartFailure {
    /// How it ended; `None` when it was running without listening.
    pub status: Option<ExitStatus>,
    /// The end of what it printed.
    pub log: String,
}

impl std::fmt::Display for StartFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = self.status.map_or_else(|| format!("not listening after {START_LIMIT:?}"), describe);
        write!(f, "{how}\n{}", self.log)
    }
}

/// One Highway node, killed when dropped. Its files lie in [`Node::directory`]: `data` (log.dirs), `node.properties`, `node.log`.
#[derive(Debug)]
pub struct Node {
    settings: BTreeMap<String, String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    directory: PathBuf,
    // Dropped before the folder with its log.
    process: Option<Process>,
    _temporary: TempDir,
    bootstrap: String,
    admin: Option<String>,
    registry: Option<String>,
    /// Clients of the registry keep its address over a restart.
    registry_used: AtomicBool,
}

impl Node {
    /// A node with the harness's settings.
    pub fn start() -> Node {
        Node::builder().start()
    }

    /// Settings first.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::default()
    }

    /// The folder of all its files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The first of `log.dirs`.
    pub fn data(&self) -> PathBuf {
        PathBuf::from(self.settings["log.dirs"].split(',').next().unwrap_or_default())
    }

    /// HOST:PORT of the admin listener (metrics, health); panics when it is off.
    pub fn admin(&self) -> &str {
        self.admin.as_deref().expect("the admin listener is on")
    }

    /// HOST:PORT of the schema registry; panics when it is off.
    pub fn registry(&self) -> &str {
        self.registry_used.store(true, Ordering::Relaxed);
        self.registry.as_deref().expect("the schema registry is on")
    }

    /// HOST:PORT of a listener beside the broker, by its name in the node's file (`ingest`, `syslog-udp`, ...); panics when it is off.
    pub fn part(&self, name: &str) -> String {
        let path = self.data().join("highway-node.json");
        let text = std::fs::read_to_string(&path).expect("the node's file is there");
        let json: serde_json::Value = serde_json::from_str(&text).expect("the node's file is JSON");
        json[name].as_str().unwrap_or_else(|| panic!("no listener {name} in {json}")).to_owned()
    }

    /// The end of what the node logged.
    pub fn log_tail(&self) -> String {
        self.process.as_ref().map_or_else(String::new, Process::log_tail)
    }

    /// Whether the process is there.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|p| p.ended().is_none())
    }

    /// The process, for signals and waits of a test's own.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the node was started")
    }

    /// `kill -9`; the directory stays for [`Node::restart`].
    pub fn kill(&mut self) {
        self.process().kill();
    }

    /// SIGTERM and a graceful end; panics when the exit code is not 0.
    pub fn stop(&mut self) {
        let status = self.process().terminate(STOP_LIMIT);
        assert!(status.success(), "a graceful stop ended with {}:\n{}", describe(status), self.log_tail());
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
    }

    /// Sets an environment variable for the next start.
    pub fn set_env(&mut self, key: &str, value: &str) {
        self.environment.push((key.to_owned(), value.to_owned()));
    }

    /// Starts again on the same directory and, so that clients find it again, the same ports.
    pub fn restart(&mut self) {
        if let Err(failure) = self.try_restart() {
            panic!("the node did not start again: {failure}");
        }
    }

    /// Like [`Node::restart`]; an error holds how the process ended and what it printed.
    pub fn try_restart(&mut self) -> Result<(), StartFailure> {
        if self.is_running() {
            self.kill();
        }
        let off = self.settings.get("highway.registry.listener").is_some_and(|at| at == "off");
        let used = self.registry_used.load(Ordering::Relaxed) && !off;
        if let Some(registry) = self.registry.clone().filter(|_| used) {
            self.settings.insert("highway.registry.listener".to_owned(), registry);
        }
        // Somebody's outgoing connection may have got a port of before for its own end, for a moment.
        let mut refused = None;
        let started = eventually(START_LIMIT, || match self.try_start() {
            Err(failure) if failure.log.contains("Address already in use") => {
                refused = Some(failure);
                None
            }
            other => Some(other),
        });
        started.or(refused.map(Err)).expect("one of both")
    }

    fn try_start(&mut self) -> Result<(), StartFailure> {
        std::fs::create_dir_all(&self.directory).expect("the node's folder can be made");
        let config = self.directory.join("node.properties");
        let mut text = String::new();
        for (key, value) in &self.settings {
            writeln!(text, "{key}={value}").expect("a string takes all");
        }
        std::fs::write(&config, text).expect("the configuration can be written");
        let mut words = self.wrapper.iter().map(String::as_str);
        let mut command = match words.next() {
            Some(first) => {
                let mut wrapped = Command::new(first);
                wrapped.args(words).arg(binary::highway());
                wrapped
            }
            None => Command::new(binary::highway()),
        };
        command.arg("server").arg("--config").arg(&config).envs(self.environment.iter().map(|(k, v)| (k, v)));
        let mut process = Process::start("highway", command, &self.directory.join("node.log"))
            .expect("the binary can be started");
        let data = self.data();
        let wrapped = !self.wrapper.is_empty();
        let found = eventually(START_LIMIT, || {
            // A wrapper may run the node as its child; a file of a process that is gone is from before.
            let alive = |pid: u32| Path::new("/proc").join(pid.to_string()).exists();
            let listening =
                read_node_file(&data).filter(|n| n.pid == process.pid() || (wrapped && alive(n.pid)));
            match (listening, process.ended()) {
                (_, Some(status)) => Some(Err(Some(status))),
                (Some(node), None) => Some(Ok(node)),
                (None, None) => None,
            }
        });
        match found.unwrap_or(Err(None)) {
            Ok(node) => {
                self.adopt(&node);
                self.process = Some(process);
                Ok(())
            }
            Err(status) => {
                let log = process.log_tail();
                process.kill();
                Err(StartFailure { status, log })
            }
        }
    }

    /// Remembers the ports the node chose, for clients and for the next start.
    fn adopt(&mut self, node: &NodeFile) {
        self.bootstrap = node.bootstrap.clone();
        self.admin = node.admin.clone();
        self.registry = node.registry.clone();
        if self.settings["listeners"].ends_with(":0") && !self.settings["listeners"].contains(',') {
            self.settings.insert("listeners".to_owned(), format!("PLAINTEXT://{}", node.bootstrap));
        }
    }
}

impl Broker for Node {
    fn kind(&self) -> &'static str {
        "highway"
    }

    fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    fn pid(&self) -> u32 {
        self.process.as_ref().map_or(0, Process::pid)
    }
}

struct NodeFile {
    pid: u32,
    bootstrap: String,
    admin: Option<String>,
    registry: Option<String>,
}

/// `highway-node.json`, which the node writes once it listens; `None` while it is missing or half of it is there.
fn read_node_file(data: &Path) -> Option<NodeFile> {
    let text = std::fs::read_to_string(data.join("highway-node.json")).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    let listeners = json["listeners"].as_object()?;
    let first = listeners.get("PLAINTEXT").or_else(|| listeners.values().next())?;
    Some(NodeFile {
        pid: u32::try_from(json["pid"].as_u64()?).ok()?,
        bootstrap: first.as_str()?.to_owned(),
        admin: json["admin"].as_str().map(str::to_owned),
        registry: json["registry"].as_str().map(str::to_owned),
    })
}

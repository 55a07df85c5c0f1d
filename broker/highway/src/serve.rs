//! `highway server` and `highway dev`: configuration, logging, runtime, signals.

use std::io::IsTerminal;

use highway_server::config::{LoadedConfig, Origin, ServerConfig};
use highway_server::node::{self, Addresses};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::{DevArgs, NodeArgs, ServerArgs};

/// The configuration is wrong.
pub const EXIT_CONFIG: u8 = 2;
/// The node could not run.
pub const EXIT_RUN: u8 = 1;

/// What to print, and how to exit.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub code: u8,
    /// What went wrong.
    pub error: String,
    /// What helps.
    pub hint: Option<String>,
}

impl Failure {
    fn new(code: u8, error: impl std::fmt::Display) -> Self {
        Self { code, error: error.to_string(), hint: None }
    }
}

/// `highway server --config FILE`.
pub fn server(args: ServerArgs) -> Result<(), Failure> {
    let mut loaded = LoadedConfig::default();
    loaded.read_file(&args.config).map_err(|e| Failure::new(EXIT_CONFIG, e))?;
    run(loaded, &args.node, false)
}

/// `highway dev`.
pub fn dev(args: DevArgs) -> Result<(), Failure> {
    let mut loaded = LoadedConfig::default();
    let data = args.data.display().to_string();
    loaded.set("log.dirs", &data, Origin::Dev);
    loaded.set("listeners", &format!("PLAINTEXT://127.0.0.1:{}", args.port), Origin::Dev);
    // A laptop should not wait three seconds for its first group.
    loaded.set("group.initial.rebalance.delay.ms", "0", Origin::Dev);
    run(loaded, &args.node, true)
}

fn run(mut loaded: LoadedConfig, args: &NodeArgs, dev: bool) -> Result<(), Failure> {
    loaded.read_environment(std::env::vars());
    for pair in &args.set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::new(EXIT_CONFIG, format!("--set {pair}: it has the form KEY=VALUE")))?;
        loaded.set(key.trim(), value, Origin::Flag);
    }
    start_logging(args)?;
    for remark in loaded.remarks() {
        tracing::warn!("{remark}");
    }
    let config: ServerConfig = loaded.check().map_err(|e| Failure::new(EXIT_CONFIG, e))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(EXIT_RUN, format!("cannot start the runtime: {e}")))?;
    let outcome = runtime.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone())?;
        // Spawned, so that blocking parts may leave the worker that runs them.
        let node =
            tokio::spawn(async move { node::run(config, stop, |addresses| announce(addresses, dev)).await });
        match node.await {
            Ok(outcome) => outcome.map_err(|e| Failure::new(EXIT_RUN, e)),
            Err(error) => Err(Failure::new(EXIT_RUN, error)),
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

fn start_logging(args: &NodeArgs) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&args.log)
        .map_err(|e| Failure::new(EXIT_CONFIG, format!("--log {}: {e}", args.log)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let ansi = std::io::stderr().is_terminal();
    if args.log_json {
        builder.json().init()
    } else {
        builder.with_ansi(ansi).with_target(false).init()
    }
    Ok(())
}

/// SIGTERM and SIGINT stop in order; a second one does not wait.
fn stop_on_signal(stop: CancellationToken) -> Result<(), Failure> {
    let handler =
        |kind| signal(kind).map_err(|e| Failure::new(EXIT_RUN, format!("cannot handle signals: {e}")));
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for round in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if round > 0 {
                tracing::warn!("stopping at once; the next start recovers from the journal");
                std::process::exit(130);
            }
            stop.cancel();
        }
    });
    Ok(())
}

fn announce(addresses: &Addresses, dev: bool) {
    for (name, address) in &addresses.listeners {
        tracing::info!("listening for Kafka clients: {name} {address}");
    }
    if let Some(admin) = &addresses.admin {
        tracing::info!("health and metrics: http://{admin}/readyz");
    }
    if dev && let Some((_, address)) = addresses.listeners.first() {
        tracing::info!("data in {}; try: {}", addresses.data.display(), first_steps(address));
    }
}

fn first_steps(address: &str) -> String {
    format!("echo hello | kcat -b {address} -P -t greetings && kcat -b {address} -C -t greetings -e")
}

//! `highway server` and `highway dev`: configuration, logging, runtime, signals.

use std::path::Path;

use highway_server::config::{ConfigError, LoadedConfig, Origin, ServerConfig};
use highway_server::node::{self, Addresses};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::cli::{DevArgs, NodeArgs, ServerArgs};
use crate::failure::{EXIT_FAILED, EXIT_USAGE, Failure};
use crate::parts;

/// `highway server --config FILE`.
pub fn server(args: ServerArgs) -> Result<(), Failure> {
    run(load(Some(&args.config), &args.node.set)?, &args.node, false)
}

/// File, environment and flags, in this order.
pub fn load(config: Option<&Path>, set: &[String]) -> Result<LoadedConfig, Failure> {
    let mut loaded = LoadedConfig::default();
    if let Some(path) = config {
        loaded.read_file(path).map_err(config_failure)?;
    }
    finish_loading(&mut loaded, set)?;
    Ok(loaded)
}

fn finish_loading(loaded: &mut LoadedConfig, set: &[String]) -> Result<(), Failure> {
    loaded.read_environment(std::env::vars());
    for pair in set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--set {pair}: it has the form KEY=VALUE")))?;
        loaded.set(key.trim(), value, Origin::Flag);
    }
    Ok(())
}

/// A configuration that does not work.
pub fn config_failure(error: ConfigError) -> Failure {
    Failure::new(EXIT_USAGE, error)
}

/// `highway dev`.
pub fn dev(args: DevArgs) -> Result<(), Failure> {
    let mut loaded = LoadedConfig::default();
    let data = args.data.display().to_string();
    loaded.set("log.dirs", &data, Origin::Dev);
    loaded.set("listeners", &format!("PLAINTEXT://127.0.0.1:{}", args.port), Origin::Dev);
    // A laptop should not wait three seconds for its first group.
    loaded.set("group.initial.rebalance.delay.ms", "0", Origin::Dev);
    finish_loading(&mut loaded, &args.node.set)?;
    run(loaded, &args.node, true)
}

fn run(loaded: LoadedConfig, args: &NodeArgs, dev: bool) -> Result<(), Failure> {
    start_logging(args)?;
    for remark in loaded.remarks() {
        tracing::warn!("{remark}");
    }
    let config: ServerConfig = loaded.check().map_err(config_failure)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(EXIT_FAILED, format!("cannot start the runtime: {e}")))?;
    let outcome = runtime.block_on(async {
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone())?;
        // Spawned, so that blocking parts may leave the worker that runs them.
        let node =
            tokio::spawn(async move { node::run(config, stop, parts::start, |at| announce(at, dev)).await });
        match node.await {
            Ok(outcome) => outcome.map_err(|e| Failure::new(EXIT_FAILED, e)),
            Err(error) => Err(Failure::new(EXIT_FAILED, error)),
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

fn start_logging(args: &NodeArgs) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&args.log)
        .map_err(|e| Failure::new(EXIT_USAGE, format!("--log {}: {e}", args.log)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let ansi = crate::output::colour(&std::io::stderr());
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
        |kind| signal(kind).map_err(|e| Failure::new(EXIT_FAILED, format!("cannot handle signals: {e}")));
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
    for part in &addresses.parts {
        tracing::info!("{}", part.remark);
    }
    if dev && let Some((_, address)) = addresses.listeners.first() {
        tracing::info!("data in {}; try: {}", addresses.data.display(), first_steps(address));
    }
}

fn first_steps(address: &str) -> String {
    let place = if address == "127.0.0.1:9092" { String::new() } else { format!(" -b {address}") };
    format!("echo hello | highway produce{place} greetings && highway consume{place} greetings -e")
}

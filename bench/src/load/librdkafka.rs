//! Load by librdkafka: builds bench/clients/rdkafka_load.c with the C compiler and runs it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use serde::Deserialize;

use crate::brokers::system::repository;
use crate::load::{Latency, Rate};

/// What one run prints.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    pub records: f64,
    pub bytes: f64,
    pub seconds: f64,
    pub client_cpu: f64,
    pub broker_cpu: f64,
    /// Nanoseconds and how often.
    #[serde(default)]
    pub histogram: Vec<(u64, u64)>,
}

impl Seen {
    /// As rates.
    pub fn rate(&self) -> Result<Rate> {
        Rate::of(self.records, self.bytes, self.seconds, self.broker_cpu, self.client_cpu)
    }

    /// As percentiles.
    pub fn latency(&self) -> Result<Latency> {
        let mut histogram = Histogram::<u64>::new(3)?;
        for &(nanos, times) in &self.histogram {
            histogram.record_n(nanos, times)?;
        }
        ensure!(!histogram.is_empty(), "no latency was seen");
        Ok(Latency::of(&histogram))
    }
}

/// Builds the client beside this program, unless it is newer than its source.
pub fn build() -> Result<()> {
    let (source, target) = (repository().join("bench/clients/rdkafka_load.c"), program()?);
    let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|m| m.modified());
    if changed(&target).is_ok_and(|built| changed(&source).is_ok_and(|written| built > written)) {
        return Ok(());
    }
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let outcome = Command::new(&compiler)
        .args(["-O2", "-Wall", "-o"])
        .args([&target, &source])
        .args(["-lrdkafka", "-lpthread"])
        .status()
        .with_context(|| format!("cannot run {compiler}"))?;
    ensure!(
        outcome.success(),
        "{} does not build; is librdkafka-dev there? (.ci/install bench)",
        source.display()
    );
    Ok(())
}

fn program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("rdkafka_load"))
}

/// A run that was started; ended with its owner.
#[derive(Debug)]
pub struct Run(Option<Child>);

impl Run {
    /// Starts `mode` against `address`; `args` are those of rdkafka_load.c.
    pub fn start(mode: &str, address: SocketAddr, pid: u32, topic: &str, args: &[String]) -> Result<Run> {
        let mut command = Command::new(program()?);
        command.arg(mode).args(["-b", &address.to_string(), "-t", topic, "-P", &pid.to_string()]).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        Ok(Run(Some(command.spawn().context("cannot start rdkafka_load")?)))
    }

    /// Waits for the end and reads what it printed.
    pub fn finish(mut self) -> Result<Seen> {
        let Some(child) = self.0.take() else { bail!("the run is over") };
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "rdkafka_load ended with {}", output.status);
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(text.trim()).with_context(|| format!("rdkafka_load printed {text:?}"))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// `["-p", "16", ...]` from words separated by spaces.
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_client_prints() {
        let line = r#"{"records":4,"bytes":4096,"seconds":0.5,"client_cpu":0.1,"broker_cpu":0.2,
            "histogram":[[100000,2],[200000,1],[5000000,1]]}"#;
        let seen: Seen = serde_json::from_str(line).unwrap();
        assert!((seen.rate().unwrap().records - 8.0).abs() < 1e-9);
        let latency = seen.latency().unwrap();
        assert!((latency.p50 - 0.1).abs() < 0.001 && (latency.p99 - 5.0).abs() < 0.01, "{latency:?}");
    }
}

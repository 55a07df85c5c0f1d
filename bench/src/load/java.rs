//! Kafka's own ProducerPerformance and ConsumerPerformance, unmodified, from the jars that tests/oracle fetches.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::brokers::system::repository;
use crate::load::Rate;
use crate::machine::process::Cpu;

/// Flags of kafka-producer-perf-test.sh and kafka-consumer-perf-test.sh.
const STOCK_JVM: [&str; 1] = ["-Xmx512M"];

/// Produces `count` records as the tool's user would: no tuning but acks; a fifth as many before that do not count.
pub fn produce(address: SocketAddr, pid: u32, topic: &str, size: usize, count: u64) -> Result<Rate> {
    let (all, early) = (count + count / 5, count / 5);
    let args = format!(
        "--bootstrap-server {address} --topic {topic} --num-records {all} --warmup-records {early} --record-size {size} \
         --throughput -1 --command-property acks=all"
    );
    let (text, _, broker, client) = run("org.apache.kafka.tools.ProducerPerformance", &args, pid)?;
    let records = produced(&text).with_context(|| format!("ProducerPerformance printed:\n{text}"))?;
    // Its CPU time and the broker's are those of the whole run, start and warm-up included.
    let bytes = (all * size as u64) as f64;
    let mut rate = Rate::of(all as f64, bytes, all as f64 / records, broker, client)?;
    rate.bytes = records * size as f64;
    Ok(rate)
}

/// Reads `count` records in a group of one.
pub fn consume(
    address: SocketAddr,
    pid: u32,
    topic: &str,
    group: &str,
    size: usize,
    count: u64,
) -> Result<Rate> {
    let args = format!("--bootstrap-server {address} --topic {topic} --group {group} --num-records {count}");
    let (text, _, broker, client) = run("org.apache.kafka.tools.ConsumerPerformance", &args, pid)?;
    let records = consumed(&text).with_context(|| format!("ConsumerPerformance printed:\n{text}"))?;
    Rate::of(count as f64, (count * size as u64) as f64, count as f64 / records, broker, client)
}

/// Output, wall seconds, CPU seconds of the broker and of the tool.
fn run(class: &str, args: &str, pid: u32) -> Result<(String, f64, f64, f64)> {
    let output =
        Command::new(repository().join("tests/oracle/fetch.sh")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "tests/oracle/fetch.sh failed");
    let kafka = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let mut command = Command::new("java");
    command.args(STOCK_JVM).arg("-cp").arg(kafka.join("libs/*"));
    command.arg(format!("-Dlog4j2.configurationFile={}", kafka.join("log4j2.xml").display()));
    command.arg(class).args(args.split_whitespace());
    let (start, broker, children) = (Instant::now(), Cpu::of(pid)?, Cpu::of_children()?);
    let output = command.stdin(Stdio::null()).output().context("cannot run java")?;
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        bail!("{class} failed:\n{text}");
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok((text, seconds, Cpu::of(pid)?.0 - broker.0, Cpu::of_children()?.0 - children.0))
}

/// "50000 records sent, 53000.1 records/sec (51.76 MB/sec), ...": the last such line is the steady part.
fn produced(text: &str) -> Option<f64> {
    let line = text.lines().rfind(|l| l.contains("records/sec"))?;
    line.split("records/sec").next()?.rsplit(',').next()?.trim().parse().ok()
}

/// The last line is comma-separated; the column is named in the line above: records a second while fetching.
fn consumed(text: &str) -> Option<f64> {
    let lines: Vec<&str> = text.lines().collect();
    let head = lines.iter().position(|l| l.contains("fetch.nMsg.sec"))?;
    let column = lines[head].split(',').position(|c| c.trim() == "fetch.nMsg.sec")?;
    lines.get(head + 1)?.split(',').nth(column)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_tools_print() {
        let produce = "100 records sent, 20.0 records/sec (0.02 MB/sec), 3.8 ms avg latency, 5.0 ms max latency.\n\
                       80 steady state records sent, 53123.5 records/sec (51.88 MB/sec), 581.0 ms avg latency\n";
        assert_eq!(produced(produce), Some(53123.5));
        let consume = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, \
                       rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec\n\
                       2026-01-01 00:00:00:000, 2026-01-01 00:00:01:000, 976.5, 700.0, 1000000, 710000.0, 400, 900, 1085.0, 1111111.1\n";
        assert_eq!(consumed(consume), Some(1_111_111.1));
    }
}

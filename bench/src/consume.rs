//! Fetch as fast as a broker answers, as clients do: one request in flight on each connection, whole batches walked.

use std::fs::File;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::batch::walk;
use crate::process::Cpu;
use crate::produce::Rate;
use crate::wire::{connect, fetch, fetched, read_frame};

/// Reads all partitions from their starts, again and again if `again`, for at most `window` (or to the end).
pub fn run(
    address: SocketAddr,
    pid: u32,
    topic: &str,
    partitions: i32,
    value: u64,
    again: bool,
    window: Duration,
) -> Result<Rate> {
    let mut stream = connect(address, Duration::from_secs(5))?;
    let mut at: Vec<(i32, i64)> = (0..partitions).map(|p| (p, 0)).collect();
    let mut buffer = Vec::new();
    let mut records = 0;
    let (start, broker, client) = (Instant::now(), Cpu::of(pid)?, Cpu::own()?);
    let mut last_data = start;
    while start.elapsed() < window {
        stream.write_all(&fetch(topic, &at))?;
        ensure!(read_frame(&mut stream, &mut buffer)?, "the broker closed the connection");
        let (mut got, mut failed) = (0, 0);
        fetched(&buffer, |partition, error, bytes| {
            if error != 0 {
                failed = error;
            } else if let Some(place) = at.iter_mut().find(|(p, _)| *p == partition) {
                let (next, count) = walk(bytes, place.1);
                place.1 = next;
                got += count;
            }
        })?;
        if failed != 0 {
            bail!("Fetch answered error {failed}");
        }
        if got == 0 {
            if !again {
                break;
            }
            at.iter_mut().for_each(|(_, offset)| *offset = 0);
        } else {
            last_data = Instant::now();
        }
        records += got;
        // What was asked for first is asked for last the next time.
        at.rotate_left(1);
    }
    let seconds = last_data.duration_since(start).as_secs_f64();
    let bytes = (records * value) as f64;
    ensure!(records > 0, "nothing was read");
    Ok(Rate {
        records: records as f64 / seconds,
        bytes: bytes / seconds,
        broker_cpu_per_gb: (Cpu::of(pid)?.0 - broker.0) / bytes * 1e9,
        client_cpu_per_gb: (Cpu::own()?.0 - client.0) / bytes * 1e9,
    })
}

/// Writes the topic's segments to the disk and takes them out of the page cache; returns the files.
pub fn make_cold(data: &Path, topic: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !data.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(data)? {
        let directory = entry?.path();
        if !directory.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&format!("{topic}-"))) {
            continue;
        }
        for file in std::fs::read_dir(directory)? {
            let path = file?.path();
            if path.extension().is_some_and(|e| e == "log") {
                let file = File::open(&path)?;
                file.sync_all()?;
                rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Bytes a second of a plain sequential read of `files`.
pub fn disk_rate(files: &[PathBuf]) -> Result<f64> {
    let mut buffer = vec![0; 1 << 20];
    let (start, mut bytes) = (Instant::now(), 0);
    for path in files {
        let mut file = File::open(path)?;
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            bytes += n;
        }
    }
    Ok(bytes as f64 / start.elapsed().as_secs_f64())
}

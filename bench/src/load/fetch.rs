//! Fetch as fast as a broker answers, as clients do: one request in flight on each connection, whole batches walked.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::load::Rate;
use crate::load::batch::walk;
use crate::load::wire::{connect, fetch, fetched, read_frame};
use crate::machine::process::Cpu;

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
    let (broker, client) = (Cpu::of(pid)?.0 - broker.0, Cpu::own()?.0 - client.0);
    Rate::of(records as f64, (records * value) as f64, seconds, broker, client)
}

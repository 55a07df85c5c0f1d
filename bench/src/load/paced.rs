//! Produce latency at a fixed rate, counted from the moment at which a record was due, not from when it was sent:
//! a broker that stalls is charged for every record that waits behind the stall (no coordinated omission).

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use hdrhistogram::Histogram;

use crate::load::Latency;
use crate::load::batch::Batch;
use crate::load::wire::{connect, produce_error, produce_head, read_frame, write_both};

/// Sends `rate` batches a second, one a request, over `connections`, acks=all, and discards the first fifth.
pub fn run(
    address: SocketAddr,
    topic: &str,
    partitions: i32,
    connections: usize,
    batch: &Batch,
    rate: u64,
    window: Duration,
) -> Result<Latency> {
    let total = (window.as_secs_f64() * rate as f64) as u64;
    let start = Instant::now() + Duration::from_millis(20);
    let histogram = std::thread::scope(|scope| -> Result<Histogram<u64>> {
        let mut readers = Vec::new();
        let mut lanes = Vec::new();
        for _ in 0..connections {
            let stream = connect(address, Duration::from_secs(5))?;
            let mut reader = stream.try_clone()?;
            let (sent, due) = mpsc::channel::<(u64, Instant)>();
            lanes.push((stream, sent));
            readers.push(scope.spawn(move || -> Result<Histogram<u64>> {
                let mut histogram = Histogram::new(3)?;
                let mut buffer = Vec::new();
                while let Ok((number, due)) = due.recv() {
                    ensure!(read_frame(&mut reader, &mut buffer)?, "the broker closed the connection");
                    let error = produce_error(&buffer)?;
                    ensure!(error == 0, "Produce answered error {error}");
                    if number >= total / 5 {
                        histogram.record(due.elapsed().as_nanos() as u64)?;
                    }
                }
                Ok(histogram)
            }));
        }
        let heads: Vec<Vec<u8>> =
            (0..partitions).map(|p| produce_head(topic, p, -1, batch.bytes.len())).collect();
        for number in 0..total {
            let due = start + Duration::from_nanos(number * 1_000_000_000 / rate);
            if let Some(wait) = due.checked_duration_since(Instant::now()) {
                std::thread::sleep(wait);
            }
            let lane = number as usize % connections;
            let (stream, sent) = &mut lanes[lane];
            sent.send((number, due)).map_err(|_| anyhow!("a reader ended"))?;
            write_both(stream, &heads[number as usize % heads.len()], &batch.bytes)?;
        }
        drop(lanes);
        let mut all = Histogram::new(3)?;
        for reader in readers {
            all.add(reader.join().map_err(|_| anyhow!("a reader panicked"))??)?;
        }
        Ok(all)
    })?;
    Ok(Latency::of(&histogram))
}

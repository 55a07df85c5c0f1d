//! Produce as fast as a broker answers, with a bounded number of requests in flight on each connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use crate::load::Rate;
use crate::load::batch::Batch;
use crate::load::wire::{connect, produce_error, produce_head, read_frame, write_both};
use crate::machine::process::Cpu;

/// The shape of a load.
#[derive(Clone, Debug)]
pub struct Load {
    pub topic: String,
    pub partitions: i32,
    pub connections: i32,
    pub in_flight: usize,
    pub acks: i16,
    pub batch: Arc<Batch>,
}

/// Runs for `warm_up` without looking, then measures for `window`.
pub fn run(address: SocketAddr, pid: u32, load: &Load, warm_up: Duration, window: Duration) -> Result<Rate> {
    let stop = Arc::new(AtomicBool::new(false));
    let acked = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..load.connections)
        .map(|connection| {
            let (load, stop, acked) = (load.clone(), Arc::clone(&stop), Arc::clone(&acked));
            std::thread::spawn(move || one_connection(address, &load, connection, &stop, &acked))
        })
        .collect();
    let rate = measure(pid, &acked, &load.batch, warm_up, window);
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a connection's thread panicked"))??;
    }
    rate
}

/// Sends until `batches` are acknowledged.
pub fn fill(address: SocketAddr, load: &Load, batches: u64) -> Result<()> {
    let stop = AtomicBool::new(false);
    let acked = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| one_connection(address, load, 0, &stop, &acked));
        while acked.load(Ordering::Relaxed) < batches && !thread.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
        thread.join().map_err(|_| anyhow!("the connection's thread panicked"))?
    })
}

fn measure(pid: u32, acked: &AtomicU64, batch: &Batch, warm_up: Duration, window: Duration) -> Result<Rate> {
    std::thread::sleep(warm_up);
    let (start, before, broker, client) =
        (Instant::now(), acked.load(Ordering::Relaxed), Cpu::of(pid)?, Cpu::own()?);
    std::thread::sleep(window);
    let batches = (acked.load(Ordering::Relaxed) - before) as f64;
    let seconds = start.elapsed().as_secs_f64();
    let (records, bytes) = (batches * batch.records as f64, batches * batch.value_bytes as f64);
    Rate::of(records, bytes, seconds, Cpu::of(pid)?.0 - broker.0, Cpu::own()?.0 - client.0)
}

fn one_connection(
    address: SocketAddr,
    load: &Load,
    connection: i32,
    stop: &AtomicBool,
    acked: &AtomicU64,
) -> Result<()> {
    let mut stream = connect(address, Duration::from_secs(5))?;
    let mut reader = stream.try_clone()?;
    let heads: Vec<Vec<u8>> = (0..load.partitions)
        .filter(|p| load.partitions < load.connections || p % load.connections == connection)
        .map(|p| produce_head(&load.topic, p, load.acks, load.batch.bytes.len()))
        .collect();
    let (sent, answered) = mpsc::sync_channel::<()>(load.in_flight.max(2) - 1);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || -> Result<()> {
            let mut buffer = Vec::new();
            while answered.recv().is_ok() {
                ensure!(read_frame(&mut reader, &mut buffer)?, "the broker closed the connection");
                let error = produce_error(&buffer)?;
                ensure!(error == 0, "Produce answered error {error}");
                acked.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        for head in heads.iter().cycle() {
            if stop.load(Ordering::Relaxed) || sent.send(()).is_err() {
                break;
            }
            write_both(&mut stream, head, &load.batch.bytes)?;
        }
        drop(sent);
        reading.join().map_err(|_| anyhow!("a reader panicked"))?
    })
}

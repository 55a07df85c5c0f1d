//! Syslog over UDP: one task reads and never waits for the log, one makes records, one counts what came of them.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use highway_client::Delivery;
use highway_types::limits::{SYSLOG_QUEUE_BYTES, SYSLOG_RECEIVE_BUFFER_BYTES};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::counters::Counters;
use super::sink::{Line, Maker, Sink};
use super::udp_socket::{Batch, memory, want_buffer};
use crate::syslog::datagram;

/// How often the kernel is asked what it dropped while nothing comes.
const LOOK: Duration = Duration::from_millis(200);
/// What a datagram costs beside its bytes, for the bound on what waits.
const OVERHEAD: usize = 64;
/// Batches that wait; bytes bound them before.
const BATCHES: usize = 65_536;

/// Datagrams of one call.
type Datagrams = Vec<(Box<[u8]>, Option<IpAddr>)>;

/// Binds the socket and asks for a large buffer.
pub(super) async fn bind(host: &str, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((host, port)).await?;
    want_buffer(socket.as_fd(), SYSLOG_RECEIVE_BUFFER_BYTES);
    Ok(socket)
}

/// Starts the three tasks.
pub(super) fn start(socket: UdpSocket, sink: Sink, tasks: &TaskTracker, stop: &CancellationToken) {
    let waiting = Arc::new(AtomicUsize::new(0));
    let (queue, batches) = mpsc::channel(BATCHES);
    let (settler, deliveries) = mpsc::channel(256);
    tasks.spawn(receive(socket, sink.clone(), queue, Arc::clone(&waiting), stop.clone()));
    tasks.spawn(work(sink.clone(), batches, waiting, settler));
    tasks.spawn(settle(sink, deliveries));
}

async fn receive(
    socket: UdpSocket,
    sink: Sink,
    queue: mpsc::Sender<Datagrams>,
    waiting: Arc<AtomicUsize>,
    stop: CancellationToken,
) {
    let counters = sink.counters();
    let mut batch = Batch::new();
    let mut dropped = 0_u32;
    loop {
        let ready = tokio::select! {
            () = stop.cancelled() => false,
            ready = socket.readable() => { if let Err(error) = ready { tracing::warn!(%error, "syslog over UDP"); } true }
            () = tokio::time::sleep(LOOK) => true,
        };
        let received = socket.try_io(Interest::READABLE, || batch.receive(socket.as_fd()));
        if let Ok((buffer, now)) = memory(socket.as_fd()) {
            counters.receive_buffer.store(u64::from(buffer), Ordering::Relaxed);
            Counters::add(&counters.kernel_dropped, u64::from(now.wrapping_sub(dropped)));
            dropped = now;
        }
        match received {
            Ok(count) => {
                Counters::add(&counters.datagrams, count as u64);
                let mut bytes = 0;
                let copy = |(datagram, from, cut): (&[u8], Option<IpAddr>, bool)| {
                    bytes += datagram.len() + OVERHEAD;
                    Counters::add(&counters.truncated, u64::from(cut));
                    (Box::from(datagram), from)
                };
                let datagrams: Datagrams = batch.datagrams().map(copy).collect();
                // Relaxed: it is a bound, and exact enough when it is passed by one batch.
                let full = waiting.load(Ordering::Relaxed) + bytes > SYSLOG_QUEUE_BYTES;
                if full || queue.try_send(datagrams).is_err() {
                    Counters::add(&counters.queue_dropped, count as u64);
                } else {
                    waiting.fetch_add(bytes, Ordering::Relaxed);
                }
            }
            // At the end, what the kernel still holds was read before.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !ready {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "syslog over UDP");
                tokio::time::sleep(LOOK).await;
                if !ready {
                    return;
                }
            }
        }
    }
}

async fn work(
    sink: Sink,
    mut batches: mpsc::Receiver<Datagrams>,
    waiting: Arc<AtomicUsize>,
    settler: mpsc::Sender<Vec<Delivery>>,
) {
    let mut maker = Maker::new();
    while let Some(batch) = batches.recv().await {
        let bytes: usize = batch.iter().map(|(datagram, _)| datagram.len() + OVERHEAD).sum();
        let now = sink.now();
        let mut deliveries = Vec::with_capacity(batch.len());
        if let Some(live) = sink.endpoint() {
            let mut last: Option<(IpAddr, String)> = None;
            for (bytes, from) in &batch {
                if last.as_ref().map(|(ip, _)| *ip) != *from {
                    last = from.map(|ip| (ip, ip.to_string()));
                }
                let source = last.as_ref().map(|(_, text)| text.as_str());
                for message in datagram::messages(bytes) {
                    if let Line::Sent(delivery) = sink.line(&live, message, source, now, &mut maker).await {
                        deliveries.push(delivery);
                    }
                }
            }
        }
        waiting.fetch_sub(bytes, Ordering::Relaxed);
        if settler.send(deliveries).await.is_err() {
            return;
        }
    }
}

async fn settle(sink: Sink, mut deliveries: mpsc::Receiver<Vec<Delivery>>) {
    while let Some(batch) = deliveries.recv().await {
        for delivery in batch {
            sink.settle(delivery).await;
        }
    }
}

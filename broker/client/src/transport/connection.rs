//! One TCP connection: requests go out in order, answers come back in order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use highway_types::limits::{CLIENT_RESPONSE_MAX_BYTES, PIPELINE_MAX};
use highway_wire::frame::FrameReader;
use highway_wire::memory::RequestMemory;
use highway_wire::piece::Piece;
use highway_wire::send::write_pieces;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::Endpoint;
use crate::error::ClientError;

/// Where the correlation id lies in a frame: behind length, key and version.
const CORRELATION_AT: std::ops::Range<usize> = 8..12;
/// Bytes of small requests that are written in one go.
const COALESCE_BYTES: usize = 1 << 20;

/// A frame on its way out.
struct Outgoing {
    frame: BytesMut,
    /// Gets the answer without its correlation id; a request that is not answered is told when it is taken.
    reply: oneshot::Sender<Result<Bytes, String>>,
    answered: bool,
}

/// An open connection. It closes when the last user drops it, when it fails, or when an answer is overdue.
#[derive(Debug)]
pub(crate) struct Connection {
    address: Endpoint,
    outgoing: mpsc::Sender<Outgoing>,
    closed: CancellationToken,
}

type Waiting = Arc<Mutex<VecDeque<(i32, oneshot::Sender<Result<Bytes, String>>)>>>;

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &Endpoint, timeout: Duration) -> Result<Self, ClientError> {
        let unreachable = |detail: String| ClientError::Unreachable { address: address.clone(), detail };
        let stream = tokio::time::timeout(timeout, TcpStream::connect((&*address.host, address.port)))
            .await
            .map_err(|_| unreachable(format!("no connection within {timeout:?}")))?
            .map_err(|e| unreachable(plain(&e)))?;
        stream.set_nodelay(true).map_err(|e| unreachable(plain(&e)))?;
        let (outgoing, queue) = mpsc::channel(PIPELINE_MAX);
        let closed = CancellationToken::new();
        tokio::spawn(run(stream, queue, closed.clone()));
        Ok(Self { address: address.clone(), outgoing, closed })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled() || self.outgoing.is_closed()
    }

    /// Gives a frame its place in the queue; the receiver gets the answer behind the correlation id.
    pub(crate) async fn send(&self, frame: BytesMut, answered: bool) -> Result<Reply, ClientError> {
        let (reply, receiver) = oneshot::channel();
        let lost = || ClientError::Disconnected {
            address: self.address.clone(),
            detail: "it was closed before the request was sent".to_owned(),
        };
        self.outgoing.send(Outgoing { frame, reply, answered }).await.map_err(|_| lost())?;
        Ok(Reply { address: self.address.clone(), receiver, closed: self.closed.clone() })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

/// An answer to come.
#[derive(Debug)]
pub(crate) struct Reply {
    address: Endpoint,
    receiver: oneshot::Receiver<Result<Bytes, String>>,
    closed: CancellationToken,
}

impl Reply {
    /// Waits for it. An overdue answer closes the connection: those behind it would be late as well.
    pub(crate) async fn within(self, limit: Duration, what: &str) -> Result<Bytes, ClientError> {
        let lost = |detail: String| ClientError::Disconnected { address: self.address.clone(), detail };
        match tokio::time::timeout(limit, self.receiver).await {
            Ok(Ok(Ok(bytes))) => Ok(bytes),
            Ok(Ok(Err(detail))) => Err(lost(detail)),
            Ok(Err(_)) => Err(lost("closed".to_owned())),
            Err(_) => {
                self.closed.cancel();
                Err(ClientError::TimedOut { what: format!("{what} to {}", self.address), after: limit })
            }
        }
    }
}

/// The system's words without "(os error 111)".
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

async fn run(mut stream: TcpStream, queue: mpsc::Receiver<Outgoing>, closed: CancellationToken) {
    let waiting = Waiting::default();
    let (read, write) = stream.split();
    let detail = tokio::select! {
        () = closed.cancelled() => "closed by this side".to_owned(),
        detail = read_answers(read, &waiting) => detail,
        detail = write_requests(write, queue, &waiting) => detail,
    };
    closed.cancel();
    let waiting = std::mem::take(&mut *waiting.lock().unwrap_or_else(PoisonError::into_inner));
    for (_, reply) in waiting {
        let _ = reply.send(Err(detail.clone()));
    }
}

async fn write_requests(
    mut write: tokio::net::tcp::WriteHalf<'_>,
    mut queue: mpsc::Receiver<Outgoing>,
    waiting: &Waiting,
) -> String {
    let mut correlation: i32 = 0;
    let mut pieces = VecDeque::new();
    loop {
        let Some(mut next) = queue.recv().await else {
            // Nobody will send any more; answers may still come.
            return std::future::pending().await;
        };
        let mut bytes = 0;
        let mut unanswered = Vec::new();
        loop {
            correlation = correlation.wrapping_add(1) & i32::MAX;
            if let Some(field) = next.frame.get_mut(CORRELATION_AT) {
                field.copy_from_slice(&correlation.to_be_bytes());
            }
            bytes += next.frame.len();
            if next.answered {
                waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((correlation, next.reply));
            } else {
                unanswered.push(next.reply);
            }
            pieces.push_back(Piece::Bytes(next.frame.freeze()));
            match queue.try_recv() {
                Ok(more) if bytes < COALESCE_BYTES => next = more,
                Ok(more) => {
                    // Written in the next round would be as good, but it is taken already.
                    next = more;
                    bytes = 0;
                    if let Err(error) = write_pieces(&mut write, &mut pieces).await {
                        return plain(&error);
                    }
                }
                Err(_) => break,
            }
        }
        if let Err(error) = write_pieces(&mut write, &mut pieces).await {
            return plain(&error);
        }
        for reply in unanswered {
            let _ = reply.send(Ok(Bytes::new()));
        }
    }
}

async fn read_answers(read: tokio::net::tcp::ReadHalf<'_>, waiting: &Waiting) -> String {
    let mut frames =
        FrameReader::new(read, CLIENT_RESPONSE_MAX_BYTES, RequestMemory::new(CLIENT_RESPONSE_MAX_BYTES));
    loop {
        let frame = match frames.next_frame().await {
            Ok(Some(frame)) => frame,
            Ok(None) => return "closed by the broker".to_owned(),
            Err(error) => return error.to_string(),
        };
        let Some((correlation, reply)) = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
        else {
            return "an answer that nobody asked for".to_owned();
        };
        let mut frame = frame.bytes;
        let got = frame.first_chunk::<4>().map(|b| i32::from_be_bytes(*b));
        if got != Some(correlation) {
            let detail = format!("answer {got:?} where {correlation} was expected");
            let _ = reply.send(Err(detail.clone()));
            return detail;
        }
        let _ = reply.send(Ok(frame.split_off(4)));
    }
}

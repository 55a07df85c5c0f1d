//! One connection: frames in, answers out in the order of the requests.
//!
//! A Produce request is appended before the next request is read, but its answer may wait for the disk while later
//! requests are taken in, so that pipelined producers share one sync. Every other request is answered before the next
//! one starts, as in Kafka.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use highway_types::limits::PIPELINE_MAX;
use highway_wire::frame::{Frame, FrameReader};
use highway_wire::memory::Admitted;
use highway_wire::piece::Piece;
use highway_wire::send::write_pieces;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::context::ConnectionInfo;
use crate::router::{self, Answer, Routed};

/// An answer that gives its request's memory back when it is there.
fn keeping(admitted: Admitted, answer: router::BoxAnswer) -> router::BoxAnswer {
    if admitted.is_nothing() {
        return answer;
    }
    Box::pin(async move {
        let answer = answer.await;
        drop(admitted);
        answer
    })
}

/// Serves a connection until either side ends it.
pub async fn serve(
    broker: Arc<Broker>,
    info: ConnectionInfo,
    mut stream: TcpStream,
    stop: CancellationToken,
) {
    let info = Arc::new(info);
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(peer = %info.peer, %error, "cannot set TCP_NODELAY");
    }
    let (read_half, mut write_half) = stream.split();
    let mut reader =
        FrameReader::new(read_half, broker.settings().request_max_bytes, Arc::clone(&broker.memory));
    let mut pending: FuturesOrdered<router::BoxAnswer> = FuturesOrdered::new();
    // A request that has to be answered before the next one starts.
    let mut exclusive = false;
    let mut out: VecDeque<Piece> = VecDeque::new();
    let idle = broker.settings().connections_max_idle;
    let mut idle_since = Instant::now();
    loop {
        let may_read = !exclusive && pending.len() < PIPELINE_MAX;
        tokio::select! {
            biased;
            Some(answer) = pending.next(), if !pending.is_empty() => {
                if pending.is_empty() {
                    exclusive = false;
                }
                let mut next = Some(answer);
                let mut closing = false;
                // Answers that one sync made ready share one write.
                while let Some(answer) = next {
                    match answer {
                        Answer::Frames(frames) => out.extend(frames),
                        Answer::Nothing => {}
                        Answer::Close(reason) => {
                            tracing::debug!(peer = %info.peer, reason, "closing a connection");
                            closing = true;
                            break;
                        }
                    }
                    next = if out.len() < 64 { pending.next().now_or_never().flatten() } else { None };
                }
                if closing {
                    break;
                }
                if pending.is_empty() {
                    exclusive = false;
                }
                if let Err(error) = write_pieces(&mut write_half, &mut out).await {
                    match error.kind() {
                        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
                            tracing::error!(peer = %info.peer, %error, "records could not be sent");
                        }
                        _ => tracing::debug!(peer = %info.peer, %error, "connection lost while writing"),
                    }
                    return;
                }
                idle_since = Instant::now();
            }
            frame = reader.next_frame(), if may_read => {
                idle_since = Instant::now();
                let Frame { bytes, admitted } = match frame {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(error) => {
                        tracing::info!(peer = %info.peer, %error, "closing a connection");
                        break;
                    }
                };
                match router::route(&broker, &info, bytes).await {
                    Ok(Routed { answer, exclusive: alone }) => {
                        exclusive = alone;
                        pending.push_back(keeping(admitted, answer));
                    }
                    Err(reason) => {
                        tracing::info!(peer = %info.peer, reason, "closing a connection");
                        break;
                    }
                }
            }
            () = stop.cancelled(), if pending.is_empty() => break,
            () = sleep_until(idle_since + idle), if pending.is_empty() => {
                tracing::debug!(peer = %info.peer, "closing an idle connection");
                break;
            }
        }
    }
    // Answers to requests before the one that ended the connection still go out.
    let drain = async {
        while let Some(Answer::Frames(frames)) = pending.next().await {
            out.extend(frames);
        }
        write_pieces(&mut write_half, &mut out).await
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), drain).await; // the connection ends either way
    let _ = write_half.shutdown().await;
}

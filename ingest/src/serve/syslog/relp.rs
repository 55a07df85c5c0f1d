//! RELP: each message is answered once it is durable, so a sender that repeats what was not answered loses none.

use highway_types::limits::{RELP_DATA_MAX_BYTES, RELP_WINDOW, SYSLOG_IDLE};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::sink::{Line, Maker, Sink};
use crate::syslog::relp::{Answer, Event, Session, Ticket};

/// Serves one connection to its end.
pub(super) async fn serve<S>(stream: S, source: &str, sink: Sink, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut session = Session::new(RELP_WINDOW, RELP_DATA_MAX_BYTES);
    let mut maker = Maker::new();
    let (settler, mut sent) = mpsc::channel::<(Ticket, highway_client::Delivery)>(RELP_WINDOW);
    let (told, mut answers) = mpsc::channel::<(Ticket, Answer)>(RELP_WINDOW);
    let settling = {
        let sink = sink.clone();
        tokio::spawn(async move {
            while let Some((ticket, delivery)) = sent.recv().await {
                let answer = if sink.settle(delivery).await { Answer::Committed } else { Answer::Failed };
                // A connection that is gone hears no answers; what it sent is counted to the end.
                let _ = told.send((ticket, answer)).await;
            }
        })
    };
    let mut buffer = vec![0; 64 * 1024];
    let mut out = Vec::new();
    let mut reading = true;
    'connection: loop {
        loop {
            let event = match session.next_event() {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(source, %error, "a RELP connection is ended");
                    session.output(&mut out);
                    Session::goodbye(&mut out);
                    // It ends either way.
                    let _ = writer.write_all(&out).await;
                    break 'connection;
                }
            };
            let Event::Message { ticket, data } = event else { continue };
            let Some(live) = sink.endpoint() else { break 'connection };
            match sink.line(&live, &data, Some(source), sink.now(), &mut maker).await {
                Line::Sent(delivery) => {
                    if settler.send((ticket, delivery)).await.is_err() {
                        break 'connection;
                    }
                }
                // It is kept among the rejects; sent again it would be refused again.
                Line::Rejected => session.answer(ticket, Answer::Committed),
                Line::Failed => session.answer(ticket, Answer::Failed),
            }
        }
        session.output(&mut out);
        if !out.is_empty() {
            if writer.write_all(&out).await.is_err() {
                break;
            }
            out.clear();
        }
        if session.done() || (!reading && session.unanswered() == 0) {
            break;
        }
        tokio::select! {
            // What was handed in is answered; nothing more is read.
            () = stop.cancelled(), if reading => reading = false,
            Some((ticket, answer)) = answers.recv() => {
                session.answer(ticket, answer);
                while let Ok((ticket, answer)) = answers.try_recv() {
                    session.answer(ticket, answer);
                }
            }
            read = tokio::time::timeout(SYSLOG_IDLE, reader.read(&mut buffer)), if reading && !session.full() => match read {
                Ok(Ok(0)) | Ok(Err(_)) | Err(_) => break,
                Ok(Ok(count)) => session.push(&buffer[..count]),
            },
        }
    }
    // The settler goes on by itself with what was handed in: it counts.
    drop(settler);
    drop(answers);
    let _ = settling.await;
    let _ = writer.shutdown().await;
}

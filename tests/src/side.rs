//! A blocking client that sends any request in any version and notes every answer.

use std::fmt::Debug;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use crate::wire::decode;
pub use crate::wire::{connect, encode, receive, send, text, versions};
use kafka_protocol::protocol::Request;

/// One broker's side of the conversation.
pub struct Side {
    address: String,
    stream: TcpStream,
    correlation: i32,
    /// What was asked, and what came.
    pub transcript: Vec<(String, String)>,
    /// Requests that no encoder can write in that version.
    pub skipped: Vec<String>,
}

impl Side {
    /// A side without a word yet.
    pub fn new(address: &str) -> Side {
        let (transcript, skipped) = (Vec::new(), Vec::new());
        Side { address: address.to_owned(), stream: connect(address), correlation: 0, transcript, skipped }
    }

    /// A new connection, after the broker was started again.
    pub fn reconnect(&mut self, address: &str) {
        address.clone_into(&mut self.address);
        self.stream = connect(address);
    }

    /// Sends and notes the answer.
    pub fn call<Q: Request<Response: Debug>>(
        &mut self,
        label: &str,
        version: i16,
        request: &Q,
    ) -> Option<Q::Response> {
        self.ask(label, version, request, |_| {})
    }

    /// Sends and notes the answer after `order` brought it into an order that both have.
    pub fn ask<Q: Request<Response: Debug>>(
        &mut self,
        label: &str,
        version: i16,
        request: &Q,
        order: impl FnOnce(&mut Q::Response),
    ) -> Option<Q::Response> {
        let label = format!("{} v{version} {label}", std::any::type_name::<Q>().rsplit("::").next()?);
        let began = std::time::Instant::now();
        let mut answer = self.exchange(&label, version, request)?;
        if began.elapsed() > Duration::from_secs(2) {
            println!("{}: {label} took {:?}", self.address, began.elapsed());
        }
        if let Ok(answer) = &mut answer {
            order(answer);
        }
        let noted = match &answer {
            Ok(answer) => format!("{answer:#?}"),
            Err(error) => error.clone(),
        };
        self.transcript.push((label, noted));
        answer.ok()
    }

    /// Sends until `done` likes the answer; notes nothing.
    pub fn until<Q: Request>(
        &mut self,
        version: i16,
        request: &Q,
        done: impl Fn(&Q::Response) -> bool,
    ) -> Q::Response {
        crate::eventually(Duration::from_secs(20), || {
            self.exchange("waiting", version, request)?.ok().filter(&done)
        })
        .unwrap_or_else(|| panic!("{} gets there in time", std::any::type_name::<Q>()))
    }

    fn exchange<Q: Request>(
        &mut self,
        label: &str,
        version: i16,
        request: &Q,
    ) -> Option<Result<Q::Response, String>> {
        self.correlation += 1;
        let frame = match encode(version, self.correlation, request) {
            Ok(frame) => frame,
            Err(error) => {
                self.skipped.push(format!("{label}: {error}"));
                return None;
            }
        };
        let answered = send(&mut self.stream, &frame).and_then(|()| receive(&mut self.stream));
        Some(match answered {
            Ok(bytes) => decode::<Q>(version, bytes).map(|(correlation, answer)| {
                assert_eq!(correlation, self.correlation, "{label}: the correlation id");
                answer
            }),
            Err(error) => {
                self.stream = connect(&self.address);
                Err(match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => "no answer".to_owned(),
                    _ => "connection closed".to_owned(),
                })
            }
        })
    }
}

//! A blocking client that sends any request in any version and notes every answer.

use std::fmt::Debug;
use std::io::{Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

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

/// The versions that Highway serves; Kafka 4.3.1 serves each of them.
pub fn versions<Q: Request>() -> RangeInclusive<i16> {
    let api = highway_wire::apis::lookup(Q::KEY).expect("the API is served");
    api.min..=api.max
}

/// A string of the protocol.
pub fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

/// Opens a connection whose reads end after 5 s.
pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the broker listens");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket takes a timeout");
    stream.set_write_timeout(Some(Duration::from_secs(5))).expect("a socket takes a timeout");
    stream.set_nodelay(true).expect("a socket takes an option");
    stream
}

/// Writes a frame around `body`.
pub fn send(stream: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    stream.write_all(&frame)
}

/// Reads one frame.
pub fn receive(stream: &mut TcpStream) -> std::io::Result<Bytes> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > 256 << 20 {
        return Err(Error::new(ErrorKind::InvalidData, format!("a frame of {length} bytes")));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok(answer.into())
}

/// Header and body of a request.
pub fn encode<Q: Request>(version: i16, correlation: i32, request: &Q) -> Result<BytesMut, String> {
    let mut out = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(Q::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(text("differential")))
        .encode(&mut out, Q::header_version(version))
        .map_err(|e| e.to_string())?;
    request.encode(&mut out, version).map_err(|e| e.to_string())?;
    Ok(out)
}

impl Side {
    /// A side without a word yet.
    pub fn new(address: &str) -> Side {
        let (transcript, skipped) = (Vec::new(), Vec::new());
        Side { address: address.to_owned(), stream: connect(address), correlation: 0, transcript, skipped }
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
        highway_tests::eventually(Duration::from_secs(20), || {
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
            Ok(mut bytes) => {
                let header = Q::Response::header_version(version);
                let got = ResponseHeader::decode(&mut bytes, header).map(|h| h.correlation_id);
                assert_eq!(got.ok(), Some(self.correlation), "{label}: the correlation id");
                match Q::Response::decode(&mut bytes, version) {
                    Ok(answer) if bytes.is_empty() => Ok(answer),
                    Ok(_) => Err(format!("{} bytes behind the answer", bytes.len())),
                    Err(error) => Err(format!("an answer that cannot be read: {error}")),
                }
            }
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

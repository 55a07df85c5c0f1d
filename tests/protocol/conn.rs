//! One connection of a raw client: typed requests out, typed answers in, and what else can be seen on a socket.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::protocol::{Decodable, HeaderVersion, Request};

use crate::client::{connect, encode, receive, send};

/// A connection.
pub struct Conn {
    /// The socket.
    pub stream: TcpStream,
    correlation: i32,
}

impl Conn {
    /// Connects.
    pub fn to(address: &str) -> Conn {
        Conn { stream: connect(address), correlation: 0 }
    }

    /// Sends, and leaves the answer for later; the correlation id.
    pub fn send<Q: Request>(&mut self, version: i16, request: &Q) -> i32 {
        self.correlation += 1;
        let frame = encode(version, self.correlation, request).expect("the request encodes");
        send(&mut self.stream, &frame).expect("the broker reads");
        self.correlation
    }

    /// The next answer: its correlation id and itself.
    pub fn receive<Q: Request>(&mut self, version: i16) -> (i32, Q::Response) {
        let mut bytes = self.receive_bytes();
        let header = ResponseHeader::decode(&mut bytes, Q::Response::header_version(version))
            .expect("an answer has a header");
        let answer = Q::Response::decode(&mut bytes, version).expect("the answer can be read");
        assert!(bytes.is_empty(), "{} bytes behind the answer", bytes.len());
        (header.correlation_id, answer)
    }

    /// The next answer as it came.
    pub fn receive_bytes(&mut self) -> Bytes {
        receive(&mut self.stream).expect("an answer")
    }

    /// Sends and waits for the answer.
    pub fn call<Q: Request>(&mut self, version: i16, request: &Q) -> Q::Response {
        let sent = self.send(version, request);
        let (correlation, answer) = self.receive::<Q>(version);
        assert_eq!(correlation, sent, "the answer is to this request");
        answer
    }

    /// Bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether nothing comes for so long.
    pub fn is_silent(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a socket takes a timeout");
        let silent = matches!(self.stream.peek(&mut [0]), Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
        self.stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket takes a timeout");
        silent
    }

    /// Whether the other end closes without another byte, within `time`.
    pub fn closes_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a socket takes a timeout");
        match self.stream.read(&mut [0]) {
            Ok(n) => n == 0,
            Err(e) => !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

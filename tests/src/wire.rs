//! A blocking connection that sends any request in any version, made without the broker's own client.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};

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
    set_options(&stream, Duration::from_secs(5)).expect("a socket takes its options");
    stream
}

fn set_options(stream: &TcpStream, limit: Duration) -> std::io::Result<()> {
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.set_nodelay(true)
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
        .with_client_id(Some(text("highway-tests")))
        .encode(&mut out, Q::header_version(version))
        .map_err(|e| e.to_string())?;
    request.encode(&mut out, version).map_err(|e| e.to_string())?;
    Ok(out)
}

/// Header and body of an answer to a `Q`; nothing may lie behind them.
pub fn decode<Q: Request>(version: i16, mut bytes: Bytes) -> Result<(i32, Q::Response), String> {
    let header = ResponseHeader::decode(&mut bytes, Q::Response::header_version(version))
        .map_err(|e| format!("a header that cannot be read: {e}"))?;
    let answer = Q::Response::decode(&mut bytes, version)
        .map_err(|e| format!("an answer that cannot be read: {e}"))?;
    if !bytes.is_empty() {
        return Err(format!("{} bytes behind the answer", bytes.len()));
    }
    Ok((header.correlation_id, answer))
}

/// One connection. Every error is fatal to it.
#[derive(Debug)]
pub struct Conn {
    stream: TcpStream,
    correlation: i32,
    answered: i32,
}

impl Conn {
    /// Connects; waits for an answer at most `limit`.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn open(address: &str, limit: Duration) -> std::io::Result<Conn> {
        let address: SocketAddr = address.parse().map_err(|_| ErrorKind::InvalidInput)?;
        let stream = TcpStream::connect_timeout(&address, limit)?;
        set_options(&stream, limit)?;
        Ok(Conn { stream, correlation: 0, answered: 0 })
    }

    /// Sends and waits for the answer.
    ///
    /// # Errors
    /// The connection ended, no answer came in time, or it cannot be read.
    pub fn call<Q: Request>(&mut self, version: i16, request: &Q) -> std::io::Result<Q::Response> {
        self.submit(version, request)?;
        self.answer::<Q>(version)
    }

    /// Sends only; several requests may be on their way.
    ///
    /// # Errors
    /// The connection ended.
    pub fn submit<Q: Request>(&mut self, version: i16, request: &Q) -> std::io::Result<()> {
        self.correlation += 1;
        let frame =
            encode(version, self.correlation, request).map_err(|e| Error::new(ErrorKind::InvalidInput, e))?;
        send(&mut self.stream, &frame)
    }

    /// The answer to the oldest request that has none yet.
    ///
    /// # Errors
    /// As [`Conn::call`].
    pub fn answer<Q: Request>(&mut self, version: i16) -> std::io::Result<Q::Response> {
        let bytes = receive(&mut self.stream)?;
        let (correlation, answer) =
            decode::<Q>(version, bytes).map_err(|e| Error::new(ErrorKind::InvalidData, e))?;
        self.answered += 1;
        if correlation != self.answered {
            let text = format!("answer {correlation} instead of {}", self.answered);
            return Err(Error::new(ErrorKind::InvalidData, text));
        }
        Ok(answer)
    }
}

//! The few requests of the load generator, written by hand in versions that Kafka 4.3 and Highway both serve:
//! Produce 8, Fetch 11, CreateTopics 4, DeleteTopics 3.

use std::io::{IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Builds a request.
#[derive(Debug, Default)]
pub struct Out(pub Vec<u8>);

impl Out {
    /// Starts a request, its length still missing.
    pub fn request(key: i16, version: i16) -> Out {
        let mut out = Out(vec![0; 4]);
        out.i16(key).i16(version).i32(1).text("highway-bench");
        out
    }
    pub fn i8(&mut self, v: i8) -> &mut Self {
        self.0.extend(v.to_be_bytes());
        self
    }
    pub fn i16(&mut self, v: i16) -> &mut Self {
        self.0.extend(v.to_be_bytes());
        self
    }
    pub fn i32(&mut self, v: i32) -> &mut Self {
        self.0.extend(v.to_be_bytes());
        self
    }
    pub fn i64(&mut self, v: i64) -> &mut Self {
        self.0.extend(v.to_be_bytes());
        self
    }
    pub fn text(&mut self, v: &str) -> &mut Self {
        self.i16(v.len() as i16);
        self.0.extend(v.as_bytes());
        self
    }
    /// Writes the length of this and `more` bytes behind it.
    pub fn sealed(mut self, more: usize) -> Vec<u8> {
        let len = (self.0.len() - 4 + more) as i32;
        self.0[..4].copy_from_slice(&len.to_be_bytes());
        self.0
    }
}

/// Reads a response or request.
#[derive(Debug)]
pub struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len).context("a frame ends too soon")?;
        self.0 = rest;
        Ok(head)
    }
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.bytes(N)?.try_into()?)
    }
    pub fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.fixed()?))
    }
    pub fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.fixed()?))
    }
    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.fixed()?))
    }
    pub fn text(&mut self) -> Result<&'a [u8]> {
        let len = self.i16()?.max(0) as usize;
        self.bytes(len)
    }
    pub fn blob(&mut self) -> Result<&'a [u8]> {
        let len = self.i32()?.max(0) as usize;
        self.bytes(len)
    }
}

/// Everything of a Produce request up to the bytes of its one batch.
pub fn produce_head(topic: &str, partition: i32, acks: i16, batch: usize) -> Vec<u8> {
    let mut out = Out::request(0, 8);
    out.i16(-1).i16(acks).i32(30_000).i32(1).text(topic).i32(1).i32(partition).i32(batch as i32);
    out.sealed(batch)
}

/// The error code in the answer to one batch.
pub fn produce_error(frame: &[u8]) -> Result<i16> {
    let mut input = In(frame);
    input.i32()?;
    input.i32()?;
    input.text()?;
    input.i32()?;
    input.i32()?;
    input.i16()
}

/// A Fetch of whole batches with the defaults of librdkafka: 1 MiB a partition, 50 MiB in all.
pub fn fetch(topic: &str, at: &[(i32, i64)]) -> Vec<u8> {
    let mut out = Out::request(1, 11);
    out.i32(-1).i32(500).i32(1).i32(50 << 20).i8(0).i32(0).i32(-1).i32(1).text(topic).i32(at.len() as i32);
    for &(partition, offset) in at {
        out.i32(partition).i32(-1).i64(offset).i64(-1).i32(1 << 20);
    }
    out.i32(0).text("");
    out.sealed(0)
}

/// Calls `visit` with partition, error code and record bytes of each partition of a Fetch answer.
pub fn fetched(frame: &[u8], mut visit: impl FnMut(i32, i16, &[u8])) -> Result<()> {
    let mut input = In(frame);
    input.i32()?; // correlation id
    input.i32()?; // throttle time
    let error = input.i16()?;
    ensure!(error == 0, "Fetch answered error {error}");
    input.i32()?; // session
    for _ in 0..input.i32()? {
        input.text()?;
        for _ in 0..input.i32()? {
            let (partition, error) = (input.i32()?, input.i16()?);
            input.bytes(24)?; // high watermark, last stable offset, log start offset
            let aborted = input.i32()?.max(0) as usize;
            input.bytes(16 * aborted)?;
            input.i32()?;
            visit(partition, error, input.blob()?);
        }
    }
    Ok(())
}

/// Writes two buffers, one behind the other.
pub fn write_both(stream: &mut TcpStream, head: &[u8], body: &[u8]) -> std::io::Result<()> {
    let mut done = 0;
    while done < head.len() {
        let n = stream.write_vectored(&[IoSlice::new(&head[done..]), IoSlice::new(body)])?;
        if n == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        done += n;
    }
    stream.write_all(&body[done - head.len()..])
}

/// Reads one frame into `buffer`; false at the end of the connection.
pub fn read_frame(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
        Err(error) => return Err(error),
    }
    let len = u32::from_be_bytes(length) as usize;
    if len > 256 << 20 {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    buffer.truncate(len.max(1 << 20)); // no first touch at every frame
    stream.read_exact(&mut buffer[..len])?;
    buffer.truncate(len);
    Ok(true)
}

/// A connection, tried until `limit`.
pub fn connect(address: SocketAddr, limit: Duration) -> Result<TcpStream> {
    let start = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) if start.elapsed() > limit => bail!("{address}: {error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn call(address: SocketAddr, request: &[u8]) -> Result<Vec<u8>> {
    let mut stream = connect(address, Duration::from_secs(60))?;
    stream.write_all(request)?;
    let mut buffer = Vec::new();
    ensure!(read_frame(&mut stream, &mut buffer)?, "{address} closed the connection");
    Ok(buffer)
}

/// Makes a topic.
pub fn create_topic(address: SocketAddr, topic: &str, partitions: i32) -> Result<()> {
    let mut out = Out::request(19, 4);
    out.i32(1).text(topic).i32(partitions).i16(1).i32(0).i32(0).i32(120_000).i8(0);
    let answer = call(address, &out.sealed(0))?;
    let mut input = In(&answer);
    input.bytes(12)?;
    input.text()?;
    let error = input.i16()?;
    ensure!(error == 0, "CreateTopics {topic}: error {error}");
    Ok(())
}

/// Deletes a topic.
pub fn delete_topic(address: SocketAddr, topic: &str) -> Result<()> {
    let mut out = Out::request(20, 3);
    out.i32(1).text(topic).i32(60_000);
    call(address, &out.sealed(0)).map(|_| ())
}

/// Sends one batch to each partition, again until it is taken: leaders need a moment after a topic is made.
pub fn produce_until_taken(
    address: SocketAddr,
    topic: &str,
    partitions: impl Iterator<Item = i32>,
    batch: &[u8],
    limit: Duration,
) -> Result<()> {
    let start = Instant::now();
    let mut stream = connect(address, limit)?;
    let mut buffer = Vec::new();
    for partition in partitions {
        let head = produce_head(topic, partition, -1, batch.len());
        loop {
            let answered =
                write_both(&mut stream, &head, batch).and_then(|()| read_frame(&mut stream, &mut buffer));
            let error = match answered {
                Ok(true) => produce_error(&buffer)?,
                _ => {
                    stream = connect(address, limit)?;
                    -2
                }
            };
            if error == 0 {
                break;
            }
            ensure!(start.elapsed() < limit, "{topic}-{partition} still answers error {error}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

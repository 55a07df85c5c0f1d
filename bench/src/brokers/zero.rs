//! A broker that does no work: it reads requests and answers at once, without storing anything. What a load generator
//! reaches against it is the limit of client, loopback and machine.
//!
//! It serves what librdkafka and the bench's own generator send to produce, and to read without a group.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};

use crate::load::batch::batch;
use crate::load::wire::{In, Out, read_frame, write_both};

/// API keys with the lowest and highest version that it says it serves. librdkafka takes a broker whose Produce and Fetch
/// do not begin at 0 for one without record batches; it sends the highest.
const SERVED: [(i16, i16, i16); 7] =
    [(0, 0, 8), (1, 0, 11), (3, 0, 4), (10, 0, 0), (18, 0, 0), (19, 4, 4), (20, 3, 3)];
const NOT_AVAILABLE: i16 = 15;
const UNSUPPORTED: i16 = 35;

/// Topics that were made, and how many partitions each has.
type Topics = Arc<Mutex<BTreeMap<String, i32>>>;

/// Serves until the process ends.
pub fn serve(port: u16, value: usize) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    let records: Arc<[u8]> = batch(value, 1_000_000).bytes.into();
    let topics = Topics::default();
    for stream in listener.incoming() {
        let (stream, records, topics) = (stream?, Arc::clone(&records), Arc::clone(&topics));
        std::thread::spawn(move || {
            let _ = connection(stream, port, &records, &topics); // ends with the client
        });
    }
    Ok(())
}

fn connection(mut stream: TcpStream, port: u16, records: &[u8], topics: &Topics) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut frame = Vec::new();
    while read_frame(&mut stream, &mut frame)? {
        let mut input = In(&frame);
        let (key, version, correlation) = (input.i16()?, input.i16()?, input.i32()?);
        input.text()?;
        let mut out = Out(vec![0; 4]);
        out.i32(correlation);
        let topics = || topics.lock().unwrap_or_else(PoisonError::into_inner);
        match (key, version) {
            (0, 3..=8) => produce(&mut input, version, &mut out)?,
            (1, 11) => {
                fetch(&mut stream, &mut input, correlation, records)?;
                continue;
            }
            (3, 0..=4) => metadata(&mut input, version, port, &topics(), &mut out)?,
            (10, 0) => {
                out.i16(NOT_AVAILABLE).i32(-1).text("").i32(-1);
            }
            (18, _) => {
                // Asked in a newer version, it answers in version 0 what it serves.
                out.i16(if version == 0 { 0 } else { UNSUPPORTED }).i32(SERVED.len() as i32);
                for (key, low, high) in SERVED {
                    out.i16(key).i16(low).i16(high);
                }
            }
            (19, 4) => {
                input.i32()?;
                let topic = String::from_utf8_lossy(input.text()?).into_owned();
                out.i32(0).i32(1).text(&topic).i16(0).i16(-1);
                topics().insert(topic, input.i32()?);
            }
            (20, 3) => {
                input.i32()?;
                let topic = String::from_utf8_lossy(input.text()?).into_owned();
                topics().remove(&topic);
                out.i32(0).i32(1).text(&topic).i16(0);
            }
            _ => bail!("no answer for API {key} version {version}"),
        }
        write_both(&mut stream, &out.sealed(0), &[])?;
    }
    Ok(())
}

fn produce(input: &mut In<'_>, version: i16, out: &mut Out) -> Result<()> {
    input.text()?; // transactional id
    input.bytes(6)?; // acks, timeout
    let topics = input.i32()?;
    out.i32(topics);
    for _ in 0..topics {
        out.text(&String::from_utf8_lossy(input.text()?));
        let partitions = input.i32()?;
        out.i32(partitions);
        for _ in 0..partitions {
            out.i32(input.i32()?).i16(0).i64(0).i64(-1);
            if version >= 5 {
                out.i64(0);
            }
            if version >= 8 {
                out.i32(0).i16(-1);
            }
            input.blob()?;
        }
    }
    out.i32(0);
    Ok(())
}

/// One broker that leads everything. Without a list of topics all are told.
fn metadata(
    input: &mut In<'_>,
    version: i16,
    port: u16,
    topics: &BTreeMap<String, i32>,
    out: &mut Out,
) -> Result<()> {
    let asked = input.i32()?;
    let mut told: Vec<(String, Option<i32>)> = Vec::new();
    for _ in 0..asked.max(0) {
        let topic = String::from_utf8_lossy(input.text()?).into_owned();
        let partitions = topics.get(&topic).copied();
        told.push((topic, partitions));
    }
    if asked < 0 || (asked == 0 && version == 0) {
        told = topics.iter().map(|(t, p)| (t.clone(), Some(*p))).collect();
    }
    if version >= 3 {
        out.i32(0);
    }
    out.i32(1).i32(1).text("127.0.0.1").i32(i32::from(port));
    if version >= 1 {
        out.i16(-1); // rack
    }
    if version >= 2 {
        out.i16(-1); // cluster id
    }
    if version >= 1 {
        out.i32(1); // controller
    }
    out.i32(told.len() as i32);
    for (topic, partitions) in told {
        const UNKNOWN_TOPIC: i16 = 3;
        out.i16(if partitions.is_some() { 0 } else { UNKNOWN_TOPIC }).text(&topic);
        if version >= 1 {
            out.i8(0);
        }
        let partitions = partitions.unwrap_or(0);
        out.i32(partitions);
        for partition in 0..partitions {
            out.i16(0).i32(partition).i32(1).i32(1).i32(1).i32(1).i32(1);
        }
    }
    Ok(())
}

/// Every partition answers with the same batch at the offset that was asked for.
fn fetch(stream: &mut TcpStream, input: &mut In<'_>, correlation: i32, records: &[u8]) -> Result<()> {
    input.bytes(4 + 4 + 4 + 4 + 1 + 4 + 4)?;
    input.i32()?;
    let topic = String::from_utf8_lossy(input.text()?).into_owned();
    let partitions = input.i32()?;
    let mut heads = Vec::new();
    for index in 0..partitions {
        let partition = input.i32()?;
        input.i32()?;
        let offset = input.i64()?;
        input.bytes(12)?;
        let mut out = Out::default();
        if index == 0 {
            out.i32(0).i32(correlation).i32(0).i16(0).i32(0).i32(1).text(&topic).i32(partitions);
        }
        out.i32(partition)
            .i16(0)
            .i64(i64::MAX)
            .i64(i64::MAX)
            .i64(0)
            .i32(-1)
            .i32(-1)
            .i32(records.len() as i32)
            .i64(offset);
        heads.push(out.0);
    }
    let len = heads.iter().map(|h| h.len() + records.len() - 8).sum::<usize>() - 4;
    if let Some(first) = heads.first_mut() {
        first[..4].copy_from_slice(&(len as i32).to_be_bytes());
    }
    if heads.is_empty() {
        let mut none = Out(vec![0; 4]);
        none.i32(correlation).i32(0).i16(0).i32(0).i32(0);
        write_both(stream, &none.sealed(0), &[])?;
    }
    for head in &heads {
        write_both(stream, head, &records[8..])?;
    }
    Ok(())
}

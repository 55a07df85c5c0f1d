//! A broker that does no work: it reads requests and answers Produce and Fetch at once, without storing anything. What
//! a load generator reaches against it is the limit of client, loopback and machine.

use std::net::{SocketAddr, TcpListener, TcpStream};

use anyhow::{Result, bail};

use crate::batch::batch;
use crate::wire::{In, Out, read_frame, write_both};

/// Serves until the process ends.
pub fn serve(port: u16, value: usize) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    let records = batch(value, 1_000_000).bytes;
    for stream in listener.incoming() {
        let (stream, records) = (stream?, records.clone());
        std::thread::spawn(move || {
            let _ = connection(stream, records); // ends with the client
        });
    }
    Ok(())
}

fn connection(mut stream: TcpStream, records: Vec<u8>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut frame = Vec::new();
    while read_frame(&mut stream, &mut frame)? {
        let mut input = In(&frame);
        let (key, version, correlation) = (input.i16()?, input.i16()?, input.i32()?);
        input.text()?;
        match (key, version) {
            (0, 8) => {
                let answer = produce(&mut input, correlation)?;
                write_both(&mut stream, &answer, &[])?;
            }
            (1, 11) => fetch(&mut stream, &mut input, correlation, &records)?,
            (18, _) => {
                // ApiVersions 0: what this broker serves.
                let mut out = Out(vec![0; 4]);
                out.i32(correlation).i16(0).i32(4);
                for (key, version) in [(0, 8), (1, 11), (18, 0), (19, 4)] {
                    out.i16(key).i16(version).i16(version);
                }
                write_both(&mut stream, &out.sealed(0), &[])?;
            }
            (19, 4) | (20, 3) => {
                input.i32()?;
                let topic = String::from_utf8_lossy(input.text()?).into_owned();
                let mut out = Out(vec![0; 4]);
                out.i32(correlation).i32(0).i32(1).text(&topic).i16(0).i16(-1);
                write_both(&mut stream, &out.sealed(0), &[])?;
            }
            _ => bail!("no answer for API {key} version {version}"),
        }
    }
    Ok(())
}

fn produce(input: &mut In<'_>, correlation: i32) -> Result<Vec<u8>> {
    input.text()?; // transactional id
    input.bytes(6)?; // acks, timeout
    let mut out = Out(vec![0; 4]);
    let topics = input.i32()?;
    out.i32(correlation).i32(topics);
    for _ in 0..topics {
        out.text(&String::from_utf8_lossy(input.text()?));
        let partitions = input.i32()?;
        out.i32(partitions);
        for _ in 0..partitions {
            out.i32(input.i32()?).i16(0).i64(0).i64(-1).i64(0).i32(0).i16(-1);
            input.blob()?;
        }
    }
    out.i32(0);
    Ok(out.sealed(0))
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
        first[..4].copy_from_slice(&(len as u32).to_be_bytes());
    }
    for head in &heads {
        write_both(stream, head, &records[8..])?;
    }
    Ok(())
}

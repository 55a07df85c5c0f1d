//! The registry on a port of loopback with its log in memory: for trying clients against it. Prints the port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use highway_registry::http::{CONTENT_TYPE, Request, respond};
use highway_registry::registry::Registry;

/// Bytes of a body at the most.
const BODY_MAX: usize = 4 << 20;

fn main() -> std::io::Result<()> {
    let registry = Arc::new(Mutex::new(Registry::default()));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let registry = registry.clone();
        let stream = stream?;
        std::thread::spawn(move || serve(&stream, &registry));
    }
    Ok(())
}

fn serve(stream: &TcpStream, registry: &Mutex<Registry>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length.min(BODY_MAX)];
        reader.read_exact(&mut body)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let response = {
            let mut registry = registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let response = respond(&registry, Request { method, path, query, body: &body });
            response.records.iter().cloned().for_each(|record| registry.apply(record));
            response
        };
        eprintln!("{method} {target} {}", response.status);
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {} x\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {}\r\n\r\n{}",
            response.status,
            response.body.len(),
            response.body
        )?;
    }
}

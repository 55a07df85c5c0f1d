//! Reads files and stdin in pieces, on a thread of its own: reading must not hold back sending.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::failure::{EXIT_NOT_FOUND, Failure};

/// Bytes of one piece.
const PIECE: usize = 256 * 1024;
/// Pieces ahead.
const AHEAD: usize = 8;

/// What the thread sends.
#[derive(Debug)]
pub enum Piece {
    /// The next bytes, not empty.
    Bytes(Bytes),
    /// A file ends here.
    End,
    /// It cannot be read.
    Failed(Failure),
}

/// Opens all files, so that a wrong name is known before anything is sent. The total size, where it is known.
pub fn open(files: &[PathBuf]) -> Result<(mpsc::Receiver<Piece>, Option<u64>), Failure> {
    let mut sources: Vec<(String, Box<dyn Read + Send>)> = Vec::new();
    let mut total = Some(0);
    for path in files {
        if path.as_os_str() == "-" {
            sources.push(("stdin".to_owned(), Box::new(std::io::stdin())));
            total = None;
            continue;
        }
        let failed = |e: std::io::Error| {
            let code = if e.kind() == std::io::ErrorKind::NotFound { EXIT_NOT_FOUND } else { 1 };
            Failure::new(code, format!("cannot read {}: {e}", path.display()))
        };
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if meta.is_dir() {
            return Err(Failure::usage(format!("{} is a directory", path.display())));
        }
        total = total.filter(|_| meta.is_file()).map(|t| t + meta.len());
        sources.push((path.display().to_string(), Box::new(file)));
    }
    if sources.is_empty() {
        sources.push(("stdin".to_owned(), Box::new(std::io::stdin())));
        total = None;
    }
    let (out, pieces) = mpsc::channel(AHEAD);
    std::thread::spawn(move || read(sources, &out));
    Ok((pieces, total))
}

/// Ends when everything is read, or nobody listens any more.
fn read(sources: Vec<(String, Box<dyn Read + Send>)>, out: &mpsc::Sender<Piece>) {
    for (name, mut source) in sources {
        let mut buffer = BytesMut::new();
        loop {
            if buffer.len() < PIECE {
                buffer.resize(PIECE, 0);
            }
            let piece = match source.read(&mut buffer) {
                Ok(0) => break,
                // What is read is given away, the rest of the buffer is used again.
                Ok(count) => Piece::Bytes(buffer.split_to(count).freeze()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let failure = Failure::new(1, format!("cannot read {name}: {error}"));
                    let _ = out.blocking_send(Piece::Failed(failure));
                    return;
                }
            };
            if out.blocking_send(piece).is_err() {
                return;
            }
        }
        if out.blocking_send(Piece::End).is_err() {
            return;
        }
    }
}

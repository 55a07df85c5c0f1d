//! Every system call that the segment files need, in one place.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::{Bytes, BytesMut};

/// Bytes of one write call at the most: larger ones cost more CPU per byte on virtual machines (the page cache takes
/// large folios that the host has to fault in).
pub const WRITE_CALL_BYTES: usize = 128 * 1024;

/// Writes all of `parts`, one behind the other, from `position` on.
///
/// # Errors
/// What the system says; some bytes may be written.
pub fn write_all_at(file: &File, parts: &[&[u8]], mut position: u64) -> io::Result<()> {
    for part in parts {
        for chunk in part.chunks(WRITE_CALL_BYTES) {
            file.write_all_at(chunk, position)?;
            position += chunk.len() as u64;
        }
    }
    Ok(())
}

/// Reads up to `len` bytes from `position`; fewer only at the end of the file.
///
/// # Errors
/// What the system says.
pub fn read_at(file: &File, position: u64, len: usize) -> io::Result<Bytes> {
    let mut buffer = BytesMut::zeroed(len);
    let mut done = 0;
    while done < len {
        match file.read_at(&mut buffer[done..], position + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(done);
    Ok(buffer.freeze())
}

/// Makes a file's bytes and size durable.
///
/// # Errors
/// What the system says; nothing about the file is known then.
pub fn sync_data(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fdatasync(file.as_fd())?)
}

/// Makes the names in a directory durable.
///
/// # Errors
/// What the system says.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

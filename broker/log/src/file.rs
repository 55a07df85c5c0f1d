//! Every system call that the segment files need, in one place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;
use rustix::buffer::spare_capacity;

/// Bytes of one write call at the most. The page cache takes folios as large as the call, and large ones cost less: 0.21
/// CPU-s a GB with calls of 1 MiB, 0.27 with 128 KiB (Linux 6.18, ext4).
pub const WRITE_CALL_BYTES: usize = 1024 * 1024;

/// Bytes that a background flush hands to the disk at a time, so that a journal's sync beside it waits for no more.
pub const FLUSH_STEP_BYTES: u64 = 1024 * 1024;

/// Opens a file for reading and writing; it must exist.
///
/// # Errors
/// What the system says.
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Opens a file for reading and writing and makes it if it is missing; what it holds stays.
///
/// # Errors
/// What the system says.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Writes all of `parts`, one behind the other, from `position` on. Small parts share a call.
///
/// # Errors
/// What the system says; some bytes may be written.
pub fn write_all_at(file: &File, parts: &[&[u8]], mut position: u64) -> io::Result<()> {
    const PARTS: usize = 4;
    let (mut part, mut done) = (0, 0);
    loop {
        let mut slices = [IoSlice::new(&[]); PARTS];
        let (mut used, mut room, mut from) = (0, WRITE_CALL_BYTES, done);
        for bytes in parts.iter().skip(part).take(PARTS) {
            let take = (bytes.len() - from).min(room);
            slices[used] = IoSlice::new(&bytes[from..from + take]);
            (used, room, from) = (used + 1, room - take, 0);
        }
        if room == WRITE_CALL_BYTES {
            if part + PARTS >= parts.len() {
                return Ok(());
            }
            (part, done) = (part + PARTS, 0); // nothing but empty parts
            continue;
        }
        match rustix::io::pwritev(file, &slices[..used], position) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(mut written) => {
                position += written as u64;
                while part < parts.len() && written >= parts[part].len() - done {
                    written -= parts[part].len() - done;
                    (part, done) = (part + 1, 0);
                }
                done += written;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads up to `len` bytes from `position`; fewer only at the end of the file. `len` must come from the file's size.
///
/// # Errors
/// What the system says.
pub fn read_at(file: &File, position: u64, len: usize) -> io::Result<Bytes> {
    let mut buffer: Vec<u8> = Vec::with_capacity(len);
    while buffer.len() < len {
        let at = position + buffer.len() as u64;
        // The capacity may be larger than what was asked for.
        let done = buffer.len();
        match rustix::io::pread(file, spare_capacity(&mut buffer), at) {
            Ok(0) => break,
            Ok(_) => debug_assert!(buffer.len() > done, "a read fills the buffer"),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    buffer.truncate(len);
    Ok(buffer.into())
}

/// Fills the start of `buffer` with what the page cache holds from `position` on; `None` if that is nothing, which is
/// also the answer of file systems that cannot tell. Never waits for the disk.
///
/// # Errors
/// What the system says.
pub fn read_cached(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    let mut slices = [io::IoSliceMut::new(buffer)];
    loop {
        match rustix::io::preadv2(file, &mut slices, position, rustix::io::ReadWriteFlags::NOWAIT) {
            Ok(n) => return Ok(Some(n)),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Fills `buffer` from `position`; returns fewer bytes only at the end of the file.
///
/// # Errors
/// What the system says.
pub fn read_into(file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], position + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Reads a small file whole; `None` if it is not there.
///
/// # Errors
/// What the system says.
pub fn read_whole(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the file hold `keep` bytes of what it held and `bytes` behind them.
///
/// # Errors
/// What the system says; the file may hold a part.
pub fn replace_tail(path: &Path, keep: u64, bytes: &[u8]) -> io::Result<()> {
    let file = open_or_create(path)?;
    if file.metadata()?.len() > keep {
        file.set_len(keep)?;
    }
    write_all_at(&file, &[bytes], keep)
}

/// Cuts a file.
///
/// # Errors
/// What the system says.
pub fn cut(file: &File, len: u64) -> io::Result<()> {
    file.set_len(len)
}

/// Hands the bytes `from..to` of a file to the disk, step by step, and waits for each step. Not durable without
/// [`sync_data`]: neither the size nor the disk's cache is dealt with.
///
/// # Errors
/// A step failed. The error counts as a failed sync: a later sync of the same file might not repeat it.
pub fn write_out(file: &File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let step = FLUSH_STEP_BYTES.min(to - at);
        let (start, len) = (at.cast_signed(), step.cast_signed());
        let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
            | libc::SYNC_FILE_RANGE_WRITE
            | libc::SYNC_FILE_RANGE_WAIT_AFTER;
        // SAFETY: the call takes numbers only, and `file` keeps the descriptor open.
        #[allow(unsafe_code)]
        let outcome = unsafe { libc::sync_file_range(file.as_raw_fd(), start, len, flags) };
        if outcome != 0 {
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                Some(libc::EINTR) => continue,
                // Not every file system has it; the sync behind does all the work then.
                Some(libc::ENOSYS | libc::EINVAL | libc::ESPIPE | libc::EOPNOTSUPP) => return Ok(()),
                _ => return Err(error),
            }
        }
        at += step;
    }
    Ok(())
}

/// Asks the disk for the bytes `from..to` of a file to be written and does not wait. Advice.
pub fn start_write_out(file: &File, from: u64, to: u64) {
    if from < to {
        let (start, len) = (from.cast_signed(), (to - from).cast_signed());
        // SAFETY: the call takes numbers only, and `file` keeps the descriptor open.
        #[allow(unsafe_code)]
        let _ = unsafe { libc::sync_file_range(file.as_raw_fd(), start, len, libc::SYNC_FILE_RANGE_WRITE) };
    }
}

/// Gets space from the file system without making the file longer, where it can.
///
/// # Errors
/// No space, above all.
pub fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, bytes) {
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Drops the pages that are on disk from the page cache. Pages that a failed sync never wrote go with them.
pub fn drop_cache(file: &File) {
    // Advice: if it is not followed, reads are served from memory.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
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

/// True for an error that passes once other files are closed.
#[must_use]
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Removes a file that may be gone already.
///
/// # Errors
/// What the system says.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Renames a file that may be gone already.
///
/// # Errors
/// What the system says.
pub fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn parts_of_any_length_come_back(lens in proptest::collection::vec(0usize..300_000, 0..7), at in 0u64..100) {
            let file = tempfile::tempfile().unwrap();
            let parts: Vec<Vec<u8>> = lens.iter().enumerate().map(|(i, n)| vec![u8::try_from(i + 1).unwrap(); *n]).collect();
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            write_all_at(&file, &slices, at).unwrap();
            let all = parts.concat();
            prop_assert_eq!(&read_at(&file, at, all.len()).unwrap()[..], &all[..]);
            let len = file.metadata().unwrap().len();
            prop_assert_eq!(len, if all.is_empty() { 0 } else { at + all.len() as u64 });
            write_out(&file, 0, len).unwrap();
        }
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let full = open(Path::new("/dev/full")).unwrap();
        let error = write_all_at(&full, &[b"x"], 0).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOSPC));
    }
}

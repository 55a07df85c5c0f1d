//! Small files that are replaced whole: write beside, sync, rename, sync the directory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::file::sync_dir;

/// Replaces `path` by `bytes`; durable when this returns.
///
/// # Errors
/// A failed step; the old file is then still whole.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp"); // behind the whole name, so that files that differ by extension do not share it
    let beside = Path::new(&beside);
    let mut file = File::create(beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// As [`replace`] for a file that can be derived again: not synced.
///
/// # Errors
/// A failed step; the old file is then still whole.
pub fn replace_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

/// As [`replace`], with a CRC-32 behind the bytes.
///
/// # Errors
/// As [`replace`].
pub fn write_checked(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut out = Vec::with_capacity(bytes.len() + 4);
    out.extend_from_slice(bytes);
    out.extend_from_slice(&crc32fast::hash(bytes).to_be_bytes());
    replace(path, &out)
}

/// Reads what [`write_checked`] wrote; `None` if there is no file.
///
/// # Errors
/// A failed read, or `InvalidData` for a wrong checksum.
pub fn read_checked(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "its checksum does not match");
    let body = bytes.len().checked_sub(4).ok_or_else(wrong)?;
    let stored = bytes.split_off(body);
    if stored != crc32fast::hash(&bytes).to_be_bytes() {
        return Err(wrong());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_byte_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        assert_eq!(read_checked(&path).unwrap(), None);
        write_checked(&path, b"hello").unwrap();
        assert_eq!(read_checked(&path).unwrap().as_deref(), Some(&b"hello"[..]));
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            fs::write(&path, bad).unwrap();
            assert!(read_checked(&path).is_err(), "byte {at}");
        }
    }
}

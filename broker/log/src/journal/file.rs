//! The system calls of the journal, behind traits so that tests can fail, shorten and forget them.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::format::BLOCK;
use super::options::IoMode;

/// Files and directories.
pub trait JournalIo: Send + Sync + fmt::Debug {
    /// Makes the directory if it is missing, durably.
    ///
    /// # Errors
    /// As the system says.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Names of the files in it.
    ///
    /// # Errors
    /// As the system says.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Opens a file, and makes it if `create` is set and it is missing.
    ///
    /// # Errors
    /// As the system says.
    fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn JournalFile>>;
    /// Removes a file.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// As the system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// One file.
#[allow(clippy::len_without_is_empty)]
pub trait JournalFile: Send + Sync {
    /// Its bytes.
    ///
    /// # Errors
    /// As the system says.
    fn len(&self) -> io::Result<u64>;
    /// Reads up to `buffer.len()` bytes; 0 at the end.
    ///
    /// # Errors
    /// As the system says.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes some of `bytes`. Length, place and address of `bytes` are multiples of 4096.
    ///
    /// # Errors
    /// As the system says.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize>;
    /// Gets space for the whole file from the file system, as far as it can.
    ///
    /// # Errors
    /// As the system says; no space above all.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// `fdatasync`.
    ///
    /// # Errors
    /// As the system says.
    fn sync(&self) -> io::Result<()>;
    /// Drops what the page cache holds, so that reads come from the disk.
    fn drop_cache(&self);
    /// How writes go.
    fn mode(&self) -> IoMode;
}

/// The real file system.
#[derive(Debug)]
pub struct DiskIo {
    mode: IoMode,
}

impl DiskIo {
    /// Writes in this mode, where the file system can.
    #[must_use]
    pub fn new(mode: IoMode) -> Self {
        Self { mode }
    }
}

impl JournalIo for DiskIo {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::create_dir_all(dir)?;
        dir.parent().map_or(Ok(()), |parent| self.sync_dir(parent))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn JournalFile>> {
        let buffered = OpenOptions::new().read(true).write(true).create(create).truncate(false).open(path)?;
        let direct = match self.mode {
            IoMode::Buffered => None,
            IoMode::Direct => open_direct(path)?,
        };
        let use_direct = AtomicBool::new(direct.is_some());
        Ok(Arc::new(DiskFile { buffered, direct, use_direct }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

#[cfg(target_os = "linux")]
fn open_direct(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().write(true).custom_flags(libc::O_DIRECT).open(path) {
        Ok(file) => Ok(Some(file)),
        // What file systems without direct I/O answer.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn open_direct(_path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

struct DiskFile {
    buffered: File,
    direct: Option<File>,
    use_direct: AtomicBool,
}

impl DiskFile {
    fn writer(&self) -> (&File, bool) {
        match &self.direct {
            Some(direct) if self.use_direct.load(Ordering::Relaxed) => (direct, true),
            _ => (&self.buffered, false),
        }
    }
}

impl JournalFile for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.buffered.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        self.buffered.read_at(buffer, at)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        let (file, direct) = self.writer();
        match file.write_at(bytes, at) {
            // Some file systems take the flag and refuse the write.
            Err(error) if direct && error.raw_os_error() == Some(libc::EINVAL) => {
                self.use_direct.store(false, Ordering::Relaxed);
                self.buffered.write_at(bytes, at)
            }
            other => other,
        }
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&self.buffered, rustix::fs::FallocateFlags::empty(), 0, len) {
            // Writing the zeros does the same, more slowly.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.writer().0.sync_data()
    }

    fn drop_cache(&self) {
        // Advice: if it is not followed, reads are served from memory.
        let _ = rustix::fs::fadvise(&self.buffered, 0, None, rustix::fs::Advice::DontNeed);
    }

    fn mode(&self) -> IoMode {
        if self.writer().1 { IoMode::Direct } else { IoMode::Buffered }
    }
}

/// Writes all of `bytes`, in calls of `chunk` at the most.
pub(super) fn write_all(
    file: &dyn JournalFile,
    mut bytes: &[u8],
    mut at: u64,
    chunk: usize,
) -> io::Result<()> {
    let mut stuck = 0;
    while !bytes.is_empty() {
        let n = match file.write_at(&bytes[..bytes.len().min(chunk)], at) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        // Direct I/O goes on at block boundaries only: what is written twice is the same bytes.
        let n = if n == bytes.len() { n } else { n / BLOCK as usize * BLOCK as usize };
        stuck = if n == 0 { stuck + 1 } else { 0 };
        if stuck == 3 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[n..];
        at += n as u64;
    }
    Ok(())
}

/// Fills `buffer` as far as the file goes and says how far.
pub(super) fn read_full(file: &dyn JournalFile, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], at + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

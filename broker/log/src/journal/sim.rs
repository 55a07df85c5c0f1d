//! A disk for tests: it fails where told to, and forgets at a power cut what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::file::{JournalFile, JournalIo};
use super::options::IoMode;

const BLOCK: usize = 4096;

#[derive(Clone, Debug, Default)]
struct SimFile {
    /// What a power cut leaves.
    durable: Vec<u8>,
    /// What readers see.
    seen: Vec<u8>,
    unsynced: BTreeSet<usize>,
    /// Its name survives a power cut.
    named: bool,
}

/// What goes wrong. Counters count calls from the moment they are set.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// New files fail with EMFILE.
    pub out_of_files: bool,
    /// The power is cut at the n-th call from now: it and all later ones fail and change nothing.
    pub cut_at: Option<u64>,
    /// The n-th write from now fails with this.
    pub fail_write: Option<(u64, i32)>,
    /// The n-th sync from now fails with EIO, and what it should have synced is lost, as Linux does.
    pub fail_sync: Option<u64>,
    /// Writes take this many bytes at the most.
    pub short_writes: Option<usize>,
    /// Bytes that files may have together.
    pub capacity: Option<u64>,
    /// Syncs wait until this is lifted.
    pub hold_syncs: bool,
}

#[derive(Debug, Default)]
struct Disk {
    files: BTreeMap<PathBuf, SimFile>,
    faults: Faults,
    /// Syncs so far.
    syncs: u64,
    largest_write: usize,
    read: usize,
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    disk: Arc<Mutex<Disk>>,
    lifted: Arc<Lifted>,
}

#[derive(Debug, Default)]
struct Lifted(parking_lot::Condvar);

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes what goes wrong from now on.
    pub fn set_faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.disk.lock().faults);
        self.lifted.0.notify_all();
    }

    /// What is left after the power came back: `keep` is asked for every unsynced block and name.
    #[must_use]
    pub fn after_power_cut(&self, mut keep: impl FnMut() -> bool) -> Self {
        let disk = self.disk.lock();
        let mut files = BTreeMap::new();
        for (path, file) in &disk.files {
            if !file.named && !keep() {
                continue;
            }
            let mut bytes = file.durable.clone();
            for &block in &file.unsynced {
                if keep() {
                    let at = block * BLOCK;
                    let end = (at + BLOCK).min(file.seen.len());
                    bytes.resize(bytes.len().max(end), 0);
                    bytes[at..end].copy_from_slice(&file.seen[at..end]);
                }
            }
            let synced =
                SimFile { durable: bytes.clone(), seen: bytes, unsynced: BTreeSet::new(), named: true };
            files.insert(path.clone(), synced);
        }
        let disk = Disk { files, ..Disk::default() };
        Self { disk: Arc::new(Mutex::new(disk)), lifted: Arc::default() }
    }

    /// What is left after the process was killed: everything, synced or not.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let disk = self.disk.lock();
        let disk = Disk { files: disk.files.clone(), ..Disk::default() };
        Self { disk: Arc::new(Mutex::new(disk)), lifted: Arc::default() }
    }

    /// The files' paths.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.disk.lock().files.keys().cloned().collect()
    }

    /// Changes the bytes of a file behind everybody's back.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut disk = self.disk.lock();
        let file = disk.files.get_mut(path).expect("the test names an existing file");
        change(&mut file.seen);
        file.durable.clone_from(&file.seen);
    }

    /// A copy of a file's bytes.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn bytes(&self, path: &Path) -> Vec<u8> {
        self.disk.lock().files.get(path).expect("the test names an existing file").seen.clone()
    }

    /// Bytes of the largest write call, and syncs, so far.
    #[must_use]
    pub fn seen_calls(&self) -> (usize, u64) {
        let disk = self.disk.lock();
        (disk.largest_write, disk.syncs)
    }

    /// Bytes read so far.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.disk.lock().read
    }

    fn call(&self) -> io::Result<MutexGuard<'_, Disk>> {
        let mut disk = self.disk.lock();
        if let Some(left) = &mut disk.faults.cut_at {
            if *left == 0 {
                return Err(io::Error::from_raw_os_error(libc::EIO));
            }
            *left -= 1;
        }
        Ok(disk)
    }
}

impl Disk {
    fn check_capacity(&self, path: &Path, len: usize) -> io::Result<()> {
        let Some(capacity) = self.faults.capacity else { return Ok(()) };
        let others: usize = self.files.iter().filter(|(p, _)| *p != path).map(|(_, f)| f.seen.len()).sum();
        let own = self.files.get(path).map_or(0, |f| f.seen.len());
        if len > own && (others + len) as u64 > capacity {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        Ok(())
    }
}

fn count_down(left: &mut Option<u64>) -> bool {
    match left {
        Some(0) => {
            *left = None;
            true
        }
        Some(n) => {
            *n -= 1;
            false
        }
        None => false,
    }
}

impl JournalIo for SimDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        self.call().map(|_| ())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let disk = self.call()?;
        let names = disk.files.keys().filter(|p| p.parent() == Some(dir));
        Ok(names.filter_map(|p| Some(p.file_name()?.to_str()?.to_owned())).collect())
    }

    fn open(&self, path: &Path, create: bool) -> io::Result<Arc<dyn JournalFile>> {
        let mut disk = self.call()?;
        if !disk.files.contains_key(path) {
            if !create {
                return Err(io::ErrorKind::NotFound.into());
            }
            if disk.faults.out_of_files {
                return Err(io::Error::from_raw_os_error(libc::EMFILE));
            }
            disk.files.insert(path.to_owned(), SimFile::default());
        }
        Ok(Arc::new(SimHandle { disk: self.clone(), path: path.to_owned() }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?.files.remove(path);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.call()?;
        for (_, file) in disk.files.iter_mut().filter(|(p, _)| p.parent() == Some(dir)) {
            file.named = true;
        }
        Ok(())
    }
}

struct SimHandle {
    disk: SimDisk,
    path: PathBuf,
}

impl JournalFile for SimHandle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.call()?.files.get(&self.path).map_or(0, |f| f.seen.len() as u64))
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let mut disk = self.disk.call()?;
        let Some(file) = disk.files.get(&self.path) else { return Ok(0) };
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(file.seen.len());
        let n = buffer.len().min(file.seen.len() - at);
        buffer[..n].copy_from_slice(&file.seen[at..at + n]);
        disk.read += n;
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<usize> {
        assert!(
            bytes.len().is_multiple_of(BLOCK) && at.is_multiple_of(BLOCK as u64),
            "direct I/O needs blocks"
        );
        assert_eq!(bytes.as_ptr().align_offset(BLOCK), 0, "direct I/O needs an aligned address");
        let mut disk = self.disk.call()?;
        if let Some((left, errno)) = &mut disk.faults.fail_write {
            if *left == 0 {
                let errno = *errno;
                disk.faults.fail_write = None;
                return Err(io::Error::from_raw_os_error(errno));
            }
            *left -= 1;
        }
        disk.largest_write = disk.largest_write.max(bytes.len());
        let n = disk.faults.short_writes.map_or(bytes.len(), |max| bytes.len().min(max));
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        disk.check_capacity(&self.path, at + n)?;
        let file = disk.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        let len = file.seen.len().max(at + n);
        file.seen.resize(len, 0);
        file.seen[at..at + n].copy_from_slice(&bytes[..n]);
        file.unsynced.extend(at / BLOCK..(at + n).div_ceil(BLOCK));
        Ok(n)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let mut disk = self.disk.call()?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        disk.check_capacity(&self.path, len)?;
        let file = disk.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        let len = len.max(file.seen.len());
        file.seen.resize(len, 0);
        file.durable.resize(len, 0); // harsher than a disk: sizes survive, contents do not
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.call()?;
        while disk.faults.hold_syncs {
            self.disk.lifted.0.wait(&mut disk);
        }
        if disk.faults.cut_at == Some(0) {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        disk.syncs += 1;
        let failed = count_down(&mut disk.faults.fail_sync);
        let file = disk.files.get_mut(&self.path).ok_or(io::ErrorKind::NotFound)?;
        if failed {
            file.unsynced.clear(); // marked clean without having been written
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        for block in std::mem::take(&mut file.unsynced) {
            let at = block * BLOCK;
            let end = (at + BLOCK).min(file.seen.len());
            let len = file.durable.len().max(end);
            file.durable.resize(len, 0);
            file.durable[at..end].copy_from_slice(&file.seen[at..end]);
        }
        Ok(())
    }

    fn drop_cache(&self) {
        // What is clean is read from the disk again: a lost write shows itself.
        let mut disk = self.disk.disk.lock();
        if let Some(file) = disk.files.get_mut(&self.path)
            && file.unsynced.is_empty()
        {
            file.seen = file.durable.clone();
        }
    }

    fn mode(&self) -> IoMode {
        IoMode::Direct
    }
}

//! Opening: which files there are, where the log ends, and whether anything is missing. Changes nothing on disk.

use std::path::Path;
use std::sync::Arc;

use crate::commit_log::CommitLogError;

use super::file::{JournalIo, read_full};
use super::format::{BLOCK, FILE_HEADER, FileHeader, GroupHeader, NoHeader, VERSION};
use super::options::JournalOptions;
use super::pool::{Free, InUse, Pool, Slot, Stamped};
use super::prepare::file_index;
use super::replay::{GroupReader, NoGroup, Walk, corrupt, find_later, io_error, read_head, walk};

/// What was found.
pub(super) struct Recovered {
    pub pool: Pool,
    /// Position behind the last whole group.
    pub end: u64,
    /// The last write was cut off, and where.
    pub torn: Option<String>,
    /// The highest epoch of any file.
    pub epoch: u64,
    /// The first number that no file has.
    pub next_index: u32,
}

struct Found {
    stamped: Vec<Stamped>,
    /// Without a header that can be read.
    unstamped: Vec<Arc<Slot>>,
    next_index: u32,
}

/// Looks at the directory. `clean_end` is where the log ended when it was closed in good order, with all of it released:
/// then nothing in the files is needed, and nothing of them is read but their headers.
pub(super) fn recover(
    options: &JournalOptions,
    dir: &Path,
    clean_end: Option<u64>,
) -> Result<Recovered, CommitLogError> {
    if let Some(end) = clean_end {
        let found = find_files(options.io.as_ref(), dir, false)?;
        if found.stamped.iter().all(|s| s.header.floor <= end) {
            return Ok(all_free(options, found, end));
        }
    }
    recover_groups(options, find_files(options.io.as_ref(), dir, true)?)
}

fn all_free(options: &JournalOptions, found: Found, end: u64) -> Recovered {
    let epoch = found.stamped.last().map_or(0, |s| s.header.epoch);
    let mut pool = Pool::default();
    pool.free.extend(
        found
            .stamped
            .into_iter()
            .map(|file| Free { zeroed: file.header.file_bytes == options.file_bytes, slot: file.slot }),
    );
    pool.free.extend(found.unstamped.into_iter().map(|slot| Free { slot, zeroed: false }));
    pool.released = end;
    Recovered { pool, end, torn: None, epoch, next_index: found.next_index }
}

fn recover_groups(options: &JournalOptions, found: Found) -> Result<Recovered, CommitLogError> {
    let Found { stamped, unstamped, next_index } = found;
    let floor = stamped.iter().map(|s| s.header.floor).max().unwrap_or(0);
    let mut reader = GroupReader::default();
    let mut tail: Option<(usize, Walk)> = None;
    for (index, file) in stamped.iter().enumerate().rev() {
        let walked = walk(file, &mut reader)?;
        if walked.groups > 0 {
            tail = Some((index, walked));
            break;
        }
    }
    let end = tail.as_ref().map_or(floor, |(_, w)| w.end);
    check_nothing_later(&stamped, &unstamped, tail.as_ref(), end)?;
    if let Some(file) = stamped.iter().find(|f| f.header.floor > end) {
        let detail =
            format!("it says that the log was durable up to {}, but its last whole group ends there", floor);
        return Err(corrupt(file, 0, end, detail));
    }

    let torn = torn_tail(&stamped, tail.as_ref(), end, &mut reader)?;
    let epoch = stamped.last().map_or(0, |s| s.header.epoch);
    let mut pool = Pool::default();
    let used = tail.as_ref().map_or(0, |(index, _)| index + 1);
    for (index, file) in stamped.into_iter().enumerate() {
        let complete = file.header.file_bytes == options.file_bytes;
        let slot = Arc::clone(&file.slot);
        if index >= used {
            pool.free.push_back(Free { slot, zeroed: complete });
            continue;
        }
        let limit = file.header.file_bytes;
        let head = read_head(slot.file.as_ref(), BLOCK, limit).map_err(io_error(&file))?;
        match head.filter(|h| h.belongs_to(&file.header)) {
            Some(head) => {
                if let Some(last) = pool.in_use.last_mut() {
                    let last: &mut InUse = last;
                    if last.base > head.position {
                        let detail = "an older file has a later position".to_owned();
                        return Err(corrupt(&file, BLOCK, head.position, detail));
                    }
                    last.end = Some(head.position);
                }
                pool.in_use.push(InUse { stamped: file, base: head.position, end: Some(end) });
            }
            // Prepared and passed over, or damaged: nobody can tell, so it stays until a checkpoint is behind it.
            None => pool.held.push((slot, end)),
        }
    }
    pool.held.extend(unstamped.into_iter().map(|slot| (slot, end)));
    Ok(Recovered { pool, end, torn, epoch, next_index })
}

/// Opens every file and reads its header. With `from_disk` it is synced first and read back: what the page cache holds may
/// never have reached the disk.
fn find_files(io: &dyn JournalIo, dir: &Path, from_disk: bool) -> Result<Found, CommitLogError> {
    let at_dir = |source| CommitLogError::Io { path: dir.to_owned(), source: Arc::new(source) };
    let list =
        || io.list(dir).map(|all| all.into_iter().filter_map(|n| Some((file_index(&n)?, n))).collect());
    let mut names: Vec<(u32, String)> = list().unwrap_or_default();
    if names.is_empty() {
        // The directory's own name is durable before the first file is made, so later opens need not sync it again.
        io.create_dir(dir).map_err(at_dir)?;
        names = list().map_err(at_dir)?;
    }
    names.sort_unstable();
    let mut found = Found { stamped: Vec::new(), unstamped: Vec::new(), next_index: 0 };
    for (index, name) in names {
        found.next_index = index + 1;
        let path = dir.join(name);
        let at_file = |source| CommitLogError::Io { path: path.clone(), source: Arc::new(source) };
        let file = io.open(&path, false).map_err(at_file)?;
        if from_disk {
            file.sync().map_err(at_file)?;
            file.drop_cache();
        }
        let mut raw = [0; FILE_HEADER];
        let read = read_full(file.as_ref(), &mut raw, 0).map_err(at_file)?;
        let len = file.len().map_err(at_file)?;
        let header = FileHeader::decode(&raw[..read]);
        let slot = Arc::new(Slot { path: path.clone(), file });
        match header {
            Ok(header) if header.file_bytes <= len => found.stamped.push(Stamped { slot, header }),
            Ok(_) | Err(NoHeader::Invalid) => found.unstamped.push(slot),
            Err(NoHeader::Newer(version)) => {
                return Err(CommitLogError::NewerFormat { path, found: version, supported: VERSION });
            }
        }
    }
    found.stamped.sort_by_key(|s| s.header.epoch);
    if let Some(pair) = found.stamped.windows(2).find(|p| p[0].header.epoch == p[1].header.epoch) {
        let detail = format!("{} has the same epoch {}", pair[0].slot.path.display(), pair[0].header.epoch);
        return Err(corrupt(&pair[1], 0, 0, detail));
    }
    Ok(found)
}

/// A group is written only when the one before is durable: if one lies behind the end, something in between is gone.
fn check_nothing_later(
    stamped: &[Stamped],
    unstamped: &[Arc<Slot>],
    tail: Option<&(usize, Walk)>,
    end: u64,
) -> Result<(), CommitLogError> {
    let (first, tail_offset) = tail.map_or((0, BLOCK), |(index, w)| (*index, w.offset));
    let error = |path: &Path, offset: u64, later: (u64, GroupHeader)| {
        let (at, group) = later;
        let detail = match tail {
            Some((index, _)) if stamped[*index].slot.path == path => {
                format!("no whole group there, but a later one at byte {at} with position {}", group.position)
            }
            _ => format!(
                "the log ends there, but {} has a later group at byte {at} with position {}",
                path.display(),
                group.position
            ),
        };
        match tail {
            Some((index, walked)) => corrupt(&stamped[*index], walked.offset, end, detail),
            None => CommitLogError::Corrupt {
                path: path.to_owned(),
                offset,
                position: highway_types::JournalPosition(end),
                detail,
            },
        }
    };
    // In parallel: reading the empty files is what a start after a crash waits for.
    let searched: Vec<_> = std::thread::scope(|scope| {
        let search = |(index, file): (usize, &'_ Stamped)| {
            let from = if index == first { tail_offset } else { BLOCK };
            let limit = file.header.file_bytes;
            find_later(file.slot.file.as_ref(), Some(&file.header), from, limit, &|g| g.position > end)
        };
        let threads: Vec<_> =
            stamped.iter().enumerate().skip(first).map(|at| (at, scope.spawn(move || search(at)))).collect();
        threads.into_iter().map(|(at, thread)| (at, thread.join().unwrap_or_else(|_| search(at)))).collect()
    });
    for ((index, file), later) in searched {
        let from = if index == first { tail_offset } else { BLOCK };
        if let Some(later) = later.map_err(io_error(file))? {
            return Err(error(&file.slot.path, from, later));
        }
    }
    let tail_epoch = tail.map_or(0, |(index, _)| stamped[*index].header.epoch);
    for slot in unstamped {
        let io = |source| CommitLogError::Io { path: slot.path.clone(), source: Arc::new(source) };
        let len = slot.file.len().map_err(io)?;
        let is_later = |group: &GroupHeader| group.epoch > tail_epoch && group.end() > end;
        if let Some(later) = find_later(slot.file.as_ref(), None, BLOCK, len, &is_later).map_err(io)? {
            return Err(error(&slot.path, BLOCK, later));
        }
    }
    Ok(())
}

/// Says where the last write was cut off, if that can be seen.
fn torn_tail(
    stamped: &[Stamped],
    tail: Option<&(usize, Walk)>,
    end: u64,
    reader: &mut GroupReader,
) -> Result<Option<String>, CommitLogError> {
    let text = |file: &Stamped, offset: u64, why: &str| {
        Some(format!("{} at byte {offset}, position {end}: {why}", file.slot.path.display()))
    };
    if let Some((index, walked)) = tail
        && let NoGroup::Torn(why) = &walked.stop
    {
        return Ok(text(&stamped[*index], walked.offset, why));
    }
    let next = tail.map_or(0, |(index, _)| index + 1);
    for file in &stamped[next..] {
        if let Err(NoGroup::Torn(why)) = reader.read(file, BLOCK).map_err(io_error(file))? {
            return Ok(text(file, BLOCK, &why));
        }
    }
    Ok(None)
}

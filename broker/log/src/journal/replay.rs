//! Reading groups: for finding the end at open, and for replay.

use std::io;
use std::sync::Arc;

use highway_types::JournalPosition;

use crate::batch::header::HEADER_LEN;
use crate::commit_log::{CommitLogError, ReplayError, ReplaySummary, ReplayedEntry};

use super::file::{JournalFile, read_full};
use super::format::{
    BLOCK, Entry, FileHeader, GROUP_HEADER, GroupHeader, SET_DESCRIPTOR, decode_descriptors,
    entry_descriptor, group_crc, payload_matches, to_blocks,
};
use super::pool::{InUse, Stamped};

/// Why there is no whole group at a place.
#[derive(Clone, Debug)]
pub(super) enum NoGroup {
    /// Nothing of this file's present life: zeros, or what the file held before.
    Nothing,
    /// A group of this file starts here and is not whole.
    Torn(String),
}

/// Names the path of an I/O error.
pub(super) fn io_error(stamped: &Stamped) -> impl Fn(io::Error) -> CommitLogError + '_ {
    |source| CommitLogError::Io { path: stamped.slot.path.clone(), source: Arc::new(source) }
}

/// Reads the group header at `at`, whoever it belongs to, with a checksum that fits.
pub(super) fn read_head(file: &dyn JournalFile, at: u64, limit: u64) -> io::Result<Option<GroupHeader>> {
    let mut raw = [0; GROUP_HEADER];
    if at + GROUP_HEADER as u64 > limit || read_full(file, &mut raw, at)? < GROUP_HEADER {
        return Ok(None);
    }
    let Some((header, crc)) = GroupHeader::decode(&raw) else { return Ok(None) };
    // The length is checked against the file before anything is allocated for it.
    if header.len() > limit - at {
        return Ok(None);
    }
    let mut descriptors = vec![0; header.descriptor_bytes as usize];
    let read = read_full(file, &mut descriptors, at + GROUP_HEADER as u64)?;
    Ok((read == descriptors.len() && group_crc(&raw, &descriptors) == crc).then_some(header))
}

/// Reads whole groups into a buffer that it keeps.
#[derive(Default)]
pub(super) struct GroupReader {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl GroupReader {
    /// Reads and verifies the group at `at`.
    pub(super) fn read(&mut self, of: &Stamped, at: u64) -> io::Result<Result<GroupHeader, NoGroup>> {
        let file = of.slot.file.as_ref();
        let limit = of.header.file_bytes;
        self.entries.clear();
        self.bytes.clear();
        let mut raw = [0; GROUP_HEADER];
        if at + GROUP_HEADER as u64 > limit || read_full(file, &mut raw, at)? < GROUP_HEADER {
            return Ok(Err(NoGroup::Nothing));
        }
        let Some((header, crc)) = GroupHeader::decode(&raw) else { return Ok(Err(NoGroup::Nothing)) };
        if !header.belongs_to(&of.header) {
            return Ok(Err(NoGroup::Nothing));
        }
        let torn = |what: &str| Ok(Err(NoGroup::Torn(what.to_owned())));
        if header.len() > limit - at || !plausible(&header) {
            return torn("the lengths in the group header are impossible");
        }
        self.bytes.resize(usize::try_from(header.len()).unwrap_or(usize::MAX) - GROUP_HEADER, 0);
        if read_full(file, &mut self.bytes, at + GROUP_HEADER as u64)? < self.bytes.len() {
            return torn("the file ends within the group");
        }
        let (descriptors, mut payloads) = self.bytes.split_at(header.descriptor_bytes as usize);
        if group_crc(&raw, descriptors) != crc {
            return torn("the checksum of the group header does not fit");
        }
        let Some(entries) = decode_descriptors(&header, descriptors) else {
            return torn("the descriptors contradict the group header");
        };
        for entry in &entries {
            let (payload, behind) = payloads.split_at(entry.payload);
            payloads = behind;
            if !entry.elsewhere && !payload_matches(entry, payload) {
                return torn("the checksum of a batch does not fit");
            }
        }
        self.entries = entries;
        Ok(Ok(header))
    }

    /// Visits the sets of the group read last that end behind `from`.
    fn visit(
        &self,
        group: &GroupHeader,
        from: u64,
        summary: &mut ReplaySummary,
        visit: &mut dyn FnMut(ReplayedEntry<'_>) -> Result<(), ReplayError>,
    ) -> Result<(), ReplayError> {
        let mut payloads = &self.bytes[group.descriptor_bytes as usize..];
        let mut set_start = group.position;
        let mut at = 0;
        while at < self.entries.len() {
            let last = at + self.entries[at..].iter().position(|e| e.set_end.is_some()).unwrap_or(0);
            let set_end = set_start + self.entries[last].set_end.unwrap_or(0);
            let kept = self.entries[at..=last].iter().rposition(|e| !e.lost).map(|kept| at + kept);
            for (index, entry) in self.entries.iter().enumerate().take(last + 1).skip(at) {
                let (payload, behind) = payloads.split_at(entry.payload);
                payloads = behind;
                if set_end > from && !entry.lost {
                    summary.entries += 1;
                    summary.bytes += (HEADER_LEN + payload.len()) as u64;
                    visit(ReplayedEntry {
                        id: entry.id,
                        header: entry.header,
                        raw_header: &entry.raw_header,
                        payload: (!entry.elsewhere).then_some(payload),
                        end: JournalPosition(set_end),
                        last_of_set: Some(index) == kept,
                    })?;
                }
            }
            summary.sets += u64::from(set_end > from && kept.is_some());
            set_start = set_end;
            at = last + 1;
        }
        Ok(())
    }
}

fn plausible(header: &GroupHeader) -> bool {
    let least = u64::from(header.sets) * (SET_DESCRIPTOR + entry_descriptor(header.version)) as u64;
    header.sets > 0 && u64::from(header.descriptor_bytes) >= least
}

/// How far a file's groups go.
pub(super) struct Walk {
    /// Whole groups.
    pub groups: u64,
    /// Position of the first.
    pub base: u64,
    /// Position behind the last.
    pub end: u64,
    /// Byte in the file behind the last.
    pub offset: u64,
    /// Why there is no other.
    pub stop: NoGroup,
}

/// Follows a file's groups from its start.
pub(super) fn walk(of: &Stamped, reader: &mut GroupReader) -> Result<Walk, CommitLogError> {
    let mut walk = Walk { groups: 0, base: 0, end: 0, offset: BLOCK, stop: NoGroup::Nothing };
    loop {
        match reader.read(of, walk.offset).map_err(io_error(of))? {
            Ok(group) => {
                if walk.groups == 0 {
                    walk.base = group.position;
                } else if group.position != walk.end {
                    return Err(out_of_place(of, walk.offset, walk.end, group.position));
                }
                walk.groups += 1;
                walk.end = group.end();
                walk.offset += to_blocks(group.len());
            }
            Err(stop) => {
                walk.stop = stop;
                return Ok(walk);
            }
        }
    }
}

fn out_of_place(of: &Stamped, offset: u64, expected: u64, found: u64) -> CommitLogError {
    corrupt(of, offset, expected, format!("the group there has position {found}"))
}

/// The error for bytes that are not what was written.
pub(super) fn corrupt(of: &Stamped, offset: u64, position: u64, detail: String) -> CommitLogError {
    CommitLogError::Corrupt {
        path: of.slot.path.clone(),
        offset,
        position: JournalPosition(position),
        detail,
    }
}

/// Visits the sets behind `from` in files of which the last ends at `end`, all of which must be there.
pub(super) fn replay(
    files: &[InUse],
    from: u64,
    end: u64,
    visit: &mut dyn FnMut(ReplayedEntry<'_>) -> Result<(), ReplayError>,
) -> Result<ReplaySummary, ReplayError> {
    let mut summary = ReplaySummary { end: JournalPosition(end), ..ReplaySummary::default() };
    if from > end {
        return Err(ReplayError::Ahead { from: JournalPosition(from), end: JournalPosition(end) });
    }
    if from == end {
        return Ok(summary);
    }
    let Some(first) = files.iter().rposition(|f| f.base <= from) else {
        let start = JournalPosition(files.first().map_or(end, |f| f.base));
        return Err(ReplayError::Gone { from: JournalPosition(from), start });
    };
    let mut reader = GroupReader::default();
    for (index, file) in files.iter().enumerate().skip(first) {
        let until = files.get(index + 1).map_or(end, |next| next.base.min(end));
        let mut position = file.base;
        let mut offset = BLOCK;
        while position < until {
            let stamped = &file.stamped;
            // What lies below `from` is walked over without its payloads.
            let head = read_head(stamped.slot.file.as_ref(), offset, stamped.header.file_bytes)
                .map_err(io_error(stamped))?
                .filter(|h| h.belongs_to(&stamped.header) && h.end() <= from);
            let group = match head {
                Some(group) => group,
                None => match reader.read(stamped, offset).map_err(io_error(stamped))? {
                    Ok(group) => group,
                    Err(why) => return Err(missing(stamped, offset, position, until, &why).into()),
                },
            };
            if group.position != position {
                return Err(out_of_place(stamped, offset, position, group.position).into());
            }
            if group.end() > from {
                reader.visit(&group, from, &mut summary, visit)?;
            }
            position = group.end();
            offset += to_blocks(group.len());
        }
        if position > until {
            return Err(out_of_place(&file.stamped, offset, until, position).into());
        }
    }
    Ok(summary)
}

fn missing(of: &Stamped, offset: u64, position: u64, until: u64, why: &NoGroup) -> CommitLogError {
    let why = match why {
        NoGroup::Nothing => "there is no group of this file",
        NoGroup::Torn(why) => why,
    };
    corrupt(of, offset, position, format!("{why}, but the log goes on to {until}"))
}

/// Looks for a group behind `position` in the rest of a file. Every group starts at a block.
pub(super) fn find_later(
    file: &dyn JournalFile,
    header: Option<&FileHeader>,
    from_offset: u64,
    limit: u64,
    is_later: &dyn Fn(&GroupHeader) -> bool,
) -> io::Result<Option<(u64, GroupHeader)>> {
    let mut chunk = vec![0; 1 << 20];
    let mut at = from_offset;
    while at < limit {
        let read = read_full(file, &mut chunk, at)?;
        for (index, block) in chunk[..read].chunks(BLOCK as usize).enumerate() {
            let looks_right = GroupHeader::decode(block)
                .is_some_and(|(group, _)| header.is_none_or(|h| group.belongs_to(h)) && is_later(&group));
            let offset = at + index as u64 * BLOCK;
            if looks_right && let Some(group) = read_head(file, offset, limit)? {
                return Ok(Some((offset, group)));
            }
        }
        if read < chunk.len() {
            break;
        }
        at += read as u64;
    }
    Ok(None)
}

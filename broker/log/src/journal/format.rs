//! The bytes of journal files: `docs/formats/journal.md`. All numbers are big-endian.

use highway_types::checksum::{crc32c, crc32c_append};
use highway_types::{PartitionIndex, TopicId, TopicIdPartition};
use uuid::Uuid;

use crate::batch::header::{BatchHeader, CRC_START, HEADER_LEN};
use crate::commit_log::{AppendEntry, AppendSet};

/// Groups start at multiples of this, and the file header is one.
pub(super) const BLOCK: u64 = 4096;
/// Bytes of a file header that mean something.
pub(super) const FILE_HEADER: usize = 64;
/// Bytes of a group header.
pub(super) const GROUP_HEADER: usize = 64;
/// Bytes in front of the entries of a set.
pub(super) const SET_DESCRIPTOR: usize = 4;
/// Flags, topic id, partition, batch header.
pub(super) const ENTRY_DESCRIPTOR: usize = 1 + 16 + 4 + HEADER_LEN;
/// The version that is written.
pub(super) const VERSION: u32 = 2;
/// The version before, whose entries have no flags.
const VERSION_1: u32 = 1;

/// The payload is not in the group: it was made durable in the partition's segment before.
const ELSEWHERE: u8 = 1;
/// The partition's file failed before the group was written: nobody was promised the entry, and replay leaves it out.
const LOST: u8 = 2;

/// Bytes of an entry's descriptor in a version that can be read.
pub(super) fn entry_descriptor(version: u32) -> usize {
    if version == VERSION_1 { ENTRY_DESCRIPTOR - 1 } else { ENTRY_DESCRIPTOR }
}

const FILE_MAGIC: &[u8; 8] = b"HWJRNL\r\n";
const GROUP_MAGIC: &[u8; 4] = b"HWJG";

/// Rounds up to whole blocks.
pub(super) fn to_blocks(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK)
}

/// What a file's groups are bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// Grows with each use of any file; never reused.
    pub epoch: u64,
    /// Random, so that nothing a client sends can look like a group of this file.
    pub salt: u64,
    /// The log was durable up to here when this header was written.
    pub floor: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Why a file header was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// No magic or a wrong checksum.
    Invalid,
    /// A newer version.
    Newer(u32),
}

impl FileHeader {
    pub(super) fn encode(&self) -> [u8; FILE_HEADER] {
        let mut out = [0; FILE_HEADER];
        out[0..8].copy_from_slice(FILE_MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_be_bytes());
        out[16..24].copy_from_slice(&self.epoch.to_be_bytes());
        out[24..32].copy_from_slice(&self.salt.to_be_bytes());
        out[32..40].copy_from_slice(&self.floor.to_be_bytes());
        out[40..48].copy_from_slice(&self.file_bytes.to_be_bytes());
        let crc = crc32fast::hash(&out[..60]);
        out[60..64].copy_from_slice(&crc.to_be_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, NoHeader> {
        let Some(raw) = bytes.first_chunk::<FILE_HEADER>() else { return Err(NoHeader::Invalid) };
        if raw[0..8] != *FILE_MAGIC || crc32fast::hash(&raw[..60]) != be_u32(raw, 60) {
            return Err(NoHeader::Invalid);
        }
        match be_u32(raw, 8) {
            VERSION_1 | VERSION => {}
            newer if newer > VERSION => return Err(NoHeader::Newer(newer)),
            _ => return Err(NoHeader::Invalid),
        }
        Ok(Self {
            epoch: be_u64(raw, 16),
            salt: be_u64(raw, 24),
            floor: be_u64(raw, 32),
            file_bytes: be_u64(raw, 40),
        })
    }
}

/// What stands in front of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupHeader {
    /// Of its descriptors.
    pub version: u32,
    /// The file's epoch.
    pub epoch: u64,
    /// The file's salt.
    pub salt: u64,
    /// Position of the group's first set.
    pub position: u64,
    /// Sets in it.
    pub sets: u32,
    /// Bytes of the descriptors, which follow the header.
    pub descriptor_bytes: u32,
    /// Bytes of the payloads, which follow the descriptors.
    pub payload_bytes: u64,
}

impl GroupHeader {
    /// Bytes of the group without padding.
    pub(super) fn len(&self) -> u64 {
        GROUP_HEADER as u64 + u64::from(self.descriptor_bytes) + self.payload_bytes
    }

    /// Position behind the group's last set.
    pub(super) fn end(&self) -> u64 {
        self.position + u64::from(self.descriptor_bytes) + self.payload_bytes
    }

    fn put(&self, out: &mut [u8]) {
        out[0..4].copy_from_slice(GROUP_MAGIC);
        out[4..8].copy_from_slice(&self.version.to_be_bytes());
        out[8..16].copy_from_slice(&self.epoch.to_be_bytes());
        out[16..24].copy_from_slice(&self.salt.to_be_bytes());
        out[24..32].copy_from_slice(&self.position.to_be_bytes());
        out[32..36].copy_from_slice(&self.sets.to_be_bytes());
        out[36..40].copy_from_slice(&self.descriptor_bytes.to_be_bytes());
        out[40..48].copy_from_slice(&self.payload_bytes.to_be_bytes());
    }

    /// Reads a header and says what its checksum must be; the checksum also covers the descriptors.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, u32)> {
        let raw = bytes.first_chunk::<GROUP_HEADER>()?;
        let version = be_u32(raw, 4);
        if raw[0..4] != *GROUP_MAGIC || !(VERSION_1..=VERSION).contains(&version) || raw[48..60] != [0; 12] {
            return None;
        }
        let header = Self {
            version,
            epoch: be_u64(raw, 8),
            salt: be_u64(raw, 16),
            position: be_u64(raw, 24),
            sets: be_u32(raw, 32),
            descriptor_bytes: be_u32(raw, 36),
            payload_bytes: be_u64(raw, 40),
        };
        Some((header, be_u32(raw, 60)))
    }

    /// True if the group belongs to this file's present life.
    pub(super) fn belongs_to(&self, file: &FileHeader) -> bool {
        self.epoch == file.epoch && self.salt == file.salt
    }
}

/// Bytes of a set in the log: what its position counts.
pub(super) fn set_len(set: &AppendSet) -> u64 {
    let entries: usize = set.entries.iter().map(|e| ENTRY_DESCRIPTOR + inline(e).len()).sum();
    (SET_DESCRIPTOR + entries) as u64
}

/// The part of the payload that goes into the group: all or nothing.
pub(super) fn inline(entry: &AppendEntry) -> &[u8] {
    if entry.stored.is_some() { &[] } else { &entry.payload }
}

/// What is wrong with an entry, if anything: replay finds payloads by the lengths in their headers.
pub(super) fn entry_fault(entry: &AppendEntry) -> Option<String> {
    let header = match BatchHeader::parse(&entry.header) {
        Ok(header) => header,
        Err(error) => return Some(error.to_string()),
    };
    if header.total_len() != HEADER_LEN + entry.payload.len() {
        return Some(format!(
            "the batch has {} bytes, not {}",
            HEADER_LEN + entry.payload.len(),
            header.total_len()
        ));
    }
    if header.base_offset != entry.base_offset || header.last_offset() != entry.last_offset {
        return Some(format!(
            "the batch is not stamped with offsets {}..={}",
            entry.base_offset, entry.last_offset
        ));
    }
    None
}

/// Writes header and descriptors of a group into `out`, replacing what was there.
pub(super) fn encode_group<'a>(
    out: &mut Vec<u8>,
    file: &FileHeader,
    position: u64,
    sets: impl Iterator<Item = &'a AppendSet>,
    is_lost: impl Fn(&AppendEntry) -> bool,
) -> GroupHeader {
    out.clear();
    out.resize(GROUP_HEADER, 0);
    let mut header = GroupHeader {
        version: VERSION,
        epoch: file.epoch,
        salt: file.salt,
        position,
        sets: 0,
        descriptor_bytes: 0,
        payload_bytes: 0,
    };
    for set in sets {
        header.sets += 1;
        out.extend_from_slice(&u32::try_from(set.entries.len()).unwrap_or(u32::MAX).to_be_bytes());
        for entry in &set.entries {
            let elsewhere = if entry.stored.is_some() { ELSEWHERE } else { 0 };
            out.push(elsewhere | if is_lost(entry) { LOST } else { 0 });
            out.extend_from_slice(entry.id.topic_id.0.as_bytes());
            out.extend_from_slice(&entry.id.partition.0.to_be_bytes());
            out.extend_from_slice(&entry.header);
            header.payload_bytes += inline(entry).len() as u64;
        }
    }
    header.descriptor_bytes = u32::try_from(out.len() - GROUP_HEADER).unwrap_or(u32::MAX);
    header.put(out);
    let crc = group_crc(&out[..GROUP_HEADER], &out[GROUP_HEADER..]);
    out[60..64].copy_from_slice(&crc.to_be_bytes());
    header
}

/// The checksum of a group header and its descriptors.
pub(super) fn group_crc(header: &[u8], descriptors: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..60]);
    hasher.update(descriptors);
    hasher.finalize()
}

/// An entry of a decoded group.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub id: TopicIdPartition,
    pub header: BatchHeader,
    pub raw_header: [u8; HEADER_LEN],
    /// Bytes of the payload in the group.
    pub payload: usize,
    /// The payload is in the partition's segment.
    pub elsewhere: bool,
    /// Replay leaves it out.
    pub lost: bool,
    /// Bytes of its set, for the last entry of one.
    pub set_end: Option<u64>,
}

/// Takes descriptors apart, whose checksum was right. `None` if they contradict the group header, which only a bug or
/// a forged file can bring about.
pub(super) fn decode_descriptors(group: &GroupHeader, bytes: &[u8]) -> Option<Vec<Entry>> {
    let descriptor = entry_descriptor(group.version);
    let mut entries = Vec::with_capacity(bytes.len() / descriptor);
    let mut rest = bytes;
    let mut payload_bytes = 0u64;
    for _ in 0..group.sets {
        let (count, behind) = rest.split_first_chunk::<SET_DESCRIPTOR>()?;
        rest = behind;
        let count = u32::from_be_bytes(*count);
        if count == 0 {
            return None;
        }
        let mut set_bytes = SET_DESCRIPTOR as u64;
        for at in 0..count {
            let (raw, behind) = rest.split_at_checked(descriptor)?;
            rest = behind;
            let (flags, raw) = if group.version == VERSION_1 { (0, raw) } else { (raw[0], &raw[1..]) };
            if flags & !(ELSEWHERE | LOST) != 0 {
                return None;
            }
            let (elsewhere, lost) = (flags & ELSEWHERE != 0, flags & LOST != 0);
            let mut raw_header = [0; HEADER_LEN];
            raw_header.copy_from_slice(&raw[20..]);
            let header = BatchHeader::parse(&raw_header).ok()?;
            let payload = if elsewhere { 0 } else { header.total_len().checked_sub(HEADER_LEN)? };
            payload_bytes += payload as u64;
            set_bytes += (descriptor + payload) as u64;
            let mut topic_id = [0; 16];
            topic_id.copy_from_slice(&raw[..16]);
            entries.push(Entry {
                id: TopicIdPartition {
                    topic_id: TopicId(Uuid::from_bytes(topic_id)),
                    partition: PartitionIndex(be_u32(raw, 16).cast_signed()),
                },
                header,
                raw_header,
                payload,
                elsewhere,
                lost,
                set_end: (at + 1 == count).then_some(set_bytes),
            });
        }
    }
    (rest.is_empty() && payload_bytes == group.payload_bytes).then_some(entries)
}

/// True if the batch's own checksum fits.
pub(super) fn payload_matches(entry: &Entry, payload: &[u8]) -> bool {
    crc32c_append(crc32c(&entry.raw_header[CRC_START..]), payload) == entry.header.crc
}

fn be_u32(bytes: &[u8], at: usize) -> u32 {
    let mut out = [0; 4];
    out.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(out)
}

fn be_u64(bytes: &[u8], at: usize) -> u64 {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(out)
}

#[cfg(test)]
pub(super) mod version_1 {
    //! What release 0.1's first journal wrote, so that it can be read for ever.

    use super::*;

    /// A group as `encode_group` wrote it before entries had flags.
    pub fn encode_group(out: &mut Vec<u8>, file: &FileHeader, position: u64, set: &AppendSet) -> GroupHeader {
        let mut header = super::encode_group(out, file, position, std::iter::once(set), |_| false);
        let mut descriptors = out[GROUP_HEADER..GROUP_HEADER + SET_DESCRIPTOR].to_vec();
        for entry in out[GROUP_HEADER + SET_DESCRIPTOR..].chunks_exact(ENTRY_DESCRIPTOR) {
            descriptors.extend_from_slice(&entry[1..]);
        }
        header.version = VERSION_1;
        header.descriptor_bytes = u32::try_from(descriptors.len()).unwrap();
        out.truncate(GROUP_HEADER);
        header.put(out);
        let crc = group_crc(&out[..GROUP_HEADER], &descriptors);
        out[60..64].copy_from_slice(&crc.to_be_bytes());
        out.extend_from_slice(&descriptors);
        header
    }
}

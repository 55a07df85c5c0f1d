//! What an entry of the log says.

use serde::{Deserialize, Serialize};

use super::Position;

/// The version of the format that this code writes.
const VERSION: u32 = 1;

/// One data object of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its name in the bucket.
    pub key: String,
    /// The multipart upload that becomes the object.
    pub upload: String,
    /// What the store answered for each part, in order.
    pub parts: Vec<String>,
    /// Records in it.
    pub rows: u64,
    /// Bytes of the object.
    pub bytes: u64,
    /// The lowest record timestamp, milliseconds; absent without timestamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_timestamp: Option<i64>,
    /// The highest record timestamp, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_timestamp: Option<i64>,
}

/// One entry: the decision what lies between its name's position and `end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The format's version.
    pub version: u32,
    /// Made up by the writer for this one commit: tells its own entry from another's when an answer was lost.
    pub commit: String,
    /// Where the next entry starts.
    pub end: Position,
    /// The data objects. Empty for an entry that only moves the position.
    pub files: Vec<FileRef>,
    /// The ids of the topics of this name, in the order of their lives; the last one is what the offsets of `end` belong to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topic_ids: Vec<String>,
    /// Who wrote it, for people.
    #[serde(default)]
    pub worker: String,
    /// When it was written, milliseconds since 1970, for people and for whoever compacts.
    #[serde(default)]
    pub written_at: i64,
}

/// Why an entry cannot be used. Both need a person: going on would lose or repeat records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not an entry.
    #[error("{key} is not an entry of a commit log: {reason}")]
    Malformed {
        /// The object.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// Written by a later Highway.
    #[error(
        "{key} has version {version} of the commit log's format, this Highway knows {VERSION}: use a newer Highway"
    )]
    Newer {
        /// The object.
        key: String,
        /// Its version.
        version: u32,
    },
}

impl Entry {
    /// An entry of the current version.
    pub fn new(commit: String, end: Position, files: Vec<FileRef>) -> Self {
        Self {
            version: VERSION,
            commit,
            end,
            files,
            topic_ids: Vec::new(),
            worker: String::new(),
            written_at: 0,
        }
    }

    /// The object's bytes: JSON.
    pub fn encode(&self) -> Vec<u8> {
        // A struct of strings and numbers: there is nothing that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads an entry that starts at `at`. Unknown fields are passed over.
    pub fn decode(key: &str, at: Position, bytes: &[u8]) -> Result<Self, EntryError> {
        let malformed = |reason: String| EntryError::Malformed { key: key.to_owned(), reason };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = serde_json::from_slice(bytes).map_err(|e| malformed(e.to_string()))?;
        if version > VERSION {
            return Err(EntryError::Newer { key: key.to_owned(), version });
        }
        let entry: Self = serde_json::from_slice(bytes).map_err(|e| malformed(e.to_string()))?;
        if entry.end <= at {
            return Err(malformed(format!("it ends at {}, which is not after its start", entry.end)));
        }
        Ok(entry)
    }
}

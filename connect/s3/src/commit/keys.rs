//! Names of the log's objects.

use super::Position;

/// The folder of all logs, beside the data's `topics.dir`. A leading underscore hides it from Hive and Spark.
pub const LOG_DIR: &str = "_highway";

/// The names of one topic partition's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeys {
    prefix: String,
}

impl LogKeys {
    /// `_highway/<connector>/<topic>/<partition>`. The connector's name is written with percent signs for all but letters,
    /// digits, `.`, `_` and `-`; a topic has no other characters.
    pub fn new(connector: &str, topic: &str, partition: i32) -> Self {
        Self { prefix: format!("{LOG_DIR}/{}/{topic}/{partition}", encoded(connector)) }
    }

    /// The object that decides what starts at this position.
    pub fn entry(&self, at: Position) -> String {
        format!("{}/log/{at}", self.prefix)
    }

    /// The object that says that all before this position is decided and visible.
    pub fn checkpoint(&self, at: Position) -> String {
        format!("{}/checkpoint/{at}", self.prefix)
    }

    /// The folder of the entries.
    pub fn entries(&self) -> String {
        format!("{}/log", self.prefix)
    }

    /// The folder of the checkpoints.
    pub fn checkpoints(&self) -> String {
        format!("{}/checkpoint", self.prefix)
    }

    /// The position in a name; `None` for objects that are not the log's.
    pub fn position(key: &str) -> Option<Position> {
        key.rsplit('/').next()?.parse().ok()
    }
}

fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (byte == b'.' && !out.is_empty()) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

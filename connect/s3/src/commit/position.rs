//! A place in the chain of a topic partition.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an entry starts or ends. Ordered: a later generation is after all of an earlier one.
///
/// The generation grows when what the offsets mean changes: an operator set them back, or the topic was deleted and made
/// anew. All writers start with generation 0 and offset 0, whatever the first offset of the partition is: the first entry
/// covers what lies before its first record, so there is one decision for the start as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// How often the offsets were set anew.
    pub generation: u32,
    /// The first offset that is not covered yet.
    pub offset: u64,
}

impl Position {
    /// Where every chain begins.
    pub const START: Self = Self { generation: 0, offset: 0 };

    /// A position.
    pub const fn new(generation: u32, offset: u64) -> Self {
        Self { generation, offset }
    }

    /// The same generation, another offset.
    pub const fn at(self, offset: u64) -> Self {
        Self { generation: self.generation, offset }
    }

    /// The first position of the next generation.
    pub const fn renewed(self, offset: u64) -> Self {
        Self { generation: self.generation + 1, offset }
    }
}

/// Generation and offset with leading zeros, so that names sort as positions do: `0000000000-00000000000000000000`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}-{:020}", self.generation, self.offset)
    }
}

impl FromStr for Position {
    type Err = ();

    /// Reads what [`fmt::Display`] writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (generation, offset) = text.split_once('-').ok_or(())?;
        let digits = |s: &str, len| s.len() == len && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(generation, 10) || !digits(offset, 20) {
            return Err(());
        }
        let generation = generation.parse().map_err(|_| ())?;
        let offset = offset.parse().map_err(|_| ())?;
        Ok(Self { generation, offset })
    }
}

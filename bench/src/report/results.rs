//! Every sample of a run, as bench/results/*.json holds it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::brokers::system::Kind;
use crate::footprint::{Footprint, Partitions};
use crate::measure::Sample;

/// One run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Results {
    pub rounds: usize,
    pub cores: usize,
    /// Whether client and brokers ran in the real-time class.
    pub real_time: bool,
    /// Load average of the machine before and after.
    pub load: [f64; 2],
    /// Percent of the processors' time that the host took for others.
    #[serde(default)]
    pub stolen: f64,
    pub seconds: u64,
    pub cells: Vec<CellResult>,
}

/// One cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellResult {
    pub cell: String,
    pub seen: Seen,
}

/// What a cell showed of each system.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// One sample a round.
    Samples(BTreeMap<Kind, Vec<Sample>>),
    /// Resident MB.
    Memory(BTreeMap<Kind, f64>),
    Start(BTreeMap<Kind, Footprint>),
    Partitions(BTreeMap<Kind, Partitions>),
    /// Why it was not measured.
    Skipped(String),
}

impl Results {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Results> {
        let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is not a file of results", path.display()))
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(std::fs::write(path, serde_json::to_vec_pretty(self)?)?)
    }
}

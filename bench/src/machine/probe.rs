//! How fast the disk takes synced writes right now, large and small ones: other programs' writes slow a broker that syncs, and not one that
//! leaves its records in the page cache.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use memmap2::MmapMut;

use crate::load::Latency;

const BLOCK: usize = 1 << 20;
const BLOCKS: u64 = 128;
/// Blocks for each sync.
const SYNC_EVERY: u64 = 4;

/// Of a small write, which is what a single record costs a journal.
const SMALL: usize = 4096;
const SMALL_WRITES: u64 = 1000;
const SMALL_EVERY: Duration = Duration::from_millis(1);

/// Bytes a second of direct writes of 1 MB blocks into a file that is allocated, synced every 4 MB, one at a time.
pub fn synced_write_rate(directory: &Path) -> Result<f64> {
    let (file, block) = allocated(directory)?;
    let start = Instant::now();
    write(&file, &block)?;
    Ok((BLOCKS * BLOCK as u64) as f64 / start.elapsed().as_secs_f64())
}

/// How long 1,000 writes of 4 KiB into a file that is allocated take, each with its sync and one every millisecond: what
/// no broker that syncs before it answers can be below.
pub fn lone_syncs(directory: &Path) -> Result<Latency> {
    let (file, block) = allocated(directory)?;
    let mut histogram = Histogram::<u64>::new(3)?;
    let mut due = Instant::now();
    for number in 0..SMALL_WRITES {
        due += SMALL_EVERY;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let start = Instant::now();
        file.write_all_at(&block[..SMALL], number * SMALL as u64)?;
        file.sync_data()?;
        histogram.saturating_record(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(Latency::of(&histogram))
}

/// A file for direct I/O, written once, and a block that may be written to it.
fn allocated(directory: &Path) -> Result<(File, MmapMut)> {
    let path = directory.join("probe");
    let mut block = MmapMut::map_anon(BLOCK)?; // direct I/O wants aligned memory
    block.iter_mut().enumerate().for_each(|(i, byte)| *byte = ((i * 31) >> 5) as u8);
    let direct = rustix::fs::OFlags::DIRECT.bits().cast_signed();
    let file = File::options().create(true).truncate(false).write(true).custom_flags(direct).open(&path);
    let file = file.with_context(|| format!("direct I/O on {}", path.display()))?;
    if file.metadata()?.len() < BLOCKS * BLOCK as u64 {
        write(&file, &block)?;
    }
    Ok((file, block))
}

fn write(file: &File, block: &[u8]) -> Result<()> {
    for number in 0..BLOCKS {
        file.write_all_at(block, number * BLOCK as u64)?;
        if number % SYNC_EVERY == SYNC_EVERY - 1 {
            file.sync_data()?;
        }
    }
    Ok(())
}

//! How fast the disk takes synced writes right now: other programs' writes slow a broker that syncs, and not one that
//! leaves its records in the page cache.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use memmap2::MmapMut;

const BLOCK: usize = 1 << 20;
const BLOCKS: u64 = 128;
/// Blocks for each sync.
const SYNC_EVERY: u64 = 4;

/// Bytes a second of direct writes of 1 MB blocks into a file that is allocated, synced every 4 MB, one at a time.
pub fn synced_write_rate(directory: &Path) -> Result<f64> {
    let path = directory.join("probe");
    let mut block = MmapMut::map_anon(BLOCK)?; // direct I/O wants aligned memory
    block.iter_mut().enumerate().for_each(|(i, byte)| *byte = ((i * 31) >> 5) as u8);
    let direct = rustix::fs::OFlags::DIRECT.bits().cast_signed();
    let file = File::options().create(true).truncate(false).write(true).custom_flags(direct).open(&path);
    let file = file.with_context(|| format!("direct I/O on {}", path.display()))?;
    if file.metadata()?.len() < BLOCKS * BLOCK as u64 {
        write(&file, &block)?;
    }
    let start = Instant::now();
    write(&file, &block)?;
    Ok((BLOCKS * BLOCK as u64) as f64 / start.elapsed().as_secs_f64())
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

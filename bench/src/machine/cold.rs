//! Files out of the page cache, and how fast the disk alone reads them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;

/// Writes the topic's segments to the disk and takes them out of the page cache; returns the files.
pub fn make_cold(data: &Path, topic: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !data.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(data)? {
        let directory = entry?.path();
        if !directory.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&format!("{topic}-"))) {
            continue;
        }
        for file in std::fs::read_dir(directory)? {
            let path = file?.path();
            if path.extension().is_some_and(|e| e == "log") {
                let file = File::open(&path)?;
                file.sync_all()?;
                rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Bytes a second of a plain sequential read of `files`.
pub fn disk_rate(files: &[PathBuf]) -> Result<f64> {
    let mut buffer = vec![0; 1 << 20];
    let (start, mut bytes) = (Instant::now(), 0);
    for path in files {
        let mut file = File::open(path)?;
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            bytes += n;
        }
    }
    Ok(bytes as f64 / start.elapsed().as_secs_f64())
}

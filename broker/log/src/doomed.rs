//! Files and directories that were deleted and are to go (`file.delete.delay.ms`). They have lost their names, so a start
//! removes what a stop leaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;

/// Bytes free below which nothing waits, if 5 % of the disk are less.
const SHORT_BYTES: u64 = 64 << 20;
/// Removed in one round, so that the thread comes back to its other work.
const ROUND: usize = 1000;

/// See the module.
#[derive(Debug, Default)]
pub struct Doomed {
    paths: Mutex<Vec<(Duration, PathBuf)>>,
}

impl Doomed {
    /// Removes `path` at `due` or later, in monotonic time.
    pub(crate) fn add(&self, due: Duration, path: PathBuf) {
        self.paths.lock().push((due, path));
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.paths.lock().len()
    }

    /// Removes what is due; when the disk is short of space, everything. Blocks on the disk. Returns how many.
    pub fn sweep(&self, now: Duration) -> usize {
        let due: Vec<PathBuf> = {
            let mut paths = self.paths.lock();
            if paths.is_empty() {
                return 0;
            }
            let mut due = Vec::new();
            paths.retain(|(at, path)| {
                let go = due.len() < ROUND && (*at <= now || is_short(path));
                if go {
                    due.push(path.clone());
                }
                !go
            });
            due
        };
        for path in &due {
            let outcome = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            match outcome {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "cannot remove what was deleted; the next start tries again");
                }
                _ => {}
            }
        }
        due.len()
    }
}

fn is_short(path: &Path) -> bool {
    let Some(Ok(disk)) = path.parent().map(rustix::fs::statvfs) else { return false };
    let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
    free < SHORT_BYTES.max(all / 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_goes_and_the_rest_waits() {
        let dir = tempfile::tempdir().unwrap();
        let (early, late) = (dir.path().join("early"), dir.path().join("late"));
        fs::create_dir(&early).unwrap();
        fs::write(early.join("x"), "x").unwrap();
        fs::write(&late, "x").unwrap();
        let doomed = Doomed::default();
        doomed.add(Duration::from_secs(5), early.clone());
        doomed.add(Duration::from_secs(9), late.clone());
        assert_eq!(doomed.sweep(Duration::from_secs(4)), 0);
        assert_eq!(doomed.sweep(Duration::from_secs(5)), 1);
        assert!(!early.exists() && late.exists());
        fs::remove_file(&late).unwrap();
        assert_eq!(doomed.sweep(Duration::from_secs(9)), 1, "gone already is no error");
        assert_eq!(doomed.waiting(), 0);
    }
}

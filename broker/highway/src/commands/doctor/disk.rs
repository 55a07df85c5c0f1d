//! A data directory: file system, room, how long a sync takes.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::check::Check;
use crate::output::bytes;

/// Syncs that are timed.
const SYNCS: usize = 20;
/// Less free room than this is bad for sure: one journal file is 64 MiB.
const FREE_BAD: u64 = 256 << 20;

/// Looks at it; nothing stays behind.
pub(super) fn check(dir: &Path, checks: &mut Vec<Check>) {
    let shown = dir.display();
    let place = nearest_existing(dir);
    if place != dir {
        checks.push(Check::ok("data-dir", format!("{shown} does not exist yet; the node makes it")));
    } else if is_kafkas(dir) {
        let advice = "Highway leaves it untouched; name another directory and mirror the topics from the running Kafka";
        checks.push(Check::failed(
            "data-dir",
            format!("{shown} holds the data of an Apache Kafka broker"),
            advice,
        ));
    } else {
        checks.push(Check::ok("data-dir", format!("{shown} is there")));
    }
    file_system(&place, checks);
    room(&place, checks);
    syncs(&place, checks);
}

fn nearest_existing(dir: &Path) -> PathBuf {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    if dir.is_dir() {
        return dir.to_owned();
    }
    absolute.ancestors().find(|a| a.is_dir()).map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// Kafka's own mark, without Highway's.
fn is_kafkas(dir: &Path) -> bool {
    dir.join("meta.properties").is_file() && !dir.join("highway-format").exists()
}

fn file_system(dir: &Path, checks: &mut Vec<Check>) {
    let Ok(stat) = rustix::fs::statfs(dir) else { return };
    let (name, advice) = match stat.f_type as u64 & 0xffff_ffff {
        0xef53 => ("ext4", None),
        0x5846_5342 => ("xfs", None),
        0x9123_683e => ("btrfs", Some("copy-on-write makes a log slow with time; ext4 or xfs are better")),
        0x2fc1_2fc1 => ("zfs", Some("test the latency of syncs; ext4 or xfs are better known here")),
        0x0102_1994 => ("tmpfs", Some("this is memory: everything is lost when the machine stops")),
        0x794c_7630 => ("overlayfs", Some("a container's own layer: mount a volume for the data")),
        0x6969 => {
            ("nfs", Some("a network file system may acknowledge what is not durable; use a local disk"))
        }
        0xff53_4d42 | 0xfe53_4d42 => {
            ("smb", Some("a network file system may acknowledge what is not durable; use a local disk"))
        }
        _ => ("unknown", Some("ext4 and xfs are what Highway is tested with")),
    };
    let found = format!("{}: {name}", dir.display());
    checks.push(match advice {
        None => Check::ok("file-system", found),
        Some(advice) => Check::warning("file-system", found, advice),
    });
}

fn room(dir: &Path, checks: &mut Vec<Check>) {
    let Ok(stat) = rustix::fs::statvfs(dir) else { return };
    let (free, total) = (stat.f_bavail * stat.f_frsize, (stat.f_blocks * stat.f_frsize).max(1));
    let percent = free * 100 / total;
    let found = format!("{}: {} of {} free ({percent} %)", dir.display(), bytes(free), bytes(total));
    checks.push(if free < FREE_BAD {
        Check::failed(
            "free-space",
            found,
            "appends fail soon; delete topics, shorten retention.ms, or add room",
        )
    } else if percent < 10 {
        Check::warning("free-space", found, "shorten retention.ms or set retention.bytes before it is full")
    } else {
        Check::ok("free-space", found)
    });
}

fn syncs(dir: &Path, checks: &mut Vec<Check>) {
    let path = dir.join(format!(".highway-doctor-{}", std::process::id()));
    let outcome = timed(&path);
    // Also after a failure; if it cannot be removed there is nothing more to do.
    let _ = fs::remove_file(&path);
    let times = match outcome {
        Ok(times) => times,
        Err(error) => {
            let found = format!("{}: cannot write and sync: {error}", dir.display());
            checks.push(Check::failed(
                "fsync",
                found,
                "the node needs to write here; look at owner, mode and mount options",
            ));
            return;
        }
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (median, max) = (times[times.len() / 2], times[times.len() - 1]);
    let found =
        format!("{}: 4 KiB durable in {:.2} ms, {:.2} ms at worst", dir.display(), ms(median), ms(max));
    checks.push(if median > Duration::from_millis(20) {
        let advice = "acknowledged means durable, so producers wait for this; use an SSD, or highway.durability=page-cache \
                      where the last records may be lost with the machine";
        Check::warning("fsync", found, advice)
    } else {
        Check::ok("fsync", found)
    });
}

/// Sorted.
fn timed(path: &Path) -> std::io::Result<Vec<Duration>> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

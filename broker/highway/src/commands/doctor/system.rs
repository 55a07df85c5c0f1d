//! The machine and the node's process: open files, memory, clock, huge pages.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

use super::check::Check;
use crate::output::bytes;

/// Open files below which a node with many partitions runs out.
const FILES_WANTED: u64 = 65_536;
/// Memory below which caches have no room.
const MEMORY_WANTED: u64 = 512 << 20;

/// Looks at all of it.
pub(super) fn check(dirs: &[PathBuf], checks: &mut Vec<Check>) {
    let pid = dirs.iter().find_map(|dir| running_pid(dir));
    open_files(pid, checks);
    memory(pid, checks);
    huge_pages(checks);
    clock(checks);
}

/// The process that has the directory, if it is alive.
fn running_pid(dir: &Path) -> Option<u64> {
    let text = fs::read_to_string(dir.join("highway-node.json")).ok()?;
    let pid = serde_json::from_str::<serde_json::Value>(&text).ok()?["pid"].as_u64()?;
    fs::exists(format!("/proc/{pid}/limits")).ok()?.then_some(pid)
}

fn open_files(pid: Option<u64>, checks: &mut Vec<Check>) {
    let of_process = pid.and_then(|pid| {
        let text = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
        let line = text.lines().find(|l| l.starts_with("Max open files"))?;
        let soft = line.split_whitespace().nth(3)?;
        let used = fs::read_dir(format!("/proc/{pid}/fd")).ok().map(Iterator::count);
        Some((if soft == "unlimited" { u64::MAX } else { soft.parse().ok()? }, used))
    });
    let (limit, found) = match of_process {
        Some((limit, used)) => {
            let used = used.map_or("?".to_owned(), |n| n.to_string());
            (limit, format!("the node may have {limit}, has {used}"))
        }
        None => {
            // A node raises its limit to the hard one.
            let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
            (limit, format!("a node started here may have {limit}"))
        }
    };
    checks.push(if limit < FILES_WANTED {
        let advice = format!("each partition needs up to four: set LimitNOFILE={FILES_WANTED} in the unit, or raise the hard limit (ulimit -Hn)");
        Check::warning("open-files", found, advice)
    } else {
        Check::ok("open-files", found)
    });
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|l| l.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn memory(pid: Option<u64>, checks: &mut Vec<Check>) {
    let Ok(text) = fs::read_to_string("/proc/meminfo") else { return };
    let (Some(total), Some(available)) = (field(&text, "MemTotal:"), field(&text, "MemAvailable:")) else {
        return;
    };
    let limit =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|t| t.trim().parse::<u64>().ok());
    let used = pid
        .and_then(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .and_then(|text| field(&text, "VmRSS:"));
    let mut found = format!("{} of {} available", bytes(available), bytes(total));
    if let Some(limit) = limit {
        found.push_str(&format!(", this group may have {}", bytes(limit)));
    }
    if let Some(used) = used {
        found.push_str(&format!(", the node has {}", bytes(used)));
    }
    checks.push(if available.min(limit.unwrap_or(u64::MAX)) < MEMORY_WANTED {
        Check::warning("memory", found, "reads from the page cache need room; leave at least 512 MiB")
    } else {
        Check::ok("memory", found)
    });
}

fn huge_pages(checks: &mut Vec<Check>) {
    let Ok(text) = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled") else { return };
    let chosen = text.split('[').nth(1).and_then(|t| t.split(']').next()).unwrap_or("unknown").to_owned();
    checks.push(if chosen == "always" {
        let advice =
            "memory of an idle node may grow: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled";
        Check::warning("huge-pages", chosen, advice)
    } else {
        Check::ok("huge-pages", chosen)
    });
}

/// Asks the kernel whether something keeps its clock right.
#[allow(unsafe_code)]
fn clock(checks: &mut Vec<Check>) {
    // SAFETY: all-zero bytes are a valid `timex` (integers only), and with `modes` 0 the call only reads the clock's
    // state into this struct, which lives through the call.
    let state = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        libc::adjtimex(&mut timex)
    };
    checks.push(match state {
        libc::TIME_ERROR => Check::warning(
            "clock",
            "nothing keeps this machine's clock right",
            "timestamps and retention by time depend on it: run chrony or systemd-timesyncd",
        ),
        -1 => Check::ok("clock", "the kernel does not say whether it is kept right"),
        _ => Check::ok("clock", "kept right by a time service"),
    });
}

//! Processes under test, and what the system says about them.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Ticks a second in /proc, the same on every Linux that is built for today's processors.
const USER_HZ: f64 = 100.0;

/// Seconds of user and system time.
#[derive(Clone, Copy, Debug)]
pub struct Cpu(pub f64);

impl Cpu {
    /// Of all threads of a process.
    pub fn of(pid: u32) -> Result<Cpu> {
        Cpu::read(&format!("/proc/{pid}/stat"), 11)
    }

    /// Of this process.
    pub fn own() -> Result<Cpu> {
        Cpu::read("/proc/self/stat", 11)
    }

    /// Of all children of this process that have ended.
    pub fn of_children() -> Result<Cpu> {
        Cpu::read("/proc/self/stat", 13)
    }

    /// User and system time are fields `at` and the next, counted behind the name.
    fn read(path: &str, at: usize) -> Result<Cpu> {
        let text = std::fs::read_to_string(path).context("the process is gone")?;
        let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        Ok(Cpu((ticks(at) + ticks(at + 1)) / USER_HZ))
    }
}

/// Resident memory in MB (10^6 bytes).
pub fn resident_mb(pid: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = text.lines().find(|l| l.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kib * 1024.0 / 1e6)
}

/// Part of all processor time that the host took since the machine started, and that time, in ticks.
pub fn stolen() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split_whitespace().skip(1).take(8).filter_map(|t| t.parse().ok()).collect();
    (ticks.get(7).copied().unwrap_or(0.0), ticks.iter().sum())
}

/// The load average of the last minute.
pub fn load_average() -> f64 {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|t| t.split(' ').next().and_then(|f| f.parse().ok()))
        .unwrap_or(0.0)
}

/// Puts this process, and all that it starts from now on, into the round-robin real-time class; false without the right.
pub fn real_time() -> bool {
    let pid = std::process::id().to_string();
    let outcome = Command::new("chrt").args(["-r", "-p", "1", &pid]).stderr(Stdio::null()).status();
    outcome.is_ok_and(|s| s.success())
}

/// A child in a process group of its own, ended with its owner.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts it; what it prints goes to `log`.
    pub fn start(mut command: Command, log: &Path) -> Result<Process> {
        let file = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        Ok(Process(command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?))
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// SIGTERM, then SIGKILL after `limit`.
    pub fn stop(&mut self, limit: Duration) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Ok(Some(_)) = self.0.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

//! A child process with its output in a file, ended with the test and shown when the test fails.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::wait::eventually;

/// How much of a log is shown when a test fails.
const SHOWN_LOG_BYTES: u64 = 16 * 1024;

/// A running child in a process group of its own; both output streams are appended to one log file.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`; its stdout and stderr go to the end of `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> std::io::Result<Process> {
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let child = command.spawn()?;
        Ok(Process { name: name.to_owned(), child, log: log.to_path_buf(), ended: None })
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How the child ended; `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("a child can be waited for");
        }
        self.ended
    }

    /// Sends `signal` to the child's whole group; nothing happens when it has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Some(pid) = Pid::from_raw(self.child.id().cast_signed())
        {
            // The group may vanish between the check and the call; that is what was wanted.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let status = self.wait(Duration::from_secs(30));
        assert!(status.is_some(), "{} survived SIGKILL", self.name);
    }

    /// SIGTERM, and waits for the end; panics when the child is still there after `limit`.
    pub fn terminate(&mut self, limit: Duration) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait(limit).unwrap_or_else(|| panic!("{} did not end within {limit:?} after SIGTERM", self.name))
    }

    /// Waits until the child has ended; `None` after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        eventually(limit, || self.ended())
    }

    /// The end of what the child printed.
    pub fn log_tail(&self) -> String {
        tail(&self.log).unwrap_or_else(|error| format!("(no log: {error})"))
    }
}

/// "exit code 3" or "signal 9".
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (_, Some(signal)) => format!("signal {signal}"),
        _ => "an unknown end".to_owned(),
    }
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(SHOWN_LOG_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Drop for Process {
    fn drop(&mut self) {
        let end = self.ended();
        self.signal(Signal::KILL);
        let _ = self.child.wait();
        if std::thread::panicking() {
            let state =
                end.map_or_else(|| "was running".to_owned(), |s| format!("had ended with {}", describe(s)));
            eprintln!(
                "---- {} (pid {}) {state}; the end of its log:\n{}\n----",
                self.name,
                self.pid(),
                self.log_tail()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminate_kill_and_log() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"]);
        let mut process = Process::start("a shell", command, &log).expect("sh can be started");
        crate::wait_until("the shell is ready", Duration::from_secs(10), || {
            process.log_tail().contains("ready")
        });
        assert_eq!(process.ended(), None);
        assert_eq!(process.terminate(Duration::from_secs(10)).code(), Some(7));
        assert!(process.log_tail().ends_with("bye\n"), "{}", process.log_tail());

        let mut command = Command::new("sleep");
        command.arg("600");
        let mut process = Process::start("sleep", command, &log).expect("sleep can be started");
        process.kill();
        assert_eq!(process.ended().and_then(|s| s.signal()), Some(9));
        assert_eq!(process.ended().map(describe).as_deref(), Some("signal 9"));
    }
}

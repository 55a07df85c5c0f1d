//! Runs other programs with a time limit: the client drivers under `tests/clients`, Kafka's command-line tools, kcat.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{Process, describe};
use crate::{Broker, repository};

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
    /// Its exit code; `None` when a signal or the limit ended it.
    pub code: Option<i32>,
    /// How long it ran.
    pub took: Duration,
}

impl Outcome {
    /// The stdout of a program that must have succeeded; panics with both outputs otherwise.
    pub fn expect_success(self, what: &str) -> String {
        assert!(
            self.code == Some(0),
            "{what}: exit code {:?} after {:?}\nstdout:\n{}\nstderr:\n{}",
            self.code,
            self.took,
            self.stdout,
            self.stderr
        );
        self.stdout
    }
}

/// Runs `command` for at most `limit`; its whole process group is killed when that is over.
pub fn run(name: &str, mut command: Command, limit: Duration) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("stdout");
    let log = folder.path().join("stderr");
    // The shell moves stdout to a file of its own, `Process` takes stderr.
    let mut wrapped = Command::new("sh");
    wrapped.args(["-c", r#"out=$1; shift; exec "$@" >"$out""#, "sh"]).arg(&out);
    wrapped.arg(command.get_program()).args(command.get_args());
    if let Some(dir) = command.get_current_dir() {
        wrapped.current_dir(dir);
    }
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(key, value),
            None => wrapped.env_remove(key),
        };
    }
    command = wrapped;
    let began = Instant::now();
    let mut process =
        Process::start(name, command, &log).unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    let status = process.wait(limit);
    let took = began.elapsed();
    let mut stderr = process.log_tail();
    match status {
        None => {
            process.kill();
            stderr.push_str(&format!("\n{name} was killed after {limit:?}"));
        }
        Some(status) if status.code().is_none() => {
            stderr.push_str(&format!("\n{name}: {}", describe(status)))
        }
        Some(_) => {}
    }
    let stdout =
        std::fs::read(&out).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    Outcome { stdout, stderr, code: status.and_then(|s| s.code()), took }
}

/// Runs the client driver `name` (see `tests/clients/run.sh`) against `broker`; its closing JSON object.
/// Panics with what the driver said when a check failed.
pub fn client(name: &str, broker: &dyn Broker, limit: Duration) -> serde_json::Value {
    let mut command = Command::new(repository().join("tests/clients/run.sh"));
    command.args([name, broker.bootstrap()]);
    let outcome = run(name, command, limit);
    let took = outcome.took;
    let stdout = outcome.expect_success(&format!("driver {name} against {}", broker.kind()));
    let last = stdout.lines().last().unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(last)
        .unwrap_or_else(|error| panic!("driver {name} closed with {last:?}: {error}"));
    assert_eq!(json["ok"], true, "driver {name}: {last}");
    println!("{name}: {last} in {:.1} s", took.as_secs_f64());
    json
}

/// Runs a class of Kafka's jars (`org.apache.kafka.tools.DumpLogSegments`, ...). Fetches the jars when they are missing.
pub fn kafka_class(class: &str, arguments: &[&str], limit: Duration) -> Outcome {
    let fetch =
        run("fetch.sh", Command::new(repository().join("tests/oracle/fetch.sh")), Duration::from_secs(300));
    let folder = fetch.expect_success("fetching Kafka's jars").trim().to_owned();
    let mut command = Command::new("java");
    command.args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    command.arg(format!("-Dlog4j2.configurationFile={folder}/log4j2.xml"));
    command.args(["-cp", &format!("{folder}/libs/*"), class]).args(arguments);
    run(class, command, limit)
}

/// Runs kcat against `broker` with further arguments.
pub fn kcat(broker: &dyn Broker, arguments: &[&str], limit: Duration) -> Outcome {
    let mut command = Command::new("kcat");
    command.args(["-b", broker.bootstrap()]).args(arguments);
    run("kcat", command, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_and_exit_code_come_back() {
        let outcome = run("a shell", shell("echo out; echo err >&2; exit 3"), Duration::from_secs(30));
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.code),
            ("out\n", "err\n", Some(3))
        );
    }

    #[test]
    fn a_program_over_its_limit_is_killed_with_its_children() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pid = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! >{}; wait", pid.display());
        let outcome = run("a shell", shell(&script), Duration::from_millis(500));
        assert_eq!(outcome.code, None);
        assert!(outcome.stderr.contains("was killed after"), "{}", outcome.stderr);
        let child = std::fs::read_to_string(&pid).expect("the child was started");
        let gone = crate::eventually(Duration::from_secs(10), || {
            // A killed child may stay as a zombie where nothing reaps it.
            let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
            (state.is_empty() || state.contains(") Z ")).then_some(())
        });
        assert!(gone.is_some(), "child {child} is still running");
    }

    #[test]
    #[should_panic(expected = "exit code Some(1)")]
    fn a_failing_driver_fails_the_test() {
        run("a shell", shell("exit 1"), Duration::from_secs(30)).expect_success("a shell");
    }
}

//! Runs `highway` and looks at what it did.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use highway_tests::{Broker, binary};
use serde_json::Value;

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    /// Exit code; 124 after a minute.
    pub code: i32,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it said.
    pub stderr: String,
}

impl Done {
    /// Must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.text(), self.stderr);
        self
    }

    /// Must have failed with this code, and say this.
    #[track_caller]
    pub fn fails(self, code: i32, words: &str) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.text(), self.stderr);
        assert!(self.stderr.contains(words), "{words:?} is not in {:?}", self.stderr);
        self
    }

    /// stdout as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// stdout as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// stdout as JSON lines.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let value = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.text().lines().map(value).collect()
    }
}

/// `highway` with a minute to live and nothing of the caller's environment that it would heed.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.arg("60").arg(binary::highway()).args(arguments);
    command.env_remove("HIGHWAY_BOOTSTRAP").env_remove("NO_COLOR").env_remove("HIGHWAY_LOG");
    command
}

/// Runs it with `input` on stdin.
pub fn with_input(mut command: Command, input: &[u8]) -> Done {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary can be started");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_vec();
    // A tool that ends early does not read it all.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    Done { code: status.code().unwrap_or(-1), stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() }
}

/// Runs `highway` without a broker.
pub fn alone(arguments: &[&str]) -> Done {
    with_input(command(arguments), b"")
}

/// Runs `highway` against a broker.
pub fn run(broker: &dyn Broker, arguments: &[&str]) -> Done {
    feed(broker, arguments, b"")
}

/// The same with `input` on stdin.
pub fn feed(broker: &dyn Broker, arguments: &[&str], input: &[u8]) -> Done {
    let mut command = command(arguments);
    command.env("HIGHWAY_BOOTSTRAP", broker.bootstrap());
    with_input(command, input)
}

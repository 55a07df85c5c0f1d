//! Where the `highway` binary under test comes from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::repository;

/// The binary under test: `HIGHWAY_BIN`, or the one that cargo builds (again, if it is stale) in the profile
/// `HIGHWAY_PROFILE` (default `perf`, which `make run` and the benches share).
pub fn highway() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("HIGHWAY_BIN") {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

fn build() -> PathBuf {
    let profile = std::env::var("HIGHWAY_PROFILE").unwrap_or_else(|_| "perf".to_owned());
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(repository())
        .args(["build", "--quiet", "--message-format=json", "--package=highway", "--profile", &profile])
        .output()
        .expect("cargo can be run");
    let messages = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "the binary does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "highway")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the executable it built")
}

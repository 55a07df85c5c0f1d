//! Rules of the tree that no compiler checks: the arrows between crates, the size of files, words that may not stay, tests
//! that documents name.

mod checklist;
mod layers;
mod sizes;
mod words;

use std::path::PathBuf;
use std::process::Command;

/// All files that git tracks or would track, relative to the root.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .current_dir(highway_tests::repository())
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .output()
        .expect("git can be run");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let root = highway_tests::repository();
    let list: Vec<PathBuf> = String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .filter(|path| root.join(path).is_file())
        .collect();
    assert!(list.len() > 50, "only {} files found", list.len());
    list
}

/// The text of a tracked file; `None` for one that is not text.
fn text(path: &PathBuf) -> Option<String> {
    String::from_utf8(std::fs::read(highway_tests::repository().join(path)).ok()?).ok()
}

//! Data directories that are not for this node: a clear error that names them, an exit code, nothing touched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use highway_tests::drivers::run;
use highway_tests::{Broker, Node, Oracle, wait_until};

use rustix::process::Signal;

use crate::load::Topic;
use crate::rig::is_root;
use crate::verify::PATIENCE;

/// Names, contents and times of all that lies in a folder.
fn picture(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, i64, i64)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let meta = path.symlink_metadata().expect("an entry");
            let content = if meta.is_file() { fs::read(&path).expect("a file") } else { Vec::new() };
            if meta.is_dir() {
                folders.push(path.clone());
            }
            all.insert(path, (content, meta.mtime(), meta.mtime_nsec()));
        }
    }
    all
}

/// A node does not start on `data`, says `words`, and leaves everything as it is.
fn refused(data: &Path, words: &[&str]) {
    refused_but(data, words, "(nothing)");
}

/// The same, but what has `apart` in its path may change.
fn refused_but(data: &Path, words: &[&str], apart: &str) {
    let before = data.is_dir().then(|| picture(data));
    let outcome = Node::builder().set("log.dirs", &data.display().to_string()).try_start();
    let failure = outcome.err().unwrap_or_else(|| panic!("a node started on {}", data.display()));
    let code = failure.status.and_then(|s| s.code());
    assert_eq!(code, Some(1), "{}: {failure}", data.display());
    let line = failure.log.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
    for word in words {
        assert!(line.contains(word), "the error does not say {word:?}: {line}\n{failure}");
    }
    assert!(!failure.log.contains("panicked"), "{failure}");
    println!("{line}");
    if let Some(before) = before {
        let after = picture(data);
        let changed = before
            .keys()
            .chain(after.keys())
            .filter(|path| !path.display().to_string().contains(apart))
            .find(|path| before.get(*path) != after.get(*path));
        assert!(changed.is_none(), "{changed:?} was touched");
    }
}

/// A folder with a stopped node's data.
fn stopped() -> Node {
    let mut node = Node::start();
    Topic::named("kept", 1).create(node.bootstrap());
    node.stop();
    node
}

#[test]
fn a_directory_in_use_is_refused_and_its_owner_named() {
    let mut node = Node::start();
    Topic::named("kept", 1).create(node.bootstrap());
    let data = node.data();
    // It touches nothing meanwhile, and holds its lock all the same.
    node.process().signal(Signal::STOP);
    wait_until("all of its threads stand still", PATIENCE, || {
        let threads = fs::read_dir(format!("/proc/{}/task", node.pid())).expect("the process is there");
        threads
            .filter_map(|t| fs::read_to_string(t.ok()?.path().join("stat")).ok())
            .all(|s| s.contains(") T "))
    });
    let words = ["in use", &data.display().to_string(), &node.pid().to_string()];
    refused(&data, &words);
    node.process().signal(Signal::CONT);
    Topic::named("more", 1).create(node.bootstrap());
}

#[test]
fn a_directory_of_apache_kafka_is_refused_untouched() {
    let oracle = Oracle::start();
    Topic::named("theirs", 2).create(oracle.bootstrap());
    let copy = tempfile::tempdir().expect("a temporary folder");
    let data = copy.path().join("data");
    let mut cp = Command::new("cp");
    cp.arg("-a").arg(oracle.directory().join("data")).arg(&data);
    run("cp", cp, PATIENCE).expect_success("a copy of Kafka's data");
    drop(oracle);
    refused(&data, &["Apache Kafka", &data.display().to_string(), "mirror"]);
}

#[test]
fn files_of_a_newer_version_are_refused_by_name() {
    let node = stopped();
    let data = node.data();
    let format = data.join("highway-format");
    let old = fs::read(&format).expect("the format");
    fs::write(&format, "version=7\n").expect("a file");
    refused(&data, &["highway-format", "format 7", "newer release"]);
    fs::write(&format, old).expect("a file");
    let checkpoint = data.join("highway-checkpoint");
    let mut bytes = fs::read(&checkpoint).expect("the checkpoint");
    let good = bytes.clone();
    bytes[7] = 9;
    let end = bytes.len() - 4;
    let crc = crc32(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_be_bytes());
    fs::write(&checkpoint, bytes).expect("a file");
    // The lock comes first there; it only holds a process id.
    refused_but(&data, &["highway-checkpoint", "format 9", "newer release"], "highway.lock");
    fs::write(&checkpoint, good).expect("a file");
    let mut node = node;
    node.restart();
}

/// CRC-32 (IEEE), as the checkpoint has it.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[test]
fn what_is_no_directory_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("plain-file");
    fs::write(&file, "somebody's notes").expect("a file");
    refused(&file, &[&file.display().to_string(), "not a directory"]);
    assert_eq!(fs::read(&file).expect("a file"), b"somebody's notes");
    let within = file.join("data");
    refused(&within, &[&within.display().to_string()]);
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_by_name() {
    if !is_root("a read-only mount") {
        return;
    }
    let node = stopped();
    let mount = ReadOnly::new(&node.data());
    refused(&mount.0, &[&mount.0.display().to_string(), "ead-only"]);
    let empty = tempfile::tempdir().expect("a temporary folder");
    let mount = ReadOnly::new(empty.path());
    refused(&mount.0, &[&mount.0.display().to_string(), "ead-only"]);
}

/// A folder mounted onto itself, read-only; root may write anything else.
struct ReadOnly(PathBuf);

impl ReadOnly {
    fn new(folder: &Path) -> ReadOnly {
        let path = folder.display().to_string();
        let mount = |arguments: &[&str]| {
            let mut command = Command::new("mount");
            command.args(arguments);
            run("mount", command, PATIENCE).expect_success("mount");
        };
        mount(&["--bind", &path, &path]);
        let made = ReadOnly(folder.to_path_buf());
        mount(&["-o", "remount,bind,ro", &path]);
        made
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

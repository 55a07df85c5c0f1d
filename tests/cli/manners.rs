//! Manners that all tools share: help, usage errors, closed pipes, Ctrl-C, nobody there.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use highway_tests::{Node, ports, wait_until};
use rustix::process::{Pid, Signal, kill_process};

use crate::tool::{alone, command, feed, run, with_input};

#[test]
fn help_is_there_for_every_command() {
    let help = alone(&["--help"]).ok().text();
    for word in [
        "dev",
        "server",
        "topic",
        "produce",
        "consume",
        "group",
        "apply",
        "config",
        "cluster",
        "doctor",
        "completion",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
    for arguments in
        [&["dev", "--help"][..], &["server", "--help"], &["consume", "--help"], &["group", "reset", "--help"]]
    {
        let text = alone(arguments).ok().text();
        assert!(text.contains("Examples:") && !text.contains('\u{1b}'), "{text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(alone(&["completion", shell]).ok().text().contains("highway"), "{shell}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2_and_nobody_there_6() {
    alone(&["topic", "create"]).fails(2, "TOPIC");
    alone(&["produce", "t", "-c", "rar"]).fails(2, "none, gzip, snappy, lz4, zstd");
    alone(&["consume", "t", "--from", "yesterday"]).fails(2, "give beginning");
    alone(&["topic", "list", "-b", "host:port"]).fails(2, "is not HOST:PORT");
    let [port] = ports::free();
    let nobody = alone(&["topic", "list", "-b", &format!("127.0.0.1:{port}")]);
    let nobody = nobody.fails(6, &format!("error: cannot reach 127.0.0.1:{port}: connection refused"));
    assert!(nobody.stderr.contains("hint: start a node with `highway dev`"), "{}", nobody.stderr);
    assert!(nobody.stdout.is_empty());
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let node = Node::start();
    let lines: String = (0..200_000).map(|n| format!("a line with the number {n}\n")).collect();
    feed(&node, &["produce", "long"], lines.as_bytes()).ok();
    let mut tool = command(&["consume", "long"]);
    tool.env("HIGHWAY_BOOTSTRAP", highway_tests::Broker::bootstrap(&node));
    let mut child =
        tool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary can be started");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("stdout is piped"));
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    let status = child.wait().expect("it ends by itself");
    let mut said = String::new();
    child.stderr.take().expect("stderr is piped").read_to_string(&mut said).expect("text");
    assert_eq!((first.as_str(), status.code(), said.as_str()), ("a line with the number 0\n", Some(0), ""));
}

#[test]
fn ctrl_c_ends_a_reader_in_order() {
    let node = Node::start();
    feed(&node, &["produce", "t"], b"one\n").ok();
    let mut tool = std::process::Command::new(highway_tests::binary::highway());
    tool.args(["consume", "t", "-g", "g", "-b", highway_tests::Broker::bootstrap(&node)]);
    let mut child =
        tool.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary can be started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("a line");
    assert_eq!(line, "one\n");
    let members = || {
        run(&node, &["group", "describe", "g", "-o", "json"]).ok().json()["items"][0]["members"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!(members(), Some(1));
    kill_process(Pid::from_child(&child), Signal::INT).expect("a signal can be sent");
    let mut status = None;
    wait_until("the reader ends", Duration::from_secs(20), || {
        status = child.try_wait().expect("a child can be waited for");
        status.is_some()
    });
    assert_eq!(status.and_then(|s| s.code()), Some(130));
    // It left the group and committed what it wrote.
    let group = run(&node, &["group", "describe", "g", "-o", "json"]).ok().json();
    assert_eq!(
        (group["items"][0]["members"].as_array().map(Vec::len), &group["items"][0]["lag"]),
        (Some(0), &0.into())
    );
}

#[test]
fn output_goes_where_it_should() {
    let node = Node::start();
    let done = feed(&node, &["produce", "t"], b"x\n").ok();
    assert!(done.stdout.is_empty() && done.stderr.contains("1 records"), "{done:?}");
    let quiet = feed(&node, &["produce", "t", "-q"], b"x\n").ok();
    assert!(quiet.stderr.is_empty(), "{quiet:?}");
    let mut plain = command(&["topic", "describe", "none"]);
    plain.env("NO_COLOR", "1").env("HIGHWAY_BOOTSTRAP", highway_tests::Broker::bootstrap(&node));
    assert!(!with_input(plain, b"").stderr.contains('\u{1b}'));
}

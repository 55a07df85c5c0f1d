//! `highway server --config` and its rules about listeners, data directories and keys: each sentence of them.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use highway_tests::{Broker, Node, Process, binary, eventually, ports};

use crate::tool::{alone, run};

/// Must not start; what it says.
fn refused(settings: &[(&str, &str)]) -> String {
    let builder = settings.iter().fold(Node::builder(), |b, (key, value)| b.set(key, value));
    let failure = builder.try_start().expect_err("the node must not start");
    assert_eq!(failure.status.and_then(|s| s.code()), Some(2), "{failure}");
    failure.log
}

#[test]
fn a_stock_file_is_open_only_when_that_is_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [port] = ports::free();
    let listeners = format!("PLAINTEXT://:{port}");
    let said = refused(&[("listeners", &listeners)]);
    assert!(said.contains("highway.allow.anonymous=true") && said.contains("error: "), "{said}");

    // With it, and only with it, the same file starts.
    let file = folder.path().join("server.properties");
    let text = format!(
        "listeners={listeners}\nhighway.admin.listener=off\nhighway.registry.listener=off\nhighway.ingest.listener=off\nhighway.syslog.udp.listener=off\nhighway.syslog.tcp.listener=off\nlog.dirs={}\nhighway.allow.anonymous=true\nnum.io.threads=8\n",
        folder.path().join("data").display()
    );
    std::fs::write(&file, text).expect("a file can be written");
    let mut command = Command::new(binary::highway());
    command.args(["server", "--config"]).arg(&file);
    let mut process = Process::start("highway", command, &folder.path().join("log")).expect("it starts");
    let up = eventually(Duration::from_secs(30), || match process.ended() {
        Some(_) => Some(false),
        None => TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(true),
    });
    assert_eq!(up, Some(true), "{}", process.log_tail());
    let log = process.log_tail();
    assert!(log.contains("num.io.threads") && log.contains("has no effect"), "{log}");
    assert!(process.terminate(Duration::from_secs(30)).success());
}

#[test]
fn several_named_listeners_each_tell_their_own_address() {
    let node = Node::builder()
        .set("listeners", "INSIDE://127.0.0.1:0,OUTSIDE://localhost:0")
        .set("listener.security.protocol.map", "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT")
        .set("inter.broker.listener.name", "INSIDE")
        .start();
    let text = std::fs::read_to_string(node.data().join("highway-node.json")).expect("the node's file");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let addresses = json["listeners"].as_object().expect("listeners");
    assert_eq!(addresses.len(), 2, "{json}");
    for (name, address) in addresses {
        let address = address.as_str().expect("an address");
        let told = alone(&["cluster", "describe", "-b", address, "-o", "json"]).ok().json();
        let port = address.rsplit(':').next().and_then(|p| p.parse::<u16>().ok());
        assert_eq!(told["nodes"][0]["port"].as_u64(), port.map(u64::from), "{name} {address}: {told}");
    }
    let said = refused(&[("listeners", "INSIDE://127.0.0.1:0")]);
    assert!(said.contains("INSIDE:PLAINTEXT") && said.contains("listener.security.protocol.map"), "{said}");
}

#[test]
fn a_wrong_key_or_value_is_named() {
    let said = refused(&[("highway.admin.listner", "off")]);
    assert!(said.contains("did you mean highway.admin.listener?"), "{said}");
    let said = refused(&[("highway.allow.anonymous", "yes")]);
    assert!(said.contains("highway.allow.anonymous=yes") && said.contains("true or false"), "{said}");
    let said = refused(&[("num.partitions", "many")]);
    assert!(said.contains("num.partitions=many") && said.contains("node.properties"), "{said}");
    let said = refused(&[("highway.admin.listener", "0.0.0.0:0")]);
    assert!(said.contains("highway.allow.anonymous=true"), "{said}");
    // Kafka only warns of keys that nobody knows, and so does Highway.
    let node = Node::builder().set("my.own.key", "1").start();
    let log = node.log_tail();
    assert_eq!(log.matches("my.own.key").count(), 1, "{log}");
    assert!(log.contains("is not a known setting"), "{log}");
}

#[test]
fn data_of_a_kafka_broker_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("kafka");
    std::fs::create_dir(&data).expect("a folder can be made");
    std::fs::write(data.join("meta.properties"), "version=1\ncluster.id=x\n").expect("a file can be written");
    let path = data.display().to_string();
    let failure = Node::builder().set("log.dirs", &path).try_start().expect_err("it must not start");
    assert_ne!(failure.status.and_then(|s| s.code()), Some(0), "{failure}");
    assert!(failure.log.contains(&path) && failure.log.to_lowercase().contains("mirror"), "{failure}");
    let left: Vec<_> =
        std::fs::read_dir(&data).expect("the folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["meta.properties"], "untouched");
}

#[test]
fn environment_and_flags_override_the_file() {
    let node = Node::builder().set("num.partitions", "2").env("HIGHWAY_NUM_PARTITIONS", "5").start();
    run(&node, &["topic", "create", "t"]).ok();
    let made = run(&node, &["topic", "list", "-o", "json"]).ok().json();
    assert_eq!(made["items"][0]["partitions"], 5);
    let told = run(&node, &["config", "get", "broker", "1", "num.partitions", "-o", "json"]).ok().json();
    assert_eq!(
        (told["items"][0]["value"].as_str(), told["items"][0]["source"].as_str()),
        (Some("5"), Some("static"))
    );
}

#[test]
fn a_node_raises_its_limit_of_open_files() {
    let node = Node::builder().wrapper(&["prlimit", "--nofile=256:4096"]).start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", node.pid())).expect("the node's limits");
    let line = limits.lines().find(|l| l.starts_with("Max open files")).expect("the limit of open files");
    assert_eq!(line.split_whitespace().nth(3), Some("4096"), "{line}");
}

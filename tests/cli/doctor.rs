//! `highway doctor` on a healthy and on broken nodes.

use highway_tests::Node;

use crate::tool::{alone, run};

fn states(report: &serde_json::Value) -> Vec<(String, String)> {
    let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    report["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| (text(&i["check"]), text(&i["state"])))
        .collect()
}

#[test]
fn a_healthy_node_is_well() {
    let node = Node::start();
    run(&node, &["topic", "create", "t", "-p", "4"]).ok();
    let report = run(&node, &["doctor", "-o", "json"]).ok().json();
    let states = states(&report);
    for check in [
        "reachable",
        "partitions",
        "api-versions",
        "listeners",
        "data-dir",
        "free-space",
        "fsync",
        "open-files",
        "memory",
    ] {
        assert!(states.iter().any(|(name, _)| name == check), "{check} is missing in {states:?}");
    }
    for check in ["reachable", "partitions", "api-versions", "listeners", "data-dir", "fsync"] {
        assert!(states.contains(&(check.to_owned(), "ok".to_owned())), "{check} is not ok: {report:#}");
    }
    assert_eq!(report["failed"], 0);
    let names = std::fs::read_dir(node.data()).expect("the data directory").flatten();
    let left: Vec<_> = names.filter(|e| e.file_name().to_string_lossy().contains("doctor")).collect();
    assert!(left.is_empty(), "{left:?} was left behind");
    let text = run(&node, &["doctor"]).ok().text();
    assert!(text.contains("answers in") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_node_that_is_gone_or_a_file_that_is_wrong_is_found() {
    let mut node = Node::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    node.stop();
    let gone = run(&node, &["doctor", "-o", "json", "--timeout", "5s"]);
    assert_eq!(gone.code, 7, "{gone:?}");
    assert!(states(&gone.json()).contains(&("reachable".to_owned(), "failed".to_owned())));

    let file = folder.path().join("server.properties");
    let path = file.display().to_string();
    let write = |text: &str| std::fs::write(&file, text).expect("a file can be written");
    write("highway.durabilty=fsync\n");
    let wrong = alone(&["doctor", "--offline", "--config", &path]);
    assert_eq!(wrong.code, 7, "{wrong:?}");
    assert!(wrong.text().contains("did you mean highway.durability?"), "{wrong:?}");

    write(&format!("log.dirs={}/new\nzookeeper.connect=x\n", folder.path().display()));
    let remark = alone(&["doctor", "--offline", "--config", &path, "-o", "json"]).ok().json();
    let states_seen = states(&remark);
    assert!(states_seen.contains(&("config".to_owned(), "warning".to_owned())), "{remark:#}");
    assert_eq!(alone(&["doctor", "--offline", "--config", &path, "--strict"]).code, 7);

    let kafkas = folder.path().join("kafka");
    std::fs::create_dir(&kafkas).expect("a folder can be made");
    std::fs::write(kafkas.join("meta.properties"), "version=1\n").expect("a file can be written");
    let refused = alone(&["doctor", "--offline", "--data-dir", &kafkas.display().to_string()]);
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.text().contains("Apache Kafka"), "{refused:?}");
}

#[test]
fn an_open_listener_is_a_warning() {
    let node = Node::builder()
        .set("listeners", "PLAINTEXT://0.0.0.0:0")
        .set("advertised.listeners", "PLAINTEXT://127.0.0.1:0")
        .set("highway.allow.anonymous", "true")
        .start();
    let port = node_port(&node);
    let mut command = crate::tool::command(&["doctor", "-o", "json"]);
    command.env("HIGHWAY_BOOTSTRAP", format!("127.0.0.1:{port}"));
    let report = crate::tool::with_input(command, b"").ok().json();
    assert!(states(&report).contains(&("listeners".to_owned(), "warning".to_owned())), "{report:#}");
}

fn node_port(node: &Node) -> u16 {
    use highway_tests::Broker;
    node.bootstrap().rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port")
}

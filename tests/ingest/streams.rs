//! Lines over TCP, TLS and RELP from rsyslog and syslog-ng's loggen, while the node is killed: RELP loses none.
//!
//! `HIGHWAY_SYSLOG_LINES=500000` is the long form.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use highway_tests::random::Random;
use highway_tests::{Broker, Node, Process, drivers, eventually, repository, wait_until};

use super::{PATIENCE, counted, number, reader, value, wait_for_records};

fn port(node: &Node, name: &str) -> String {
    node.part(name).rsplit_once(':').expect("a port").1.to_owned()
}

/// rsyslog with a file as its input and these actions. Killed when it is dropped.
fn rsyslog(folder: &Path, input: &Path, actions: &str) -> Process {
    let config = format!(
        "global(workDirectory=\"{0}\")\nmodule(load=\"imfile\")\nmodule(load=\"omrelp\")\n\
         input(type=\"imfile\" file=\"{1}\" tag=\"file:\" freshStartTail=\"off\")\n{actions}\n",
        folder.display(),
        input.display()
    );
    let path = folder.join("rsyslog.conf");
    std::fs::write(&path, config).expect("a file");
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.args(["-n", "-i"]).arg(folder.join("pid")).arg("-f").arg(&path);
    Process::start("rsyslogd", command, &folder.join("rsyslogd.log")).expect("rsyslogd runs")
}

/// How often each line is in the log, by the listener that it came over; lines end in their number.
fn lines(node: &Node) -> HashMap<(String, u64), u64> {
    let mut found = HashMap::new();
    reader::each(node.bootstrap(), "syslog", |_, record| {
        let text = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default());
        let event: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let message = event["payload"]["message"].as_str().expect("a message");
        let number =
            message.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{event}"));
        *found.entry((reader::header(record, "hw-ingest"), number)).or_insert(0) += 1;
    });
    found
}

#[test]
fn relp_loses_nothing_and_tcp_what_was_on_its_way() {
    let (count, kills) = (number("HIGHWAY_SYSLOG_LINES", 40_000), number("HIGHWAY_SYSLOG_KILLS", 3));
    let mut moments = Random::from_environment();
    let mut node = Node::builder()
        .set("highway.syslog.tcp.listener", "127.0.0.1:0")
        .set("highway.syslog.relp.listener", "127.0.0.1:0")
        .start();
    for kind in ["tcp", "relp"] {
        let at = node.part(&format!("syslog-{kind}"));
        node.set(&format!("highway.syslog.{kind}.listener"), &at);
    }
    let folder = node.directory().join("rsyslog");
    std::fs::create_dir_all(&folder).expect("a folder");
    let input = folder.join("input.log");
    let text: String =
        (0..count).map(|n| format!("a line of a file with some words in it, number {n}\n")).collect();
    std::fs::write(&input, text).expect("a file");
    // Retries without end, as who uses RELP has it; queues of their own, so that neither waits for the other.
    let endless = "action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" queue.type=\"LinkedList\" queue.size=\"1000000\" \
                   queue.timeoutEnqueue=\"600000\"";
    let actions = format!(
        "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" {endless})\n\
         action(type=\"omrelp\" target=\"127.0.0.1\" port=\"{}\" {endless})",
        port(&node, "syslog-tcp"),
        port(&node, "syslog-relp")
    );
    let _rsyslog = rsyslog(&folder, &input, &actions);
    let mut before = 0;
    let limit = PATIENCE + Duration::from_secs(count / 500);
    for kill in 1..=kills {
        // The counters begin anew with each start.
        // TCP may lose as many as it likes, so the lines of RELP are the measure.
        let share = count / (kills + 2);
        let moment = share / 2 + moments.below(share);
        let stored = || counted(&node)["syslog"]["stored"].as_u64().expect("a count");
        wait_until("some lines are stored", limit, || stored() >= moment);
        before += stored();
        println!("kill {kill} after {before} lines (seed {})", moments.seed());
        node.kill();
        node.restart();
    }
    let found = eventually(limit, || {
        let found = lines(&node);
        let relp = found.keys().filter(|(by, _)| by == "syslog/syslog-relp").count() as u64;
        (relp == count).then_some(found)
    });
    let found = found.unwrap_or_else(|| panic!("RELP: not every line is there (seed {})", moments.seed()));
    // TCP cannot say when it is done: what is there stays the same once nothing is sent any more.
    let mut last = found;
    wait_until("nothing more comes", limit, || {
        std::thread::sleep(Duration::from_secs(2));
        let now = lines(&node);
        let same = now == last;
        last = now;
        same
    });
    let of = |by: &str| {
        let mine = || last.iter().filter(|((over, _), _)| over == by).map(|(_, times)| *times);
        (mine().count() as u64, mine().map(|times| times - 1).sum::<u64>())
    };
    let ((relp, relp_twice), (tcp, tcp_twice)) = (of("syslog/syslog-relp"), of("syslog/syslog-tcp"));
    println!(
        "{count} lines each, {kills} kills: RELP lost {}, {relp_twice} more than once; TCP lost {}, {tcp_twice} more than once",
        count - relp,
        count - tcp
    );
    assert_eq!(relp, count);
}

#[test]
fn rsyslog_over_tls() {
    const LINES: u64 = 3000;
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    let node = Node::builder()
        .set("highway.syslog.tls.listener", "127.0.0.1:0")
        .set("highway.syslog.tls.certificate", &certificate.display().to_string())
        .set("highway.syslog.tls.key", &key.display().to_string())
        .start();
    let input = folder.path().join("input.log");
    let text: String = (0..LINES).map(|n| format!("over TLS {n}\n")).collect();
    std::fs::write(&input, text).expect("a file");
    let actions = format!(
        "global(defaultNetstreamDriverCAFile=\"{}\")\n\
         action(type=\"omfwd\" target=\"localhost\" port=\"{}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" \
         StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" \
         StreamDriverPermittedPeers=\"localhost\")",
        certificate.display(),
        port(&node, "syslog-tls")
    );
    let _rsyslog = rsyslog(folder.path(), &input, &actions);
    wait_for_records(&node, "syslog", LINES as usize);
    let found = lines(&node);
    assert_eq!(found.len() as u64, LINES);
    assert!(found.iter().all(|((by, _), times)| by == "syslog/syslog-tls" && *times == 1));
}

/// syslog-ng's loggen, unpacked by `prepare.sh`.
fn loggen() -> PathBuf {
    let mut command = Command::new(repository().join("tests/clients/prepare.sh"));
    command.arg("loggen");
    drivers::run("prepare.sh", command, Duration::from_secs(300)).expect_success("preparing loggen");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache"),
        PathBuf::from,
    );
    cache.join("highway/clients/loggen/usr")
}

#[test]
fn loggen_over_every_transport() {
    const EACH: usize = 1000;
    let root = loggen();
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("a file");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
    let mut builder = Node::builder()
        .set("highway.syslog.tls.certificate", &certificate.display().to_string())
        .set("highway.syslog.tls.key", &key.display().to_string());
    for kind in ["udp", "tcp", "tls"] {
        builder = builder.set(&format!("highway.syslog.{kind}.listener"), "127.0.0.1:0");
    }
    let node = builder.start();
    let mut expected = 0;
    for (listener, words) in [
        ("syslog-udp", &["-i", "-D"][..]),
        // Octet-counted RFC 5424 with a BOM and a line break inside the frame.
        ("syslog-tcp", &["-i", "-S", "-P"]),
        ("syslog-tcp", &["-i", "-S", "-P", "-F"]),
        ("syslog-tcp", &["-i", "-S", "--active-connections=4"]),
        ("syslog-tls", &["-U", "-P"]),
    ] {
        let mut command = Command::new(root.join("bin/loggen"));
        command.env("SYSLOGNG_PREFIX", &root).env("LD_LIBRARY_PATH", root.join("lib/syslog-ng"));
        let (count, rate) = (EACH.to_string(), "100000");
        command.args(words).args([
            "-n",
            &count,
            "-r",
            rate,
            "-s",
            "300",
            "-Q",
            "127.0.0.1",
            &port(&node, listener),
        ]);
        command.stdin(Stdio::null());
        drivers::run("loggen", command, Duration::from_secs(60)).expect_success("loggen");
        let connections = if words.contains(&"--active-connections=4") { 4 } else { 1 };
        expected += EACH * connections;
        let stored = wait_for_records(&node, "syslog", expected);
        assert_eq!(stored.len(), expected, "{words:?}");
        let event: serde_json::Value = serde_json::from_str(value(&stored[stored.len() - 1])).expect("JSON");
        let payload = &event["payload"];
        assert!(payload["message"].as_str().is_some_and(|m| m.starts_with("seq: ")), "{words:?}: {event}");
        assert_eq!(payload["process"]["name"], "prg00000", "{words:?}: {event}");
    }
    assert_eq!(counted(&node)["syslog"]["rejected"], 0);
}

//! Senders that others wrote: Debian's `logger`, rsyslog's omfwd and omrelp.

use std::path::Path;
use std::process::{Command, Stdio};

use highway_tests::{Node, Process};

use super::{value, wait_for_records};

fn node() -> Node {
    let mut builder = Node::builder();
    for kind in ["udp", "tcp", "relp"] {
        builder = builder.set(&format!("highway.syslog.{kind}.listener"), "127.0.0.1:0");
    }
    builder.start()
}

fn there(program: &str) -> bool {
    let found = Path::new(program).exists();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

#[test]
fn logger_over_udp_and_tcp() {
    if !there("/usr/bin/logger") {
        return;
    }
    let node = node();
    for (way, listener, format) in [
        ("-d", "syslog-udp", "--rfc3164"),
        ("-d", "syslog-udp", "--rfc5424"),
        ("-T", "syslog-tcp", "--rfc5424"),
        ("-T", "syslog-tcp", "--rfc3164"),
    ] {
        let at = node.part(listener);
        let (host, port) = at.rsplit_once(':').expect("host and port");
        let text = format!("from logger {way} {format}");
        let words = ["-n", host, "-P", port, way, format, "-t", "tool", "-p", "local3.warning"];
        let status = Command::new("/usr/bin/logger").args(words).arg(&text).stdin(Stdio::null()).status();
        assert!(status.expect("logger runs").success());
    }
    let stored = wait_for_records(&node, "syslog", 4);
    for record in &stored {
        let event: serde_json::Value = serde_json::from_str(value(record)).expect("JSON");
        let payload = &event["payload"];
        assert_eq!(payload["log"]["syslog"]["facility"]["name"], "local3", "{event}");
        assert_eq!(payload["log"]["syslog"]["severity"]["code"], 4, "{event}");
        assert_eq!(payload["process"]["name"], "tool", "{event}");
        assert!(payload["message"].as_str().is_some_and(|m| m.contains("from logger")), "{event}");
    }
}

#[test]
fn rsyslog_forwards_by_tcp_and_relp() {
    const LINES: usize = 2000;
    if !there("/usr/sbin/rsyslogd") {
        return;
    }
    let relp =
        ["/usr/lib/x86_64-linux-gnu/rsyslog/omrelp.so", "/usr/lib/aarch64-linux-gnu/rsyslog/omrelp.so"];
    let relp = relp.iter().any(|module| Path::new(module).exists());
    let node = node();
    let folder = node.directory().join("rsyslog");
    std::fs::create_dir_all(&folder).expect("a folder");
    let input = folder.join("input.log");
    let lines: String = (0..LINES).map(|n| format!("line {n} of a file\n")).collect();
    std::fs::write(&input, lines).expect("a file");
    let port = |name: &str| node.part(name).rsplit_once(':').expect("a port").1.to_owned();
    let mut config = format!(
        "global(workDirectory=\"{0}\")\nmodule(load=\"imfile\")\n\
         input(type=\"imfile\" file=\"{1}\" tag=\"file:\" freshStartTail=\"off\")\n\
         action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{2}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\")\n",
        folder.display(),
        input.display(),
        port("syslog-tcp")
    );
    if relp {
        config += &format!(
            "module(load=\"omrelp\")\naction(type=\"omrelp\" target=\"127.0.0.1\" port=\"{}\")\n",
            port("syslog-relp")
        );
    } else {
        eprintln!("omrelp is not installed: TCP only");
    }
    let path = folder.join("rsyslog.conf");
    std::fs::write(&path, config).expect("a file");
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.args(["-n", "-i"]).arg(folder.join("pid")).arg("-f").arg(&path);
    // Killed when it is dropped.
    let _rsyslog = Process::start("rsyslogd", command, &folder.join("rsyslogd.log")).expect("rsyslogd runs");
    let expected = if relp { 2 * LINES } else { LINES };
    let stored = wait_for_records(&node, "syslog", expected);
    let by = |transport: &str| {
        let ingest = format!("syslog/syslog-{transport}");
        stored.iter().filter(|r| r["headers"].to_string().contains(&ingest)).count()
    };
    assert_eq!((by("tcp"), by("relp")), (LINES, if relp { LINES } else { 0 }));
}

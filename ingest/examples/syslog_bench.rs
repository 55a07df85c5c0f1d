//! How many syslog messages one core parses and writes as ECS JSON into a buffer that is reused.
//!
//! `cargo run --profile perf -p highway-ingest --example syslog_bench [messages]`. One thread; the figure is by the thread's CPU
//! time, so that a busy machine does not lower it, and by the clock beside it.

use std::time::{Duration, Instant};

use highway_ingest::syslog::{Context, Message, ecs, parse};
use highway_ingest::time::Moment;

const SHAPES: &[(&str, &[&str])] = &[
    (
        "RFC 3164, short",
        &[
            "<34>Nov 20 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            "<86>Nov 20 22:14:15 web01 sshd[4711]: Accepted publickey for deploy from 10.1.2.3 port 50022 ssh2",
        ],
    ),
    (
        "RFC 3164, 200 bytes",
        &[
            "<30>Nov 20 22:14:15 node-17 kubelet[1123]: I1120 22:14:15.123456 1123 kuberuntime_container.go:748] Killing \
           container with a grace period override pod=\"shop/cart-5d8f\" name=\"cart\" seconds=30",
        ],
    ),
    (
        "RFC 5424, structured data",
        &[
            "<165>1 2026-10-11T22:14:15.003123+02:00 mymachine.example.com evntslog 8710 ID47 [exampleSDID@32473 iut=\"3\" \
           eventSource=\"Application\" eventID=\"1011\"][examplePriority@32473 class=\"high\"] An application event log entry",
        ],
    ),
    (
        "Cisco IOS",
        &[
            "<189>29: core-sw1: *Apr 29 13:58:40.411: %SYS-5-CONFIG_I: Configured from console by vty0 (10.0.0.5)",
        ],
    ),
];

/// CPU time of this thread.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

fn run(name: &str, lines: &[&str], count: usize, work: impl Fn(&Message<'_>, &mut Vec<u8>)) {
    let received = Moment::parse_rfc3339("2026-11-25T12:00:00Z").unwrap_or(Moment(0));
    let context = Context { received, assumed_offset: 0 };
    let mut out = Vec::with_capacity(4096);
    let (mut bytes_in, mut bytes_out) = (0, 0);
    let (clock, start) = (Instant::now(), cpu());
    for line in lines.iter().cycle().take(count) {
        let message = parse(std::hint::black_box(line.as_bytes()), &context);
        out.clear();
        work(&message, &mut out);
        std::hint::black_box((&message, &out));
        bytes_in += line.len();
        bytes_out += out.len();
    }
    let (wall, cpu) = (clock.elapsed().as_secs_f64(), (cpu() - start).as_secs_f64());
    let count = count as f64;
    println!(
        "{name:40} {:>10.0} msg/s of CPU, {:>10.0} by the clock; {:>4.0} B in, {:>4.0} B out",
        count / cpu,
        count / wall,
        bytes_in as f64 / count,
        bytes_out as f64 / count
    );
}

fn main() {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2_000_000);
    let received = Moment::parse_rfc3339("2026-11-25T12:00:00Z").unwrap_or(Moment(0));
    let around =
        ecs::Surroundings { received, source_ip: Some("192.0.2.9"), original: ecs::Original::WhenOdd };
    let all: Vec<&str> = SHAPES.iter().flat_map(|(_, lines)| lines.iter().copied()).collect();
    for (name, lines) in SHAPES.iter().copied().chain([("all of these in turn", &all[..])]) {
        run(&format!("{name}: parse"), lines, count, |_, _| {});
        run(&format!("{name}: parse + ECS"), lines, count, |message, out| {
            ecs::push_ecs(out, message, &around)
        });
    }
}

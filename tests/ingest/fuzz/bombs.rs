//! Small bodies that become large ones.

use std::io::Write as _;
use std::process::Command;

use highway_tests::Node;

use super::super::idle::resident;
use super::super::{endpoint, post};
use super::{connect, send};

/// This much becomes of each, as far as anybody unpacks it.
const UNPACKED: usize = 512 << 20;

/// Nothing but zeros, packed by a program: packers built for tests are slow.
fn packed_zeros(program: &str) -> Vec<u8> {
    let script = format!("head -c {UNPACKED} /dev/zero | {program}");
    let done = Command::new("sh").args(["-c", &script]).output().expect("sh runs");
    assert!(
        done.status.success() && !done.stdout.is_empty(),
        "{program}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}

#[test]
fn what_is_packed_too_well_is_refused_before_it_is_large() {
    let gzip = packed_zeros("gzip -1");
    let mut zstd = zstd::stream::Encoder::new(Vec::new(), 1).expect("an encoder");
    let piece = vec![0; 1 << 20];
    (0..UNPACKED / piece.len()).for_each(|_| zstd.write_all(&piece).expect("packed"));
    let zstd = zstd.finish().expect("packed");
    // A window of 2 GiB, which a decoder would have to keep.
    let mut window = zstd::stream::Encoder::new(Vec::new(), 1).expect("an encoder");
    window.window_log(31).and_then(|()| window.long_distance_matching(true)).expect("a setting");
    window.write_all(b"{}").expect("packed");
    let window = window.finish().expect("packed");
    let node = Node::start();
    assert_eq!(endpoint(&node, "e", r#"{"topic":"t","event_name":"x"}"#).status, 201);
    let (at, before) = (node.part("ingest"), resident(&node));
    let mut most = before;
    for (encoding, body, statuses) in
        [("gzip", &gzip, &[413][..]), ("zstd", &zstd, &[413]), ("zstd", &window, &[400, 413, 422])]
    {
        for _ in 0..4 {
            let head = format!(
                "POST /v1/events/e HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-encoding: {encoding}\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let answer = send(&mut connect(&at), &[head.as_bytes(), body].concat());
            // It may be told while the body is still on its way: then the connection ends, with or without the words.
            if let Some((status, said)) = answer {
                assert!(
                    statuses.contains(&status),
                    "{encoding}: {status} {}",
                    String::from_utf8_lossy(&said)
                );
            }
            most = most.max(resident(&node));
        }
    }
    println!(
        "{} bytes of gzip and {} of zstd for {UNPACKED}: {before} MiB became {most}",
        gzip.len(),
        zstd.len()
    );
    assert!(most < before + 200, "{before} MiB became {most}");
    assert_eq!(post(&node, "/v1/events/e", "application/json", r#"{"payload":{}}"#).status, 200);
}

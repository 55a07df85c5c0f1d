//! Valid requests of each dialect, to begin with.

use std::fmt::Write as _;

use highway_tests::random::Random;
use highway_types::{Clock, SystemClock};
use ring::hmac;

use super::mutate;

/// What the seeds are sent to.
pub const ENDPOINTS: &[(&str, &str)] = &[
    ("native", r#"{"topic":"native","dialect":"native"}"#),
    ("events", r#"{"topic":"events","dialect":"cloudevents"}"#),
    ("otlp", r#"{"topic":"otlp","dialect":"otlp"}"#),
    ("segment", r#"{"topic":"segment","dialect":"segment"}"#),
    ("proxy", r#"{"topic":"proxy","dialect":"rest-proxy"}"#),
    (
        "github",
        r#"{"topic":"github","dialect":"webhook","auth":{"signature":{"profile":"github","secrets":["secret"]}}}"#,
    ),
    (
        "stripe",
        r#"{"topic":"stripe","dialect":"webhook","auth":{"signature":{"profile":"stripe","secrets":["secret"]}}}"#,
    ),
];

/// How a body is signed once it is what it will be.
#[derive(Clone, Copy)]
enum Signed {
    No,
    Github,
    Stripe,
}

/// Path, media type, further headers, body.
type Template = (&'static str, &'static str, Vec<(&'static str, &'static str)>, Vec<u8>);

pub struct Seed {
    pub name: &'static str,
    requests: Vec<Template>,
    signed: Signed,
}

pub fn all() -> Vec<Seed> {
    let plain = |path, media, body: &str| (path, media, Vec::new(), body.as_bytes().to_vec());
    let seed = |name, requests| Seed { name, requests, signed: Signed::No };
    let json = "application/json";
    let native = r#"{"metadata":{"id":"a-1","timestamp":"2026-11-25T12:00:00.123Z","version":"1.0"},"payload":{"n":1,"s":"\u00e9\n","l":[1,2.5e3,null,true],"o":{"p":{}}},"event_name":"made"}"#;
    let event = r#"{"specversion":"1.0","id":"1","source":"/s","type":"made","subject":"x","time":"2026-11-25T12:00:00Z","datacontenttype":"application/json","dataschema":"urn:1","ext":"y","data":{"n":1}}"#;
    let binary = vec![
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/s"),
        ("ce-type", "made"),
        ("ce-time", "2026-11-25T12:00:00Z"),
        ("ce-subject", "%C3%A9"),
    ];
    let logs = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeLogs":[{"scope":{"name":"l"},"logRecords":[{"timeUnixNano":"1764072000000000000","severityNumber":9,"traceId":"5b8efff798038103d269b633813fc60c","body":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"7"},{"doubleValue":1.5},{"boolValue":true},{"bytesValue":"AAE="}]}}}]}}}]}]}]}"#;
    let track = r#"{"type":"track","event":"Bought","userId":"u","anonymousId":"z","messageId":"m","timestamp":"2026-11-25T12:00:00Z","properties":{"price":9.5},"context":{"ip":"1.2.3.4"}}"#;
    let v3 = r#"{"partition_id":0,"headers":[{"name":"h","value":"dg=="}],"key":{"type":"BINARY","data":"aw=="},"value":{"type":"JSON","data":{"a":1}},"timestamp":"2026-11-25T12:00:00Z"}"#;
    let push = r#"{"action":"opened","type":"charge.made","id":"evt_1","data":{"object":{"a":[1,2,3]}}}"#;
    vec![
        seed(
            "native",
            vec![
                plain("/v1/events/native", json, native),
                plain("/v1/events/native", json, &format!("[{native},{native}]")),
                plain("/v1/events/native", "application/x-ndjson", &format!("{native}\n{native}\n")),
            ],
        ),
        seed(
            "cloudevents",
            vec![
                plain("/v1/events/events", "application/cloudevents+json", event),
                plain(
                    "/v1/events/events",
                    "application/cloudevents-batch+json",
                    &format!("[{event},{event}]"),
                ),
                ("/v1/events/events", json, binary, b"{\"n\":1}".to_vec()),
            ],
        ),
        seed(
            "otlp",
            vec![
                plain("/v1/logs", json, logs),
                ("/otlp/otlp/v1/logs", "application/x-protobuf", Vec::new(), protobuf()),
            ],
        ),
        seed(
            "segment",
            vec![
                plain("/v1/track", json, track),
                plain(
                    "/v1/batch",
                    json,
                    &format!(r#"{{"batch":[{track},{track}],"sentAt":"2026-11-25T12:00:00Z"}}"#),
                ),
                plain("/v1/identify", json, r#"{"userId":"u","traits":{"a":1}}"#),
            ],
        ),
        seed(
            "rest proxy",
            vec![
                plain(
                    "/topics/proxy",
                    "application/vnd.kafka.json.v2+json",
                    r#"{"records":[{"key":"k","value":{"a":1},"partition":0}]}"#,
                ),
                plain(
                    "/topics/proxy",
                    "application/vnd.kafka.binary.v2+json",
                    r#"{"records":[{"key":"aw==","value":"dg=="}]}"#,
                ),
                plain("/v3/clusters/c/topics/proxy/records", json, &format!("{v3}{v3}")),
                plain(
                    "/v3/clusters/c/topics/proxy/records:batch",
                    json,
                    &format!(r#"{{"entries":[{{"id":"1",{}]}}"#, &v3[1..]),
                ),
            ],
        ),
        Seed {
            name: "github",
            requests: vec![("/v1/webhooks/github", json, vec![("x-github-event", "push")], push.into())],
            signed: Signed::Github,
        },
        Seed {
            name: "stripe",
            requests: vec![plain("/v1/webhooks/stripe", json, push)],
            signed: Signed::Stripe,
        },
    ]
}

/// An `ExportLogsServiceRequest` with one record, by hand: a length before each message.
fn protobuf() -> Vec<u8> {
    let field = |tag: u8, bytes: &[u8]| [&[tag, bytes.len() as u8][..], bytes].concat();
    let text = |text: &str| field(0x0a, text.as_bytes());
    let attribute = [text("key"), field(0x12, &text("value"))].concat();
    let record = [
        &[0x09, 1, 2, 3, 4, 5, 6, 7, 0x18, 0x10, 9][..],
        &field(0x2a, &text("hello")),
        &field(0x32, &attribute),
    ]
    .concat();
    let resource = field(0x0a, &attribute);
    field(0x0a, &[field(0x0a, &resource), field(0x12, &field(0x12, &record))].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        write!(out, "{b:02x}").expect("a string takes all");
        out
    })
}

impl Seed {
    /// A request as it should be.
    pub fn valid(&self, at: &str, random: &mut Random) -> (Vec<u8>, bool) {
        let (path, media, headers, body) = &self.requests[random.below(self.requests.len() as u64) as usize];
        let mut lines = vec![("content-type".to_owned(), (*media).to_owned())];
        lines.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        lines.extend(self.signature(body));
        (request(at, "POST", path, &lines, body, None), true)
    }

    /// A request with something changed, and whether its end can still be found: then it must be answered.
    pub fn mutated(&self, at: &str, random: &mut Random) -> (Vec<u8>, bool) {
        let (path, media, headers, body) = &self.requests[random.below(self.requests.len() as u64) as usize];
        let (mut method, mut path, mut body, mut length) = ("POST", (*path).to_owned(), body.clone(), None);
        let mut lines = vec![("content-type".to_owned(), (*media).to_owned())];
        lines.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let of = random.below(100);
        if of < 90 {
            mutate::bytes(&mut body, random);
        }
        // Half of them by who has the secret.
        if random.below(2) == 0 {
            lines.extend(self.signature(&body));
        }
        match of {
            0..70 => {}
            70..76 => body = packed(&body, random, &mut lines),
            76..88 => {
                let at = random.below(lines.len() as u64) as usize;
                lines[at].1 = mutate::header(random).to_owned();
            }
            88..92 => {
                let name = [
                    "content-encoding",
                    "authorization",
                    "ce-id",
                    "ce-datacontenttype",
                    "x-b3",
                    "traceparent",
                    "expect",
                ];
                lines.push((name[random.below(7) as usize].to_owned(), mutate::header(random).to_owned()));
            }
            92..94 => method = ["GET", "PUT", "OPTIONS", "HEAD", "BREW"][random.below(5) as usize],
            94..97 => {
                path +=
                    ["/", "//", "?key=%00", "/%2e%2e/x", "%ff", "?a=b&a=b", ";x"][random.below(7) as usize]
            }
            97..99 => {
                length = Some(
                    ["-1", "1e3", "99999999999999999999", "", "7, 7", "0x10"][random.below(6) as usize]
                        .to_owned(),
                )
            }
            _ => {
                // Not even HTTP any more.
                let mut bytes = request(at, method, &path, &lines, &body, None);
                mutate::bytes(&mut bytes, random);
                bytes.extend_from_slice(b"\r\n\r\n");
                return (bytes, false);
            }
        }
        let expects = lines.iter().any(|(name, _)| name == "expect");
        let framed = length.is_none() && method != "HEAD" && !expects;
        (request(at, method, &path, &lines, &body, length), framed)
    }

    fn signature(&self, body: &[u8]) -> Option<(String, String)> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        match self.signed {
            Signed::No => None,
            Signed::Github => {
                let signature = format!("sha256={}", hex(hmac::sign(&key, body).as_ref()));
                Some(("x-hub-signature-256".to_owned(), signature))
            }
            Signed::Stripe => {
                let now = (SystemClock::new().now().0 / 1000).to_string();
                let signature = hmac::sign(&key, &[now.as_bytes(), b".", body].concat());
                Some(("stripe-signature".to_owned(), format!("t={now},v1={}", hex(signature.as_ref()))))
            }
        }
    }
}

/// Packed, or only said to be.
fn packed(body: &[u8], random: &mut Random, lines: &mut Vec<(String, String)>) -> Vec<u8> {
    use std::io::Write as _;
    let encoding = ["gzip", "zstd"][random.below(2) as usize];
    lines.push(("content-encoding".to_owned(), encoding.to_owned()));
    let mut bytes = if encoding == "gzip" {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(body).expect("packed");
        packer.finish().expect("packed")
    } else {
        zstd::bulk::compress(body, 1).expect("packed")
    };
    match random.below(4) {
        0 => mutate::bytes(&mut bytes, random),
        1 => bytes = body.to_vec(),
        _ => {}
    }
    bytes
}

fn request(
    at: &str,
    method: &str,
    path: &str,
    lines: &[(String, String)],
    body: &[u8],
    length: Option<String>,
) -> Vec<u8> {
    let length = length.unwrap_or_else(|| body.len().to_string());
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\ncontent-length: {length}\r\n").into_bytes();
    for (name, value) in lines {
        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(body);
    head
}

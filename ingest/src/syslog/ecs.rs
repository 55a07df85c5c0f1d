//! Messages as JSON with the names of the Elastic Common Schema.
//!
//! `@timestamp`, `log.syslog.*` (priority, facility, severity, version, hostname, appname, procid, msgid,
//! structured_data), `host.hostname`, `process.name` and `.pid`, `source.ip`, `message`, `event.original`,
//! `event.sequence`, `tags`. Nested, so that names of structured data cannot collide with ours.

use std::sync::LazyLock;

use highway_types::limits::SYSLOG_STRUCTURED_MAX;

use super::message::{Message, Notes};
use super::structured::Element;
use crate::json::{push_lossy_string, push_number};
use crate::time::Moment;

/// When the line as received becomes `event.original`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Original {
    /// Never.
    Never,
    /// Where something was odd about it.
    #[default]
    WhenOdd,
    /// Always.
    Always,
}

/// What is known beside the line.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// When it was received: the timestamp where the sender's cannot be believed.
    pub received: Moment,
    /// The sender's address.
    pub source_ip: Option<&'a str>,
    /// When to keep the line itself.
    pub original: Original,
}

/// The part that depends on the PRI alone, for each of the 192.
static PRIORITIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| (0..192).map(priority).collect());

fn priority(number: u32) -> Vec<u8> {
    let priority = super::Priority(number);
    let (severity, name) = (priority.severity(), priority.severity_name());
    let facility =
        priority.facility().zip(priority.facility_name()).map_or_else(String::new, |(code, name)| {
            format!(",\"facility\":{{\"code\":{code},\"name\":\"{name}\"}}")
        });
    format!("\"priority\":{number}{facility},\"severity\":{{\"code\":{severity},\"name\":\"{name}\"}}")
        .into_bytes()
}

/// Appends the message to `out` as one JSON object without blanks.
pub fn push_ecs(out: &mut Vec<u8>, message: &Message<'_>, around: &Surroundings<'_>) {
    out.extend_from_slice(b"{\"@timestamp\":\"");
    message.plausible_time(around.received).unwrap_or(around.received).push_rfc3339(out);
    out.extend_from_slice(b"\",\"log\":{\"syslog\":{");
    match PRIORITIES.get(message.priority.0 as usize) {
        Some(text) => out.extend_from_slice(text),
        None => out.extend_from_slice(&priority(message.priority.0)),
    }
    if let Some(version) = message.version {
        out.extend_from_slice(b",\"version\":\"");
        push_number(out, version);
        out.push(b'"');
    }
    member(out, b",\"hostname\":", message.hostname);
    member(out, b",\"appname\":", message.app);
    member(out, b",\"procid\":", message.procid);
    member(out, b",\"msgid\":", message.msgid);
    if !message.structured.is_empty() {
        out.extend_from_slice(b",\"structured_data\":");
        structured(out, message);
    }
    out.extend_from_slice(b"}}");
    if message.hostname.is_some() {
        member(out, b",\"host\":{\"hostname\":", message.hostname);
        out.push(b'}');
    }
    process(out, message);
    if let Some(ip) = around.source_ip {
        member(out, b",\"source\":{\"ip\":", Some(ip.as_bytes()));
        out.push(b'}');
    }
    member(out, b",\"message\":", Some(message.message));
    event(out, message, around.original);
    let odd = message.notes.only_odd();
    if odd != Notes::NONE {
        let mut before: &[u8] = b",\"tags\":[\"syslog_";
        for name in odd.names() {
            out.extend_from_slice(before);
            out.extend_from_slice(name.as_bytes());
            before = b"\",\"syslog_";
        }
        out.extend_from_slice(b"\"]");
    }
    out.push(b'}');
}

fn member(out: &mut Vec<u8>, name: &[u8], value: Option<&[u8]>) {
    if let Some(value) = value {
        out.extend_from_slice(name);
        push_lossy_string(out, value);
    }
}

fn process(out: &mut Vec<u8>, message: &Message<'_>) {
    let pid = message.procid.and_then(|p| std::str::from_utf8(p).ok()?.parse::<u32>().ok());
    if message.app.is_none() && pid.is_none() {
        return;
    }
    out.extend_from_slice(b",\"process\":{");
    member(out, b"\"name\":", message.app);
    if let Some(pid) = pid {
        out.extend_from_slice(if message.app.is_some() { b",\"pid\":" } else { b"\"pid\":" });
        push_number(out, pid);
    }
    out.push(b'}');
}

fn event(out: &mut Vec<u8>, message: &Message<'_>, original: Original) {
    let keep = match original {
        Original::Never => false,
        Original::WhenOdd => message.notes.odd(),
        Original::Always => true,
    };
    let sequence = message.sequence.and_then(|s| std::str::from_utf8(s).ok()?.parse::<u64>().ok());
    if !keep && sequence.is_none() {
        return;
    }
    out.extend_from_slice(b",\"event\":{");
    if let Some(sequence) = sequence {
        out.extend_from_slice(b"\"sequence\":");
        push_number(out, sequence);
    }
    if keep {
        member(out, if sequence.is_some() { b",\"original\":" } else { b"\"original\":" }, Some(message.raw));
    }
    out.push(b'}');
}

/// Elements as objects of strings; a parameter that is repeated, as `ip` of `origin` may be, becomes an array. Data with too
/// many parts, or with an SD-ID twice, stays one string: every object we write has each name once, and no work grows
/// with the square of what was sent.
fn structured(out: &mut Vec<u8>, message: &Message<'_>) {
    let start = out.len();
    let mut before = b'{';
    let mut seen: [&[u8]; SYSLOG_STRUCTURED_MAX] = [&[]; SYSLOG_STRUCTURED_MAX];
    for (index, element) in message.elements().enumerate() {
        let whole = index < SYSLOG_STRUCTURED_MAX && !seen[..index].contains(&element.id) && {
            seen[index] = element.id;
            out.push(before);
            push_lossy_string(out, element.id);
            out.push(b':');
            params(out, element)
        };
        if !whole {
            out.truncate(start);
            push_lossy_string(out, message.structured);
            return;
        }
        before = b',';
    }
    out.push(b'}');
}

fn params(out: &mut Vec<u8>, element: Element<'_>) -> bool {
    let mut before = b'{';
    let mut seen: [&[u8]; SYSLOG_STRUCTURED_MAX] = [&[]; SYSLOG_STRUCTURED_MAX];
    for (index, param) in element.enumerate() {
        if index >= SYSLOG_STRUCTURED_MAX {
            return false;
        }
        seen[index] = param.name;
        if seen[..index].contains(&param.name) {
            continue;
        }
        out.push(before);
        before = b',';
        push_lossy_string(out, param.name);
        out.push(b':');
        let mut others = element.skip(index + 1).filter(|other| other.name == param.name).peekable();
        if others.peek().is_none() {
            push_lossy_string(out, &param.value());
            continue;
        }
        out.push(b'[');
        push_lossy_string(out, &param.value());
        for other in others {
            out.push(b',');
            push_lossy_string(out, &other.value());
        }
        out.push(b']');
    }
    if before == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    true
}

//! RFC 3164 and its wild relatives: every part is optional, and what is not recognised stays text.

use super::legacy_time::{self, LegacyTime};
use super::message::{Context, Format, Message};
use super::parse::{blanks, word};

/// Takes apart what follows the PRI.
pub(super) fn parse<'a>(rest: &'a [u8], message: &mut Message<'a>, context: &Context) {
    let rest = skip_colon(rest);
    let rest = match header(rest, message, context) {
        Some(rest) => rest,
        None => rest,
    };
    let rest = host(rest, message);
    let rest = tag(rest, message);
    mnemonic(rest, message);
    message.message = rest;
}

/// ASA and NX-OS write `<187>: 2025 …`.
fn skip_colon(rest: &[u8]) -> &[u8] {
    match rest {
        [b':', behind @ ..] => &behind[blanks(behind)..],
        _ => rest,
    }
}

/// Sequence number, origin and time; `None` if there is none of them.
fn header<'a>(rest: &'a [u8], message: &mut Message<'a>, context: &Context) -> Option<&'a [u8]> {
    if let Some(time) = legacy_time::read(rest, context) {
        return Some(take_time(rest, time, message));
    }
    if let Some((sequence, behind)) = sequence(rest) {
        let known = if let Some(time) = legacy_time::read(behind, context) {
            Some(take_time(behind, time, message))
        } else if let Some(behind) = origin(behind, message, context, true) {
            Some(behind)
        } else {
            (behind.first() == Some(&b'%')).then_some(behind)
        };
        if known.is_some() {
            message.sequence = Some(sequence);
            return known;
        }
    }
    origin(rest, message, context, false)
}

fn take_time<'a>(rest: &'a [u8], time: LegacyTime, message: &mut Message<'a>) -> &'a [u8] {
    message.format = Format::Rfc3164;
    message.time = time.moment;
    message.notes |= time.notes;
    let behind = &rest[time.length..];
    &behind[blanks(behind)..]
}

/// Cisco's `000029: `.
fn sequence(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = rest.iter().take(11).take_while(|b| b.is_ascii_digit()).count();
    match (&rest[..digits], &rest[digits..]) {
        ([], _) => None,
        (number, [b':', b' ', behind @ ..]) if digits <= 10 => Some((number, &behind[blanks(behind)..])),
        _ => None,
    }
}

/// A device's name before the time: `foo: *Apr 29 …`, `RP/0/RP0/CPU0:Apr 29 …`. Without a sequence number it is only
/// believed where the time is marked, a path is the name, or a mnemonic follows: `app: 2025-…` is a tag.
fn origin<'a>(rest: &'a [u8], message: &mut Message<'a>, context: &Context, sure: bool) -> Option<&'a [u8]> {
    let near = &rest[..rest.len().min(128)];
    for colon in memchr::memchr_iter(b':', near) {
        let name = &rest[..colon];
        if !is_host(name) {
            return None;
        }
        let behind = &rest[colon + 1..];
        let behind = &behind[blanks(behind)..];
        if behind.first() == Some(&b'%') && sure {
            message.hostname = Some(name);
            return Some(behind);
        }
        let Some(time) = legacy_time::read(behind, context) else { continue };
        let after = &behind[time.length..];
        let mnemonic = after[blanks(after)..].first() == Some(&b'%');
        if sure || time.marked || mnemonic || name.contains(&b'/') {
            message.hostname = Some(name);
            return Some(take_time(behind, time, message));
        }
    }
    None
}

/// Text that has a form of its own and no host or tag before it.
fn is_body(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b'{' | b'[' | b'<' | b'%' | b'"'))
        || rest.starts_with(b"CEF:")
        || rest.starts_with(b"LEEF:")
        || rest.starts_with(b"last message repeated ")
}

/// The host, where one can be: behind a time, or before Cisco's `: %`.
fn host<'a>(rest: &'a [u8], message: &mut Message<'a>) -> &'a [u8] {
    if message.hostname.is_some() || is_body(rest) {
        return rest;
    }
    // AIX relays write so.
    if let Some(relayed) = rest.strip_prefix(b"Message forwarded from ") {
        let (name, behind) = word(relayed);
        if let Some(name) = name.strip_suffix(b":") {
            message.hostname = Some(name);
            return behind;
        }
    }
    let (name, behind) = word(rest);
    let behind = &behind[blanks(behind)..];
    if behind.starts_with(b": %") {
        message.hostname = Some(name);
        return &behind[2..];
    }
    if let Some(name) = name.strip_suffix(b":").filter(|n| !n.is_empty())
        && behind.first() == Some(&b'%')
    {
        message.hostname = Some(name);
        return behind;
    }
    if message.format == Format::Bare || !is_host(name) || behind.is_empty() {
        return rest;
    }
    message.hostname = Some(name);
    behind
}

/// Letters, digits and what addresses and device paths are written with; not a tag, not `key=value`, not CSV.
fn is_host(name: &[u8]) -> bool {
    let tag = name.ends_with(b":") && !name.ends_with(b"::");
    !name.is_empty()
        && name.len() <= 255
        && !tag
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b >= 0x80 || b"-._:/@%+~#".contains(b))
}

/// The tag: `name: `, `name[pid]: `, `name[pid] `. Text without one is left alone.
fn tag<'a>(rest: &'a [u8], message: &mut Message<'a>) -> &'a [u8] {
    if is_body(rest) {
        return rest;
    }
    let mut end = 0;
    loop {
        let near = &rest[..rest.len().min(256)];
        let Some(step) =
            near[end.min(near.len())..].iter().position(|b| matches!(b, b' ' | b':' | b'[' | b'=' | b','))
        else {
            return rest;
        };
        end += step;
        if !rest[end..].starts_with(b"::") {
            break;
        }
        end += 2;
    }
    let (name, behind) = rest.split_at(end);
    let behind = match behind {
        _ if !name.iter().any(|b| b.is_ascii_alphabetic() || *b >= 0x80) => return rest,
        [b':', text @ ..] if matches!(text.first(), Some(b'/' | b'\\' | b'0'..=b'9')) => return rest,
        [b':', text @ ..] => text,
        [b'[', inside @ ..] => {
            let near = &inside[..inside.len().min(128)];
            let Some(close) = memchr::memchr(b']', near) else { return rest };
            let behind = &inside[close + 1..];
            let text = behind.strip_prefix(b":").unwrap_or(behind);
            if text.len() == behind.len() && !matches!(text.first(), None | Some(b' ')) {
                return rest;
            }
            message.procid = Some(&inside[..close]).filter(|p| !p.is_empty());
            text
        }
        _ => return rest,
    };
    message.app = Some(name);
    behind.strip_prefix(b" ").unwrap_or(behind)
}

/// Cisco's `%FACILITY[-SUBFACILITY]-SEVERITY-MNEMONIC:`; it stays in the text too.
fn mnemonic<'a>(rest: &'a [u8], message: &mut Message<'a>) {
    let Some(text) = rest.strip_prefix(b"%") else { return };
    let length = text
        .iter()
        .take(96)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/'))
        .count();
    let (name, behind) = text.split_at(length);
    let severity = name.windows(3).any(|w| w[0] == b'-' && w[1].is_ascii_digit() && w[2] == b'-');
    if severity && matches!(behind, [b':', ..] | [b' ', b':', ..]) {
        message.msgid = Some(name);
    }
}

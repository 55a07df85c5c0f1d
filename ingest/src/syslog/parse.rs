//! The way into the parser: PRI first, then the shape.

use super::message::{Context, Format, Message, Notes};
use super::{legacy, priority, rfc5424};
use crate::time::Moment;

/// Takes a line apart. Always gives a message; what could not be read is in [`Message::message`].
///
/// `raw` is one message without framing; NUL, CR and LF at its end are no part of the text. It is one pass, allocates nothing, and
/// takes any bytes.
#[must_use]
pub fn parse<'a>(raw: &'a [u8], context: &Context) -> Message<'a> {
    let mut message = Message::new(raw);
    if std::str::from_utf8(raw).is_err() {
        message.notes |= Notes::INVALID_UTF8;
    }
    let mut rest = raw;
    while let [head @ .., 0 | b'\r' | b'\n'] = rest {
        rest = head;
        message.notes |= Notes::TRIMMED;
    }
    let rest = priority_of(rest, &mut message);
    if !versioned(rest, &mut message, context) {
        legacy::parse(rest, &mut message, context);
    }
    message
}

/// Reads the PRI and goes over blanks around it.
fn priority_of<'a>(line: &'a [u8], message: &mut Message<'a>) -> &'a [u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let start = blanks(line);
    let Some((priority, length)) = priority::read(&line[start..]) else {
        message.notes |= Notes::PRI_MISSING;
        return line;
    };
    message.priority = priority;
    if priority.facility().is_none() {
        message.notes |= Notes::PRI_OUT_OF_RANGE;
    }
    let rest = &line[start + length..];
    let after = blanks(rest);
    if start + after > 0 {
        message.notes |= Notes::BLANKS;
    }
    &rest[after..]
}

pub(super) fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&b| b == b' ' || b == b'\t').count()
}

/// The bytes before the next blank, and what follows behind the blank.
pub(super) fn word(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', bytes) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// Lines that begin with a version, `1 ` nearly always: RFC 5424, and Meraki's epoch seconds. False if this is neither.
fn versioned<'a>(rest: &'a [u8], message: &mut Message<'a>, context: &Context) -> bool {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 3 || rest[0] == b'0' || rest.get(digits) != Some(&b' ') {
        return false;
    }
    let version = rest[..digits].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    let behind = &rest[digits + 1..];
    if rfc5424::begins(behind) {
        message.format = Format::Rfc5424;
        message.version = Some(version);
        rfc5424::parse(behind, message, context);
        return true;
    }
    let (first, after) = word(behind);
    let Some(time) = epoch(first) else { return false };
    message.format = Format::Rfc3164;
    message.version = Some(version);
    message.time = Some(time);
    let (host, text) = word(after);
    message.hostname = Some(host).filter(|h| !h.is_empty());
    message.message = text;
    true
}

/// `1563249630.774247252`: ten digits of seconds, a point, a fraction.
fn epoch(text: &[u8]) -> Option<Moment> {
    let (seconds, fraction) = (text.get(..10)?, text.get(11..)?);
    if text.get(10) != Some(&b'.') || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    if !seconds.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0_i64, |n, b| n * 10 + i64::from(b - b'0'));
    // Ten digits of seconds end in 2286, the range of nanoseconds in 2262.
    let nanos = number(fraction) * 10_i64.pow(9 - fraction.len() as u32);
    Some(Moment(number(seconds).checked_mul(1_000_000_000)?.checked_add(nanos)?))
}

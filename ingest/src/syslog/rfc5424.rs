//! RFC 5424 behind its version: TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG].

use super::message::{Context, Message, Notes};
use super::parse::word;
use super::structured;
use crate::time::{Moment, read_rfc3339};

/// True if what follows the version looks like a timestamp: `-`, or four digits and `-`.
pub(super) fn begins(bytes: &[u8]) -> bool {
    match bytes {
        [b'-'] | [b'-', b' ', ..] => true,
        [a, b, c, d, b'-', ..] => [a, b, c, d].iter().all(|x| x.is_ascii_digit()),
        _ => false,
    }
}

pub(super) fn parse<'a>(rest: &'a [u8], message: &mut Message<'a>, context: &Context) {
    let (time, mut rest) = word(rest);
    timestamp(time, message, context);
    let mut fields = [None; 4];
    for field in &mut fields {
        if rest.is_empty() {
            message.notes |= Notes::HEADER_SHORT;
            break;
        }
        let (text, behind) = word(rest);
        *field = Some(text).filter(|t| !t.is_empty() && *t != b"-");
        rest = behind;
    }
    [message.hostname, message.app, message.procid, message.msgid] = fields;
    text(rest, message);
}

fn timestamp(text: &[u8], message: &mut Message<'_>, context: &Context) {
    if text == b"-" {
        return;
    }
    let Some((read, length)) = read_rfc3339(text) else {
        message.notes |= Notes::TIME_INVALID;
        return;
    };
    message.time = read.moment;
    if read.moment.is_none() || length != text.len() {
        message.notes |= Notes::TIME_INVALID;
    }
    if !read.zoned {
        message.time = Moment::from_civil(&read.civil, context.assumed_offset);
        message.notes |= Notes::ZONE_ASSUMED;
    }
    if read.civil.second == 60 {
        message.notes |= Notes::LEAP_SECOND;
    }
    if read.cut {
        message.notes |= Notes::FRACTION_CUT;
    }
}

/// Structured data and the text behind it.
fn text<'a>(rest: &'a [u8], message: &mut Message<'a>) {
    let behind = match rest {
        [] => {
            message.notes |= Notes::HEADER_SHORT;
            return;
        }
        [b'-'] => return,
        [b'-', b' ', behind @ ..] => behind,
        [b'[', ..] => match structured::length(rest) {
            Some(length) if rest.len() == length => {
                message.structured = rest;
                return;
            }
            Some(length) if rest[length] == b' ' => {
                message.structured = &rest[..length];
                &rest[length + 1..]
            }
            _ => {
                message.notes |= Notes::STRUCTURED_BROKEN;
                rest
            }
        },
        _ => {
            message.notes |= Notes::STRUCTURED_BROKEN;
            rest
        }
    };
    message.message = match behind.strip_prefix(b"\xef\xbb\xbf") {
        Some(text) => {
            message.notes |= Notes::BOM;
            text
        }
        None => behind,
    };
}

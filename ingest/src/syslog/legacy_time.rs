//! Times as RFC 3164 and its relatives write them.

use super::message::{Context, Notes};
use super::parse::blanks;
use super::zone;
use crate::time::{Civil, Moment, read_clock, read_offset, read_rfc3339};

/// A time that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct LegacyTime {
    /// `None` if that date does not exist.
    pub(super) moment: Option<Moment>,
    pub(super) notes: Notes,
    /// Bytes, a colon behind it included.
    pub(super) length: usize,
    /// Cisco wrote it: with a mark, or behind a colon.
    pub(super) marked: bool,
}

/// Reads a time at the start of `bytes`.
pub(super) fn read(bytes: &[u8], context: &Context) -> Option<LegacyTime> {
    let (mark, notes) = match bytes.first()? {
        b'*' => (1, Notes::CLOCK_NOT_SET),
        b'.' => (1, Notes::CLOCK_UNSYNCED),
        _ => (0, Notes::NONE),
    };
    let text = &bytes[mark..];
    let mut time = match text.first()? {
        b'0'..=b'9' => iso(text, context).or_else(|| with_month(text, context))?,
        _ => with_month(text, context)?,
    };
    time.notes |= notes;
    time.length += mark;
    time.marked = mark == 1;
    match bytes.get(time.length) {
        Some(b':') => time.length += 1,
        Some(b' ') | None => {}
        _ => return None,
    }
    Some(time)
}

fn iso(text: &[u8], context: &Context) -> Option<LegacyTime> {
    let (read, length) = read_rfc3339(text)?;
    let mut notes = fraction(read.cut) | leap(&read.civil);
    let mut moment = read.moment;
    if !read.zoned {
        moment = Moment::from_civil(&read.civil, context.assumed_offset);
        notes |= Notes::ZONE_ASSUMED;
    }
    if moment.is_none() {
        notes |= Notes::TIME_INVALID;
    }
    Some(LegacyTime { moment, notes, length, marked: false })
}

fn fraction(cut: bool) -> Notes {
    if cut { Notes::FRACTION_CUT } else { Notes::NONE }
}

fn leap(civil: &Civil) -> Notes {
    if civil.second == 60 { Notes::LEAP_SECOND } else { Notes::NONE }
}

/// `[2025 ]Nov 20[ 2025] 10:00:00[.123][ 2025][ CET]`, the month in any case, the day padded in any way.
fn with_month(text: &[u8], context: &Context) -> Option<LegacyTime> {
    let mut at = 0;
    let mut year = year_at(text);
    if year.is_some() {
        at = 5;
    }
    let month = month(text.get(at..at + 3)?)?;
    at += 3;
    at += some_blanks(&text[at..])?;
    let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    let day = match (digits, &text[at..]) {
        (1, [a, ..]) => u32::from(a - b'0'),
        (2, [a, b, ..]) => u32::from(a - b'0') * 10 + u32::from(b - b'0'),
        _ => return None,
    };
    at += digits;
    at += some_blanks(&text[at..])?;
    if year.is_none() && year_at(&text[at..]).is_some() {
        year = year_at(&text[at..]);
        at += 5;
    }
    let ([hour, minute, second, nanos], cut, length) = read_clock(&text[at..])?;
    at += length;
    if year.is_none()
        && let [b' ', rest @ ..] = &text[at..]
        && year_at(rest).is_some_and(|y| (1970..2100).contains(&y))
    {
        year = year_at(rest);
        at += 5;
    }
    let (offset, length, mut notes) = zone_at(&text[at..], context);
    at += length;
    let civil = Civil { year: year.unwrap_or(0), month, day, hour, minute, second, nanos };
    notes |= fraction(cut) | leap(&civil);
    let moment = match year {
        Some(_) => Moment::from_civil(&civil, offset),
        None => {
            notes |= Notes::YEAR_GUESSED;
            guess_year(civil, offset, context.received)
        }
    };
    if moment.is_none() {
        notes |= Notes::TIME_INVALID;
    }
    Some(LegacyTime { moment, notes, length: at, marked: false })
}

/// Four digits and a blank, colon or end behind them.
fn year_at(text: &[u8]) -> Option<i32> {
    let digits = text.get(..4)?;
    if !digits.iter().all(u8::is_ascii_digit) || !matches!(text.get(4), None | Some(b' ' | b':')) {
        return None;
    }
    Some(digits.iter().fold(0, |n, b| n * 10 + i32::from(b - b'0')))
}

fn some_blanks(text: &[u8]) -> Option<usize> {
    Some(blanks(text)).filter(|&n| n > 0)
}

fn month(text: &[u8]) -> Option<u32> {
    let [a, b, c] = text else { return None };
    Some(match &[a | 0x20, b | 0x20, c | 0x20] {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// A zone behind the time: an offset, a word that is known, or any word that a colon ends. A word is taken for a host
/// where the next word looks like a tag.
fn zone_at(text: &[u8], context: &Context) -> (i32, usize, Notes) {
    let none = (context.assumed_offset, 0, Notes::ZONE_ASSUMED);
    let gap = blanks(text);
    let word = &text[gap..];
    if let Some((offset, length)) = read_offset(word)
        && matches!(word.get(length), None | Some(b' ' | b':'))
    {
        return (offset, gap + length, Notes::NONE);
    }
    let length = zone::word_length(word);
    if gap == 0 || length == 0 {
        return none;
    }
    let known = zone::offset(&word[..length]);
    match (word.get(length), known) {
        (Some(b':'), None) if matches!(word.get(length + 1), None | Some(b' ')) => {
            (context.assumed_offset, gap + length, Notes::ZONE_UNKNOWN)
        }
        (Some(b':') | None, Some(offset)) => (offset, gap + length, Notes::NONE),
        (Some(b' '), Some(offset)) => {
            let next = &word[length + 1..];
            let next = &next[..memchr::memchr(b' ', next).unwrap_or(next.len())];
            let tag = next.first() != Some(&b'%') && (next.ends_with(b":") || next.contains(&b'['));
            if tag { none } else { (offset, gap + length, Notes::NONE) }
        }
        _ => none,
    }
}

/// The latest year in which the date exists and is not more than a week ahead of `received`: December that arrives in
/// January is last year's, a fast clock's January in December is next year's, and 29 February is a leap year's.
fn guess_year(mut civil: Civil, offset: i32, received: Moment) -> Option<Moment> {
    const WEEK: i64 = 7 * 86_400_000_000_000;
    let newest = received.year() + 1;
    for year in (newest - 9..=newest).rev() {
        civil.year = year;
        match Moment::from_civil(&civil, offset) {
            Some(moment) if moment.0 <= received.0.saturating_add(WEEK) => return Some(moment),
            _ => {}
        }
    }
    None
}

//! `path.format`: Joda's patterns (`DateTimeFormat.forPattern`), for example `'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH`.

use std::fmt::Write as _;

use chrono::{Datelike, Timelike};

use super::zone::Local;

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFormatError {
    /// A letter without a meaning.
    #[error("Illegal pattern component: {0}")]
    Letter(String),
    /// Nothing there.
    #[error("Path format cannot be empty.")]
    Empty,
}

/// Whose names months and days have. Only English names are known here; others need none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// `en` with any country.
    English,
    /// Any other: text fields are refused for it.
    Other,
}

impl Locale {
    /// From `en`, `en-US`, `en_GB`, `fr-FR`.
    pub fn parse(text: &str) -> Self {
        let language = text.trim().split(['-', '_']).next().unwrap_or_default();
        if language.is_empty() || language.eq_ignore_ascii_case("en") { Self::English } else { Self::Other }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(char, usize),
}

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFormat {
    pieces: Vec<Piece>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Joda's letters.
const LETTERS: &str = "GCYxwewEyDMdaKhHkmsSzZ";

impl PathFormat {
    /// Parses a pattern. Text in single quotes stands for itself, as do all characters but letters; `''` is a quote.
    pub fn parse(pattern: &str, locale: Locale) -> Result<Self, PathFormatError> {
        if pattern.trim().is_empty() {
            return Err(PathFormatError::Empty);
        }
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            if c.is_ascii_alphabetic() {
                let mut count = 1;
                while chars.next_if_eq(&c).is_some() {
                    count += 1;
                }
                let text = c == 'E' || c == 'a' || c == 'G' || (c == 'M' && count >= 3);
                if !LETTERS.contains(c) || (text && locale == Locale::Other) {
                    return Err(PathFormatError::Letter(c.to_string().repeat(count)));
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Field(c, count));
            } else if c != '\'' {
                literal.push(c);
            } else if chars.next_if_eq(&'\'').is_some() {
                literal.push('\'');
            } else {
                // Up to the closing quote; as in Joda a missing one closes at the end.
                while let Some(c) = chars.next() {
                    match c {
                        '\'' if chars.next_if_eq(&'\'').is_some() => literal.push('\''),
                        '\'' => break,
                        c => literal.push(c),
                    }
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { pieces })
    }

    /// The time in this format.
    pub fn format(&self, at: &Local) -> String {
        let mut out = String::with_capacity(48);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Field(letter, count) => field(&mut out, *letter, *count, at),
            }
        }
        out
    }
}

fn field(out: &mut String, letter: char, count: usize, at: &Local) {
    let time = &at.time;
    let year = time.year();
    let number = |out: &mut String, value: i64, width: usize| {
        let _ = write!(out, "{value:0width$}");
    };
    // A year of two letters is the last two digits, of any other number the whole year.
    let years = |out: &mut String, year: i32| match count {
        2 => number(out, i64::from(year.rem_euclid(100)), 2),
        width => number(out, i64::from(year), width),
    };
    match letter {
        'G' => out.push_str(if year > 0 { "AD" } else { "BC" }),
        'C' => number(out, i64::from(year.div_euclid(100)), count),
        'Y' => years(out, if year > 0 { year } else { 1 - year }),
        'y' => years(out, year),
        'x' => years(out, time.iso_week().year()),
        'w' => number(out, i64::from(time.iso_week().week()), count),
        'e' => number(out, i64::from(time.weekday().number_from_monday()), count),
        'E' => {
            let name = DAYS[time.weekday().num_days_from_monday() as usize];
            out.push_str(if count >= 4 { name } else { &name[..3] });
        }
        'D' => number(out, i64::from(time.ordinal()), count),
        'M' if count >= 3 => {
            let name = MONTHS[time.month0() as usize];
            out.push_str(if count >= 4 { name } else { &name[..3] });
        }
        'M' => number(out, i64::from(time.month()), count),
        'd' => number(out, i64::from(time.day()), count),
        'a' => out.push_str(if time.hour() < 12 { "AM" } else { "PM" }),
        'K' => number(out, i64::from(time.hour() % 12), count),
        'h' => number(out, i64::from(time.hour12().1), count),
        'H' => number(out, i64::from(time.hour()), count),
        'k' => number(out, if time.hour() == 0 { 24 } else { i64::from(time.hour()) }, count),
        'm' => number(out, i64::from(time.minute()), count),
        's' => number(out, i64::from(time.second()), count),
        // A fraction: the first so many digits, zeros after milliseconds.
        'S' => {
            let digits = format!("{:03}", time.nanosecond() / 1_000_000);
            out.extend(digits.chars().chain(std::iter::repeat('0')).take(count));
        }
        'z' => out.push_str(if count >= 4 { &at.id } else { &at.name }),
        _ if count >= 3 => out.push_str(&at.id),
        _ => {
            let minutes = at.offset.abs() / 60;
            let (sign, colon) = (if at.offset < 0 { '-' } else { '+' }, if count == 2 { ":" } else { "" });
            let _ = write!(out, "{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60);
        }
    }
}

//! Formatting.

use std::fmt::Write as _;

use super::civil::Civil;
use super::pattern::{DatePattern, Part};

pub(super) const MONTHS: [&str; 12] = [
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
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl DatePattern {
    /// The moment as text, in UTC. `ms`: milliseconds since 1970-01-01T00:00:00Z.
    pub fn format(&self, ms: i64) -> String {
        let mut out = String::with_capacity(self.source.len() + 8);
        self.format_into(&mut out, ms);
        out
    }

    /// [`DatePattern::format`] at the end of a text.
    pub fn format_into(&self, out: &mut String, ms: i64) {
        let civil = Civil::of(ms);
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Letter(letter, count) => field(out, &civil, *letter, *count),
            }
        }
    }
}

fn number(out: &mut String, value: i64, width: usize) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value:0width$}");
}

fn name(out: &mut String, name: &str, count: usize) {
    out.push_str(if count >= 4 { name } else { &name[..3] });
}

fn year(out: &mut String, year: i64, count: usize) {
    if count == 2 { number(out, year.rem_euclid(100), 2) } else { number(out, year, count) }
}

fn field(out: &mut String, civil: &Civil, letter: char, count: usize) {
    let era_year = if civil.year > 0 { civil.year } else { 1 - civil.year };
    match letter {
        'G' => out.push_str(if civil.year > 0 { "AD" } else { "BC" }),
        'y' => year(out, era_year, count),
        'Y' => year(out, civil.week().0, count),
        'M' | 'L' if count >= 3 => name(out, MONTHS[civil.month as usize - 1], count),
        'M' | 'L' => number(out, civil.month, count),
        'd' => number(out, civil.day, count),
        'k' => number(out, if civil.hour == 0 { 24 } else { civil.hour }, count),
        'H' => number(out, civil.hour, count),
        'm' => number(out, civil.minute, count),
        's' => number(out, civil.second, count),
        'S' => number(out, civil.milli, count),
        'E' => name(out, DAYS[civil.weekday() as usize], count),
        'u' => number(out, if civil.weekday() == 0 { 7 } else { civil.weekday() }, count),
        'D' => number(out, civil.day_of_year(), count),
        'F' => number(out, (civil.day - 1) / 7 + 1, count),
        'w' => number(out, civil.week().1, count),
        'W' => number(out, civil.week_of_month(), count),
        'a' => out.push_str(if civil.hour < 12 { "AM" } else { "PM" }),
        'h' => number(out, if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 }, count),
        'K' => number(out, civil.hour % 12, count),
        'z' if count >= 4 => out.push_str("Coordinated Universal Time"),
        'z' => out.push_str("UTC"),
        'Z' => out.push_str("+0000"),
        'X' => out.push('Z'),
        _ => {}
    }
}

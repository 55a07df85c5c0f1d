//! Parsing, as lenient as Java's: numbers outside of their range carry over, and what follows the pattern is left alone.

use super::civil::{Civil, days_of};
use super::format::{DAYS, MONTHS};
use super::pattern::{DatePattern, Part};

/// What was found so far.
struct Found {
    year: i64,
    before_christ: bool,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    milli: i64,
    offset_minutes: i64,
}

impl DatePattern {
    /// The moment that a text describes, or None when it does not go with the pattern. Text behind it is allowed, as with
    /// `DateFormat.parse`.
    pub fn parse(&self, text: &str) -> Option<i64> {
        self.parse_prefix(text).map(|(ms, _)| ms)
    }

    /// The moment and the number of bytes that were read.
    pub fn parse_prefix(&self, text: &str) -> Option<(i64, usize)> {
        let mut found = Found {
            year: 1970,
            before_christ: false,
            month: 1,
            day: 1,
            day_of_year: None,
            hour: 0,
            afternoon: None,
            minute: 0,
            second: 0,
            milli: 0,
            offset_minutes: 0,
        };
        let mut at = 0;
        for (i, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(expected) => at = literal(text, at, expected)?,
                Part::Letter(letter, count) => {
                    // Two numbers side by side: the first takes just as many digits as it has letters.
                    let abuts =
                        matches!(self.parts.get(i + 1), Some(Part::Letter(next, n)) if is_number(*next, *n));
                    let most = if abuts && is_number(*letter, *count) { *count } else { 18 };
                    at = found.field(text, at, *letter, *count, most)?;
                }
            }
        }
        found.moment().map(|ms| (ms, at))
    }
}

fn is_number(letter: char, count: usize) -> bool {
    match letter {
        'M' | 'L' => count < 3,
        'G' | 'E' | 'a' | 'z' | 'Z' | 'X' => false,
        _ => true,
    }
}

/// Text of a pattern; blanks match any number of blanks.
fn literal(text: &str, mut at: usize, expected: &str) -> Option<usize> {
    for c in expected.chars() {
        if c == ' ' {
            let rest = &text[at..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            if blanks == 0 && !rest.is_empty() {
                return None;
            }
            at += blanks;
        } else {
            at += text[at..].strip_prefix(c).map(|_| c.len_utf8())?;
        }
    }
    Some(at)
}

fn skip_blanks(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.len() - rest.trim_start_matches([' ', '\t']).len()
}

/// A number with a sign of at most so many characters: the value, where it ends, and how many digits it has.
fn number(text: &str, at: usize, most: usize) -> Option<(i64, usize, usize)> {
    let at = skip_blanks(text, at);
    let rest = &text.as_bytes()[at..];
    let sign = usize::from(rest.first() == Some(&b'-'));
    let digits =
        rest[sign..].iter().take(most.saturating_sub(sign)).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let end = at + sign + digits;
    Some((text[at..end].parse().ok()?, end, digits))
}

/// The longest of the names that the text goes on with, in any case.
fn name(text: &str, at: usize, names: &[&str]) -> Option<(usize, usize)> {
    let starts = |name: &str| text.get(at..at + name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
    let full = names.iter().enumerate().filter(|(_, n)| starts(n)).max_by_key(|(_, n)| n.len());
    full.map(|(i, n)| (i, at + n.len()))
        .or_else(|| names.iter().position(|n| starts(&n[..3])).map(|i| (i, at + 3)))
}

impl Found {
    fn field(&mut self, text: &str, at: usize, letter: char, count: usize, most: usize) -> Option<usize> {
        if !is_number(letter, count) {
            return self.word(text, skip_blanks(text, at), letter);
        }
        let (value, end, digits) = number(text, at, most)?;
        match letter {
            'y' | 'Y' => {
                let short = count <= 2 && digits == 2 && value >= 0;
                self.year = if short { if value < 50 { 2000 + value } else { 1900 + value } } else { value };
            }
            'M' | 'L' => self.month = value,
            'd' => self.day = value,
            'D' => self.day_of_year = Some(value),
            'H' => self.hour = value,
            'k' => self.hour = if value == 24 { 0 } else { value },
            'h' => {
                (self.hour, self.afternoon) =
                    (if value == 12 { 0 } else { value }, self.afternoon.or(Some(false)))
            }
            'K' => (self.hour, self.afternoon) = (value, self.afternoon.or(Some(false))),
            'm' => self.minute = value,
            's' => self.second = value,
            'S' => self.milli = value,
            // Weeks and days of the week do not say a date by themselves; they are read and left alone.
            _ => {}
        }
        Some(end)
    }

    fn word(&mut self, text: &str, at: usize, letter: char) -> Option<usize> {
        match letter {
            'M' | 'L' => {
                let (month, end) = name(text, at, &MONTHS)?;
                self.month = month as i64 + 1;
                Some(end)
            }
            'E' => name(text, at, &DAYS).map(|(_, end)| end),
            'a' => {
                let half = text.get(at..at + 2)?;
                self.afternoon = Some(half.eq_ignore_ascii_case("PM"));
                (self.afternoon == Some(true) || half.eq_ignore_ascii_case("AM")).then_some(at + 2)
            }
            'G' => {
                let era = text.get(at..at + 2)?;
                self.before_christ = era.eq_ignore_ascii_case("BC");
                (self.before_christ || era.eq_ignore_ascii_case("AD")).then_some(at + 2)
            }
            _ => self.zone(text, at),
        }
    }

    fn zone(&mut self, text: &str, at: usize) -> Option<usize> {
        let rest = &text[at..];
        let named = ["UTC", "GMT", "Z"]
            .iter()
            .find(|n| rest.get(..n.len()).is_some_and(|t| t.eq_ignore_ascii_case(n)));
        let at = at + named.map_or(0, |n| n.len());
        let sign = match text.as_bytes()[at..].first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return named.map(|_| at),
        };
        let (digits, end) = {
            let rest = &text[at + 1..];
            let colon = rest.as_bytes().get(2) == Some(&b':') || rest.as_bytes().get(1) == Some(&b':');
            let taken: String = rest
                .chars()
                .take(if colon { 5 } else { 4 })
                .take_while(|c| c.is_ascii_digit() || *c == ':')
                .collect();
            (taken.replace(':', ""), at + 1 + taken.len())
        };
        let value: i64 = digits.parse().ok()?;
        let minutes = if digits.len() <= 2 { value * 60 } else { value / 100 * 60 + value % 100 };
        self.offset_minutes = sign * minutes;
        Some(end)
    }

    fn moment(&self) -> Option<i64> {
        let year = if self.before_christ { 1 - self.year } else { self.year };
        // Beyond this nothing fits into 64 bits of milliseconds.
        let small = |v: i64| v.abs() < 200_000_000;
        if !small(year) || !small(self.month) {
            return None;
        }
        let days = match self.day_of_year {
            Some(day) => days_of(year, 1, 1).checked_add(day - 1)?,
            None => days_of(year, self.month, 1).checked_add(self.day - 1)?,
        };
        let hour = self.hour + if self.afternoon == Some(true) { 12 } else { 0 };
        let minutes = hour.checked_mul(60)?.checked_add(self.minute)?.checked_sub(self.offset_minutes)?;
        let ms =
            minutes.checked_mul(60)?.checked_add(self.second)?.checked_mul(1000)?.checked_add(self.milli)?;
        days.checked_mul(86_400_000)?.checked_add(ms)
    }
}

impl Civil {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn ms(&self) -> i64 {
        self.days * 86_400_000 + ((self.hour * 60 + self.minute) * 60 + self.second) * 1000 + self.milli
    }
}

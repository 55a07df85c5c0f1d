//! Moments with nanoseconds, and the text form of RFC 3339.

use std::fmt;

use highway_types::Timestamp;

/// A moment: nanoseconds since the Unix epoch, UTC. Reaches from 1677 to 2262.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

impl Moment {
    /// From what records carry.
    #[must_use]
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        Self(timestamp.0.saturating_mul(1_000_000))
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp(self.0.div_euclid(1_000_000))
    }

    /// A calendar date and time of day at an offset from UTC. `None` for a date that does not exist and for years
    /// out of reach. Second 60 is the first of the next minute.
    #[must_use]
    pub fn from_civil(civil: &Civil, offset_seconds: i32) -> Option<Self> {
        let Civil { year, month, day, hour, minute, second, nanos } = *civil;
        if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 || !(1678..=2261).contains(&year) {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        let seconds = days * DAY + clock - i64::from(offset_seconds);
        Some(Self(seconds * NANOS + i64::from(nanos)))
    }

    /// The year in UTC.
    #[must_use]
    pub fn year(self) -> i32 {
        civil_from_days(self.0.div_euclid(DAY * NANOS)).0
    }

    /// Appends `2026-11-25T00:30:55.123Z`: no fraction if there is none, else 3, 6 or 9 digits.
    pub fn push_rfc3339(self, out: &mut Vec<u8>) {
        let (days, nanos_of_day) = (self.0.div_euclid(DAY * NANOS), self.0.rem_euclid(DAY * NANOS));
        let (year, month, day) = civil_from_days(days);
        let (second, nanos) = ((nanos_of_day / NANOS) as u32, (nanos_of_day % NANOS) as u32);
        let two = |n: u32| [b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
        let year = year.unsigned_abs();
        let ([y1, y2], [y3, y4]) = (two(year / 100), two(year % 100));
        let ([m1, m2], [d1, d2]) = (two(month), two(day));
        let ([h1, h2], [i1, i2], [s1, s2]) = (two(second / 3600), two(second / 60 % 60), two(second % 60));
        out.extend_from_slice(&[
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2,
        ]);
        if nanos != 0 {
            let digits = if nanos % 1_000_000 == 0 {
                3
            } else if nanos % 1000 == 0 {
                6
            } else {
                9
            };
            out.push(b'.');
            let mut unit = 100_000_000;
            for _ in 0..digits {
                out.push(b'0' + (nanos / unit % 10) as u8);
                unit /= 10;
            }
        }
        out.push(b'Z');
    }

    /// Reads RFC 3339 text, all of it: `2026-11-25T00:30:55.123+01:00`, also with a blank or lower case for `T`.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (read, length) = read_rfc3339(text.as_bytes())?;
        (length == text.len() && read.zoned).then_some(read.moment?)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(30);
        self.push_rfc3339(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// A date and time of day as written, not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Four digits.
    pub year: i32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 60.
    pub second: u32,
    /// Below a thousand million.
    pub nanos: u32,
}

/// What an RFC 3339 text says, whether or not that moment exists.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339 {
    /// The moment; `None` for a date that does not exist. Without a zone it is taken as UTC.
    pub moment: Option<Moment>,
    /// As written.
    pub civil: Civil,
    /// A zone was written.
    pub zoned: bool,
    /// More than nine digits of a second were cut.
    pub cut: bool,
}

/// Two digits at `at`.
pub(crate) fn two(bytes: &[u8], at: usize) -> Option<u32> {
    match (bytes.get(at)?, bytes.get(at + 1)?) {
        (a @ b'0'..=b'9', b @ b'0'..=b'9') => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

/// `HH:MM:SS[.digits]`: the hour, minute, second, nanoseconds, whether digits were cut, and how long the text is.
pub(crate) fn read_clock(bytes: &[u8]) -> Option<([u32; 4], bool, usize)> {
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return None;
    }
    let (hour, minute, second) = (two(bytes, 0)?, two(bytes, 3)?, two(bytes, 6)?);
    let (mut nanos, mut cut, mut length) = (0, false, 8);
    if let (Some(b'.' | b','), Some(b'0'..=b'9')) = (bytes.get(8), bytes.get(9)) {
        length = 9;
        let mut unit = 100_000_000;
        while let Some(digit @ b'0'..=b'9') = bytes.get(length) {
            nanos += u32::from(digit - b'0') * unit;
            cut |= unit == 0;
            unit /= 10;
            length += 1;
        }
    }
    Some(([hour, minute, second, nanos], cut, length))
}

/// `Z`, `+HH:MM`, `-HHMM`, `+HH`: seconds east of UTC and how long the text is.
pub(crate) fn read_offset(bytes: &[u8]) -> Option<(i32, usize)> {
    let sign = match bytes.first()? {
        b'Z' | b'z' => return Some((0, 1)),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = two(bytes, 1)?;
    let (minutes, length) = match bytes.get(3) {
        Some(b':') => (two(bytes, 4)?, 6),
        Some(b'0'..=b'9') => (two(bytes, 3)?, 5),
        _ => (0, 3),
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some((sign * (hours * 3600 + minutes * 60) as i32, length))
}

/// Reads RFC 3339 text at the start of `bytes`, its zone optional, and says how long it is.
#[must_use]
pub fn read_rfc3339(bytes: &[u8]) -> Option<(Rfc3339, usize)> {
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    if !matches!(bytes.get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let ([hour, minute, second, nanos], cut, clock) = read_clock(bytes.get(11..)?)?;
    let mut length = 11 + clock;
    let zone = read_offset(&bytes[length..]);
    length += zone.map_or(0, |(_, l)| l);
    let civil = Civil { year: year as i32, month, day, hour, minute, second, nanos };
    let moment = Moment::from_civil(&civil, zone.map_or(0, |(offset, _)| offset));
    Some((Rfc3339 { moment, civil, zoned: zone.is_some(), cut }, length))
}

/// True for years with a 29 February.
pub(crate) fn leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last.
fn days_from_civil(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i32, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_rfc_3339_and_refuses_other_text() {
        for (text, canonical) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2026-11-25T00:30:55.123+01:00", "2026-11-24T23:30:55.123Z"),
            ("2024-02-29 23:59:60.5z", "2024-03-01T00:00:00.500Z"),
            ("2003-10-11T22:14:15.123456789-0730", "2003-10-12T05:44:15.123456789Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(
                Moment::parse_rfc3339(text).map(|m| m.to_string()).as_deref(),
                Some(canonical),
                "{text}"
            );
        }
        for text in [
            "",
            "2026-11-25",
            "2026-11-25T00:30:55",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T00:30:55Z ",
            "1735689600",
            "9999-01-01T00:00:00Z",
            "２",
        ] {
            assert_eq!(Moment::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        // 1970 to 2261: each day reads back, and the next one has the day after as its text.
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..106_650_i64 {
            let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
            let moment = Moment(days * DAY * NANOS);
            assert_eq!((moment.to_string(), Moment::parse_rfc3339(&text)), (text, Some(moment)));
            day += 1;
            let leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
            if day > [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    proptest! {
        #[test]
        fn any_moment_reads_back(nanos in any::<i64>()) {
            let moment = Moment(nanos);
            if (1678..=2261).contains(&moment.year()) {
                prop_assert_eq!(Moment::parse_rfc3339(&moment.to_string()), Some(moment));
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_rfc3339(&bytes);
            let _ = read_clock(&bytes);
            let _ = read_offset(&bytes);
        }
    }
}

//! Times on the command line: milliseconds, RFC 3339, or how long ago.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use highway_types::Timestamp;

/// Now.
#[allow(clippy::disallowed_methods)] // the command line is where the machine's clock comes in
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// `10s`, `5m`, `2h`, `1d`, `250ms`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

/// Milliseconds since 1970, `2026-03-01T12:00:00Z` (or a date alone, or with an offset), or `10m` for ten minutes ago.
pub fn parse_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(millis) = text.parse::<i64>() {
        return (millis >= 0).then_some(Timestamp(millis));
    }
    if let Some(ago) = parse_duration(text) {
        return Some(Timestamp(now.0 - i64::try_from(ago.as_millis()).ok()?));
    }
    parse_rfc3339(text).map(Timestamp)
}

fn parse_rfc3339(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let is = |at: usize, c: &str| text.get(at..=at).is_some_and(|found| c.contains(found));
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !is(4, "-") || !is(7, "-") || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let date = days_from_civil(year, month, day) * 86_400_000;
    if text.len() == 10 {
        return Some(date);
    }
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !is(10, "Tt ") || !is(13, ":") || !is(16, ":") || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        if digits == 0 {
            return None;
        }
        millis = format!("{:0<3}", fraction.get(..digits.min(3))?).parse().ok()?;
        rest = fraction.get(digits..)?;
    }
    let offset = match rest.chars().next()? {
        'Z' | 'z' if rest.len() == 1 => 0,
        sign @ ('+' | '-') if rest.len() == 6 => {
            let (hours, minutes) =
                (rest.get(1..3)?.parse::<i64>().ok()?, rest.get(4..6)?.parse::<i64>().ok()?);
            (hours * 60 + minutes) * if sign == '-' { -1 } else { 1 }
        }
        _ => return None,
    };
    Some(date + ((hour * 60 + minute - offset) * 60 + second) * 1000 + millis)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `2026-03-01T12:00:00.000Z`; `-` for no time.
pub fn show(time: Timestamp) -> String {
    if time.0 < 0 {
        return "-".to_owned();
    }
    let (days, millis) = (time.0.div_euclid(86_400_000), time.0.rem_euclid(86_400_000));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
    let (second, milli) = (millis / 1000 % 60, millis % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown() {
        let now = Timestamp(1_700_000_000_000);
        for (text, millis) in [
            ("0", 0),
            ("1700000000123", 1_700_000_000_123),
            ("1970-01-01", 0),
            ("2024-02-29T12:30:15Z", 1_709_209_815_000),
            ("2024-02-29T13:30:15.5+01:00", 1_709_209_815_500),
            ("10m", 1_699_999_400_000),
        ] {
            assert_eq!(parse_time(text, now), Some(Timestamp(millis)), "{text}");
        }
        for bad in ["", "x", "2024-13-01", "2024-01-01T00:00:00", "2024-01-01T25:00:00Z", "10y", "-5"] {
            assert_eq!(parse_time(bad, now), None, "{bad}");
        }
        assert_eq!(show(Timestamp(1_709_209_815_500)), "2024-02-29T12:30:15.500Z");
        assert_eq!(show(Timestamp(-1)), "-");
    }
}

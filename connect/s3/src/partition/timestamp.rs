//! `timestamp.extractor`: which time a record counts as.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use highway_connect_data::{ConnectRecord, Value};

use super::{PartitionError, field};

/// The extractors of Confluent's time-based partitioners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extractor {
    /// The time at which the sink sees the record.
    Wallclock,
    /// The record's timestamp.
    Record,
    /// A field of the value: `timestamp.field`.
    RecordField(String),
}

impl Extractor {
    /// Milliseconds since 1970.
    pub fn extract(&self, record: &ConnectRecord, now: i64) -> Result<i64, PartitionError> {
        match self {
            Self::Wallclock => Ok(now),
            Self::Record => record.timestamp.ok_or(PartitionError::NoTimestamp),
            Self::RecordField(name) => {
                let (value, _) = field::find(&record.value.value, name)?;
                let found = match value {
                    Value::Int32(v) => Some(i64::from(*v)),
                    Value::Int64(v) | Value::Instant(v) => Some(*v),
                    // Schemaless numbers may come as doubles.
                    Value::Float64(v) if v.is_finite() => Some(*v as i64),
                    Value::String(text) => iso_millis(text),
                    _ => None,
                };
                found.ok_or_else(|| PartitionError::Type {
                    field: name.clone(),
                    found: match value {
                        Value::String(text) => format!("the text {text:?}"),
                        other => other.java_class().to_owned(),
                    },
                    wanted: "milliseconds as a whole number, a timestamp, or text in ISO 8601",
                })
            }
        }
    }
}

/// Text as `ISODateTimeFormat.dateTimeParser` reads it: a date, a time or both, without a zone in UTC. Parts of a date may be
/// missing from the end: `2015`, `2015-04`, `2015-04-02T01`. A space may stand for the `T`, which Joda does not take.
pub fn iso_millis(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    // A zone is at the end of the time: Z, +hh:mm, +hhmm, +hh.
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let offset = match zone {
        "" | "Z" | "z" => 0,
        zone => offset(zone)?,
    };
    let time = NaiveDateTime::new(day(date)?, time_of_day(clock)?);
    Some(time.and_utc().timestamp_millis() - offset)
}

fn day(text: &str) -> Option<NaiveDate> {
    if text.is_empty() {
        return NaiveDate::from_ymd_opt(1970, 1, 1); // A time alone.
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut parts = digits.split('-');
    let year = sign * number(parts.next()?)?;
    let (second, third) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return None;
    }
    let third = third.map_or(Some(1), number).and_then(|n| u32::try_from(n).ok())?;
    match second {
        // A week and its day.
        Some(week) if week.starts_with('W') => {
            let day = Weekday::try_from(u8::try_from(third.checked_sub(1)?).ok()?).ok()?;
            NaiveDate::from_isoywd_opt(year, u32::try_from(number(week.get(1..)?)?).ok()?, day)
        }
        // A day of the year.
        Some(day) if day.len() == 3 => NaiveDate::from_yo_opt(year, u32::try_from(number(day)?).ok()?),
        month => NaiveDate::from_ymd_opt(year, u32::try_from(month.map_or(Some(1), number)?).ok()?, third),
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    if text.is_empty() {
        return Some(NaiveTime::MIN);
    }
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let mut parts = clock.split(':');
    let hour = number(parts.next()?)?;
    let minute = parts.next().map_or(Some(0), number)?;
    let second = parts.next().map_or(Some(0), number)?;
    if parts.next().is_some() || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: u32 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let part = |value: i32| u32::try_from(value).ok();
    NaiveTime::from_hms_milli_opt(part(hour)?, part(minute)?, part(second)?, millis)
}

fn offset(zone: &str) -> Option<i64> {
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.get(1..)?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    Some(sign * i64::from(number(hours)? * 60 + number(minutes)?) * 60_000)
}

fn number(text: &str) -> Option<i32> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

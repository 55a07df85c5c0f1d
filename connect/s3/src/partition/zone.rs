//! Time zones as Joda knows them: ids of the time zone database, and fixed offsets.

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::{OffsetName, Tz};

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Zone {
    /// Of the time zone database.
    Named(Tz),
    /// `+hh:mm`.
    Fixed(FixedOffset),
}

/// A time as it is in a zone.
#[derive(Clone, Debug)]
pub struct Local {
    /// What the clock on the wall shows.
    pub time: NaiveDateTime,
    /// Seconds east of Greenwich.
    pub offset: i32,
    /// The zone's short name at that time.
    pub name: String,
    /// The zone's id.
    pub id: String,
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::Named(Tz::UTC);

    /// `DateTimeZone.forID`: `UTC`, an id as `Europe/Paris`, or `+hh:mm`. `None` for anything else.
    pub fn parse(id: &str) -> Option<Self> {
        let id = id.trim();
        if id.starts_with(['+', '-']) {
            return fixed(id).map(Self::Fixed);
        }
        id.parse().ok().map(Self::Named)
    }

    /// Milliseconds since 1970 as local time.
    pub fn local(self, millis: i64) -> Option<Local> {
        let utc = DateTime::<Utc>::from_timestamp_millis(millis)?;
        Some(match self {
            Self::Named(tz) => {
                let time = utc.with_timezone(&tz);
                let offset = time.offset();
                Local {
                    time: time.naive_local(),
                    offset: offset.fix().local_minus_utc(),
                    name: offset.abbreviation().unwrap_or_default().to_owned(),
                    id: tz.name().to_owned(),
                }
            }
            Self::Fixed(offset) => {
                let time = utc.with_timezone(&offset);
                let name = offset.to_string();
                Local {
                    time: time.naive_local(),
                    offset: offset.local_minus_utc(),
                    name: name.clone(),
                    id: name,
                }
            }
        })
    }

    /// Local milliseconds to milliseconds since 1970. Of a time that is twice, the earlier one; a time that was skipped counts
    /// from the offset before the gap, as Joda's lenient conversion does.
    fn to_utc(self, local: NaiveDateTime, hint: i32) -> Option<i64> {
        let pick = |mapped: MappedLocalTime<i64>| match mapped {
            MappedLocalTime::Single(millis) => Some(millis),
            MappedLocalTime::Ambiguous(a, b) => Some(a.min(b)),
            MappedLocalTime::None => Some(local.and_utc().timestamp_millis() - i64::from(hint) * 1000),
        };
        match self {
            Self::Named(tz) => pick(tz.from_local_datetime(&local).map(|t| t.timestamp_millis())),
            Self::Fixed(offset) => pick(offset.from_local_datetime(&local).map(|t| t.timestamp_millis())),
        }
    }

    /// The start of the bucket of this length that the time lies in, counted in local time from 1970
    /// (`TimeBasedPartitioner.getPartition`).
    pub fn bucket(self, millis: i64, length: i64) -> Option<i64> {
        let local = self.local(millis)?;
        let shown = local.time.and_utc().timestamp_millis();
        // As in Java the division goes towards zero.
        let start = shown / length * length;
        self.to_utc(DateTime::<Utc>::from_timestamp_millis(start)?.naive_utc(), local.offset)
    }
}

fn fixed(id: &str) -> Option<FixedOffset> {
    let east = if id.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = match id.get(1..)?.split_once(':') {
        Some(both) => both,
        None if id.len() == 5 => (id.get(1..3)?, id.get(3..)?),
        None => (id.get(1..)?, "0"),
    };
    let digits = |text: &str| -> Option<i32> {
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(east * (hours * 60 + minutes) * 60)
}

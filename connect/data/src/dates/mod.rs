//! Dates and times in UTC by patterns of `java.text.SimpleDateFormat`, which transforms and S3 paths use.
//!
//! What differs from Java: the calendar is Gregorian throughout (Java's is Julian before 1582-10-15), names are English, a year of
//! two digits is read as 1950-2049 (Java: from 80 years before now on), and zones are read as offsets, `UTC`, `GMT` and `Z`.

mod civil;
mod format;
mod parse;
mod pattern;

#[cfg(test)]
mod dates_test;

pub use civil::{Civil, days_of};
pub use pattern::DatePattern;

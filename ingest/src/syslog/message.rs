//! A message: slices of the line that was read.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use super::priority::Priority;
use super::structured::Elements;
use crate::time::Moment;

/// What the parser must be told, as it asks no clock.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// When the line was received.
    pub received: Moment,
    /// Seconds east of UTC that times without a zone are taken to be in.
    pub assumed_offset: i32,
}

/// The shape that a line was found to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 5424.
    Rfc5424,
    /// A time, and what RFC 3164 or a vendor puts behind it.
    Rfc3164,
    /// No time: a PRI and text, or only text.
    Bare,
}

/// A line, taken apart. Every part is a slice of [`raw`](Self::raw).
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The line as it came, all of it.
    pub raw: &'a [u8],
    /// The PRI as sent, or [`Priority::DEFAULT`] with [`Notes::PRI_MISSING`].
    pub priority: Priority,
    /// The shape.
    pub format: Format,
    /// The version of RFC 5424.
    pub version: Option<u32>,
    /// When the sender says it happened.
    pub time: Option<Moment>,
    /// HOSTNAME, or a device's own word for itself.
    pub hostname: Option<&'a [u8]>,
    /// APP-NAME, or the tag without what is in brackets.
    pub app: Option<&'a [u8]>,
    /// PROCID, or what was in brackets.
    pub procid: Option<&'a [u8]>,
    /// MSGID, or Cisco's `%SYS-5-CONFIG_I` without the percent sign.
    pub msgid: Option<&'a [u8]>,
    /// Cisco's sequence number.
    pub sequence: Option<&'a [u8]>,
    /// Structured data, brackets included; empty if there is none.
    pub structured: &'a [u8],
    /// The text.
    pub message: &'a [u8],
    /// What was odd.
    pub notes: Notes,
}

impl<'a> Message<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self {
            raw,
            priority: Priority::DEFAULT,
            format: Format::Bare,
            version: None,
            time: None,
            hostname: None,
            app: None,
            procid: None,
            msgid: None,
            sequence: None,
            structured: &[],
            message: &[],
            notes: Notes::NONE,
        }
    }

    /// The elements of the structured data.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        Elements::new(self.structured)
    }

    /// The sender's time if it can be believed: its clock was set, it is not more than a day ahead of `received`, and not
    /// before 2000.
    #[must_use]
    pub fn plausible_time(&self, received: Moment) -> Option<Moment> {
        const DAY: i64 = 86_400_000_000_000;
        const YEAR_2000: i64 = 946_684_800_000_000_000;
        let time = self.time?;
        let believable = !self.notes.contains(Notes::CLOCK_NOT_SET)
            && time.0 >= YEAR_2000
            && time.0 <= received.0.saturating_add(DAY);
        believable.then_some(time)
    }
}

/// What was odd about a line: a set of flags, each with a name for metrics and tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Notes(u32);

macro_rules! notes {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        impl Notes {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];
        }
    };
}

notes! {
    /// No PRI.
    PRI_MISSING = 0, "pri_missing";
    /// A PRI over 191, kept as sent.
    PRI_OUT_OF_RANGE = 1, "pri_out_of_range";
    /// Blanks before or after the PRI.
    BLANKS = 2, "blanks";
    /// The text is not UTF-8.
    INVALID_UTF8 = 3, "invalid_utf8";
    /// A time that does not exist: day 32, hour 25.
    TIME_INVALID = 4, "time_invalid";
    /// The device says that its clock was never set (Cisco's `*`).
    CLOCK_NOT_SET = 5, "clock_not_set";
    /// The device says that its clock is out of step (Cisco's `.`).
    CLOCK_UNSYNCED = 6, "clock_unsynced";
    /// Structured data that breaks RFC 5424; it is part of the text.
    STRUCTURED_BROKEN = 7, "structured_data_broken";
    /// A line of RFC 5424 that stops before its text should begin.
    HEADER_SHORT = 8, "header_short";
    /// The line was longer than allowed and was cut.
    TRUNCATED = 9, "truncated";
    /// A zone word that is not known.
    ZONE_UNKNOWN = 10, "zone_unknown";
    /// One of several messages that came in one datagram.
    SPLIT = 11, "split";
    /// The year was not said: the latest that is not more than a week ahead. Usual.
    YEAR_GUESSED = 24, "year_guessed";
    /// The zone was not said. Usual.
    ZONE_ASSUMED = 25, "zone_assumed";
    /// NUL, CR or LF at the end. Usual.
    TRIMMED = 26, "trimmed";
    /// Second 60. Usual, every few years.
    LEAP_SECOND = 27, "leap_second";
    /// More than nine digits of a second.
    FRACTION_CUT = 28, "fraction_cut";
    /// A byte order mark before the text (RFC 5424 asks for it).
    BOM = 29, "bom";
}

impl Notes {
    /// Nothing odd.
    pub const NONE: Self = Self(0);
    /// What says nothing bad of a line.
    const USUAL: u32 = 0xff00_0000;

    /// True if all of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if something is odd enough to keep the original line beside what was read from it.
    #[must_use]
    pub fn odd(self) -> bool {
        self.0 & !Self::USUAL != 0
    }

    /// The names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(move |(note, _)| self.contains(*note)).map(|(_, name)| *name)
    }

    /// The flags without the usual ones.
    #[must_use]
    pub fn only_odd(self) -> Self {
        Self(self.0 & !Self::USUAL)
    }
}

impl BitOr for Notes {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Notes {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().collect();
        f.write_str(&names.join(","))
    }
}

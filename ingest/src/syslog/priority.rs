//! PRI: facility and severity in one number.

/// What stands between `<` and `>`, as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority(pub u32);

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

const SEVERITIES: [&str; 8] =
    ["Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"];

impl Priority {
    /// user.notice: what a message without PRI counts as (RFC 3164 section 4.3.3).
    pub const DEFAULT: Self = Self(13);

    /// The facility, if the number is one that RFC 5424 knows (up to 191).
    #[must_use]
    pub fn facility(self) -> Option<u32> {
        Some(self.0 >> 3).filter(|&f| f < 24)
    }

    /// Its name.
    #[must_use]
    pub fn facility_name(self) -> Option<&'static str> {
        FACILITIES.get(self.facility()? as usize).copied()
    }

    /// 0 (worst) to 7: the low three bits, also of a number that is out of range.
    #[must_use]
    pub fn severity(self) -> u32 {
        self.0 & 7
    }

    /// Its name.
    #[must_use]
    pub fn severity_name(self) -> &'static str {
        SEVERITIES[self.severity() as usize]
    }
}

/// `<` digits `>` at the start: the number and how long it is. Up to five digits count as a PRI that is out of range;
/// with more it is text.
pub(super) fn read(bytes: &[u8]) -> Option<(Priority, usize)> {
    if bytes.first() != Some(&b'<') {
        return None;
    }
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().skip(1).take(6) {
        match byte {
            b'0'..=b'9' if index <= 5 => number = number * 10 + u32::from(byte - b'0'),
            b'>' if index > 1 => return Some((Priority(number), index + 1)),
            _ => return None,
        }
    }
    None
}

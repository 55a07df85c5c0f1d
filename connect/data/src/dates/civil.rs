//! Days and dates of the proleptic Gregorian calendar.

/// Days since 1970-01-01 of a date. Month and day may lie outside of their ranges: month 13 is January of the next year, day 0
/// the last of the month before.
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468 + day - 1
}

/// A moment taken apart, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year; 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 to 999.
    pub milli: i64,
    /// Days since 1970-01-01.
    pub days: i64,
}

impl Civil {
    /// Of milliseconds since 1970-01-01T00:00:00Z.
    pub fn of(ms: i64) -> Self {
        let (days, in_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: of_year - (153 * from_march + 2) / 5 + 1,
            hour: in_day / 3_600_000,
            minute: in_day / 60_000 % 60,
            second: in_day / 1000 % 60,
            milli: in_day % 1000,
            days,
        }
    }

    /// The day of the week, Sunday 0.
    pub fn weekday(&self) -> i64 {
        (self.days + 4).rem_euclid(7)
    }

    /// The day of the year, from 1.
    pub fn day_of_year(&self) -> i64 {
        self.days - days_of(self.year, 1, 1) + 1
    }

    /// Week and week year as Java's calendar for the United States counts: weeks begin on Sunday, the first holds January 1.
    pub fn week(&self) -> (i64, i64) {
        let end_of_week = self.days + 6 - self.weekday();
        let year = Self::of(end_of_week * 86_400_000).year;
        let first = days_of(year, 1, 1);
        let first_sunday = first - Self::of(first * 86_400_000).weekday();
        (year, (self.days - first_sunday) / 7 + 1)
    }

    /// The week of the month, as Java counts.
    pub fn week_of_month(&self) -> i64 {
        let first = Self::of(days_of(self.year, self.month, 1) * 86_400_000).weekday();
        (self.day + first - 1) / 7 + 1
    }
}

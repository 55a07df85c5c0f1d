//! When what is open is committed: a function of counts and clocks.

use crate::partition::Zone;

/// When to commit. All objects of a topic partition are committed together, since what is committed is a range of offsets.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `flush.size`: records of the topic partition.
    pub records: u64,
    /// `flush.bytes`: bytes of its objects.
    pub bytes: Option<u64>,
    /// `rotate.interval.ms`: record time from the first record on.
    pub record_time: Option<i64>,
    /// `rotate.schedule.interval.ms`: wall clock, counted from midnight in the time zone.
    pub schedule: Option<(i64, Zone)>,
    /// `rotate.idle.interval.ms`: wall clock since the last record.
    pub idle: Option<i64>,
}

/// Why a commit is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// So many records.
    Records,
    /// So many bytes.
    Bytes,
    /// The records' time went on.
    RecordTime,
    /// The clock on the wall.
    Schedule,
    /// Nothing came.
    Idle,
    /// Too many objects are open.
    Objects,
    /// The task lets go of the partition.
    Close,
}

/// What is open of a topic partition.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Records.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
    /// The first record's time.
    first: Option<i64>,
    /// When the last record came.
    last_seen: i64,
    /// When the schedule wants a commit.
    due: Option<i64>,
}

impl Window {
    /// A record is about to be added: is a commit due before it? `time`: the record's, by the partitioner's extractor.
    pub fn before(&self, rules: &Rules, time: Option<i64>) -> Option<Reason> {
        let (interval, first, time) = (rules.record_time?, self.first?, time?);
        (time.saturating_sub(first) >= interval).then_some(Reason::RecordTime)
    }

    /// A record was added.
    pub fn add(&mut self, rules: &Rules, time: Option<i64>, now: i64) {
        if self.records == 0 {
            self.first = time;
            self.due = rules.schedule.and_then(|(interval, zone)| next(now, interval, zone));
        }
        self.records += 1;
        self.last_seen = now;
    }

    /// Is a commit due? Never without records.
    pub fn due(&self, rules: &Rules, now: i64) -> Option<Reason> {
        if self.records == 0 {
            return None;
        }
        if self.records >= rules.records {
            return Some(Reason::Records);
        }
        if rules.bytes.is_some_and(|bytes| self.bytes >= bytes) {
            return Some(Reason::Bytes);
        }
        if self.due.is_some_and(|due| now >= due) {
            return Some(Reason::Schedule);
        }
        let quiet = now.saturating_sub(self.last_seen);
        rules.idle.is_some_and(|idle| quiet >= idle).then_some(Reason::Idle)
    }
}

/// The next time that is a whole number of intervals after midnight.
fn next(now: i64, interval: i64, zone: Zone) -> Option<i64> {
    if interval <= 0 {
        return None;
    }
    let midnight = zone.bucket(now, 86_400_000)?;
    Some(midnight + (now - midnight).div_euclid(interval) * interval + interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { records: 3, bytes: Some(100), record_time: Some(1000), schedule: None, idle: Some(500) }
    }

    #[test]
    fn counts_and_clocks() {
        let rules = rules();
        let mut window = Window::default();
        assert_eq!(window.due(&rules, i64::MAX), None, "nothing is open");
        window.add(&rules, Some(10_000), 0);
        assert_eq!(window.due(&rules, 499), None);
        assert_eq!(window.due(&rules, 500), Some(Reason::Idle));
        window.add(&rules, Some(1), 400);
        assert_eq!(window.due(&rules, 500), None, "a record came");
        assert_eq!(window.before(&rules, Some(0)), None, "late records commit nothing");
        assert_eq!(window.before(&rules, Some(10_999)), None);
        assert_eq!(window.before(&rules, Some(11_000)), Some(Reason::RecordTime));
        assert_eq!(window.before(&rules, None), None);
        window.bytes = 100;
        assert_eq!(window.due(&rules, 500), Some(Reason::Bytes));
        window.add(&rules, None, 400);
        assert_eq!(window.due(&rules, 500), Some(Reason::Records));
    }

    #[test]
    fn schedules_begin_at_midnight() {
        let hour = 3_600_000;
        for (zone, now, interval, due) in [
            ("UTC", 5 * hour + 1, hour, 6 * hour),
            ("UTC", 5 * hour, hour, 6 * hour),
            ("UTC", 5 * hour, 24 * hour, 24 * hour),
            // Midnight in Kolkata is at 18:30 UTC the day before.
            ("Asia/Kolkata", 0, 24 * hour, 18 * hour + hour / 2),
            ("Asia/Kolkata", hour, 7 * hour, -5 * hour - hour / 2 + 7 * hour),
        ] {
            let zone = Zone::parse(zone).expect("a zone");
            let rules = Rules { schedule: Some((interval, zone)), idle: None, records: 10, ..rules() };
            let mut window = Window::default();
            window.add(&rules, None, now);
            assert_eq!(window.due(&rules, due - 1), None);
            assert_eq!(window.due(&rules, due), Some(Reason::Schedule), "{zone:?} {now} {interval}");
        }
    }
}

//! The partitioners themselves.

use std::fmt::Write as _;

use highway_connect_data::{ConnectRecord, Origin};

use super::field;
use super::{Extractor, PartitionError, PathFormat, Zone};

/// A record's folder below `<topics.dir>/<topic>/`.
#[derive(Clone, Debug)]
pub enum Partitioner {
    /// `DefaultPartitioner`: the Kafka partition, `partition=7`.
    Default,
    /// `FieldPartitioner`: `name=value` for each field.
    Field {
        /// `partition.field.name`.
        fields: Vec<String>,
        /// `directory.delim`.
        delimiter: String,
    },
    /// `TimeBasedPartitioner` and its daily and hourly kinds.
    Time(TimeBased),
}

/// What a time-based partitioner goes by.
#[derive(Clone, Debug)]
pub struct TimeBased {
    /// `partition.duration.ms`.
    pub duration: i64,
    /// `path.format`.
    pub format: PathFormat,
    /// `timezone`.
    pub zone: Zone,
    /// `timestamp.extractor`.
    pub extractor: Extractor,
}

/// The bucket of the record before: most records follow one of the same bucket.
#[derive(Clone, Debug, Default)]
pub struct TimeCache {
    bucket: Option<(i64, i64)>,
    folder: String,
}

impl Partitioner {
    /// Writes the folder's name. `now`: milliseconds since 1970 when the sink saw the record.
    pub fn encode(
        &self,
        record: &ConnectRecord,
        now: i64,
        cache: &mut TimeCache,
        out: &mut String,
    ) -> Result<(), PartitionError> {
        out.clear();
        match self {
            Self::Default => {
                let partition = match &record.origin {
                    Origin::Sink(at) => Some(at.partition),
                    Origin::Source(_) => record.partition,
                };
                let _ = write!(out, "partition={}", partition.unwrap_or_default());
            }
            Self::Field { fields, delimiter } => {
                for (i, name) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push_str(delimiter);
                    }
                    let (value, schema) = field::find(&record.value.value, name)?;
                    let text = field::text(name, value, schema)?;
                    let _ = write!(out, "{name}={}", field::encoded(&text));
                }
            }
            Self::Time(time) => {
                let at = time.extractor.extract(record, now)?;
                match cache.bucket {
                    Some((from, to)) if (from..to).contains(&at) => {}
                    _ => time.enter(at, cache)?,
                }
                out.push_str(&cache.folder);
            }
        }
        Ok(())
    }
}

impl TimeBased {
    fn enter(&self, at: i64, cache: &mut TimeCache) -> Result<(), PartitionError> {
        let outside = || PartitionError::Calendar(at);
        let start = self.zone.bucket(at, self.duration).ok_or_else(outside)?;
        cache.folder = self.format.format(&self.zone.local(start).ok_or_else(outside)?);
        // Good for the rest of this hour at the most: time zones change their offsets within it at no other place.
        let quarter = self.duration.min(900_000);
        let from = at - (at - start).rem_euclid(quarter);
        let same_bucket = |t: i64| self.zone.bucket(t, self.duration) == Some(start);
        cache.bucket =
            (same_bucket(from) && same_bucket(from + quarter - 1)).then_some((from, from + quarter));
        Ok(())
    }
}

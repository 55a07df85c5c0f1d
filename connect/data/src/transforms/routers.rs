//! `RegexRouter` and `TimestampRouter`: another topic.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Transformation;
use super::regex::JavaRegex;
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, Props, Regex};
use crate::dates::DatePattern;
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;

pub(super) struct RegexRouter {
    regex: JavaRegex,
    replacement: String,
    /// The last topic with what became of it: records come in runs.
    last: Option<(Arc<str>, Arc<str>)>,
}

pub(super) fn regex_config_def() -> ConfigDef {
    let text = |name: &str, documentation: &str| {
        ConfigKey::required(name, ConfigType::String, Importance::High, documentation)
    };
    ConfigDef::new()
        .define(
            text("regex", "The Java regular expression that the whole topic must match.").validator(Regex),
        )
        .define(text("replacement", "What its first match becomes; $1 is the first group."))
}

impl RegexRouter {
    pub(super) fn new(props: &Props) -> Result<Self> {
        let config = regex_config_def().parse(props)?;
        Ok(Self {
            regex: JavaRegex::new(config.text("regex"))?,
            replacement: config.text("replacement").to_owned(),
            last: None,
        })
    }
}

impl Transformation for RegexRouter {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if let Some((from, to)) = &self.last
            && *from == record.topic
        {
            record.topic = to.clone();
            return Ok(Some(record));
        }
        let before = record.topic.clone();
        if self.regex.matches(&before)? {
            record.topic = self.regex.replace_first(&before, &self.replacement)?.into();
        }
        self.last = Some((before, record.topic.clone()));
        Ok(Some(record))
    }
}

pub(super) struct TimestampRouter {
    format: Vec<Piece>,
    pattern: DatePattern,
    last: Option<Arc<str>>,
    scratch: String,
    stamp: String,
}

enum Piece {
    Text(String),
    Topic,
    Timestamp,
}

pub(super) fn timestamp_config_def() -> ConfigDef {
    let text = |name: &str, default: &str, documentation: &str| {
        ConfigKey::new(name, ConfigType::String, default, Importance::High, documentation)
    };
    ConfigDef::new()
        .define(text(
            "topic.format",
            "${topic}-${timestamp}",
            "The new topic; ${topic} and ${timestamp} are replaced.",
        ))
        .define(text(
            "timestamp.format",
            "yyyyMMdd",
            "How the timestamp is written: a pattern of SimpleDateFormat, in UTC.",
        ))
}

/// The format cut at its two variables.
fn pieces(format: &str) -> Vec<Piece> {
    let (mut out, mut rest) = (Vec::new(), format);
    while !rest.is_empty() {
        let next = [("${topic}", true), ("${timestamp}", false)];
        let found =
            next.iter().filter_map(|(name, topic)| Some((rest.find(name)?, name.len(), *topic))).min();
        let (at, length, topic) = found.unwrap_or((rest.len(), 0, false));
        if at > 0 {
            out.push(Piece::Text(rest[..at].to_owned()));
        }
        if length > 0 {
            out.push(if topic { Piece::Topic } else { Piece::Timestamp });
        }
        rest = &rest[at + length..];
    }
    out
}

impl TimestampRouter {
    pub(super) fn new(props: &Props) -> Result<Self> {
        let config = timestamp_config_def().parse(props)?;
        Ok(Self {
            format: pieces(config.text("topic.format")),
            pattern: DatePattern::new(config.text("timestamp.format"))?,
            last: None,
            scratch: String::new(),
            stamp: String::new(),
        })
    }
}

impl Transformation for TimestampRouter {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let Some(ms) = record.timestamp else {
            return Err(DataError::data(format!("Timestamp missing on record: {}", describe(&record))));
        };
        self.stamp.clear();
        self.pattern.format_into(&mut self.stamp, ms);
        self.scratch.clear();
        for piece in &self.format {
            self.scratch.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Topic => &record.topic,
                Piece::Timestamp => &self.stamp,
            });
        }
        let topic = match self.last.take().filter(|last| **last == *self.scratch) {
            Some(last) => last,
            None => self.scratch.as_str().into(),
        };
        record.topic = topic.clone();
        self.last = Some(topic);
        Ok(Some(record))
    }
}

/// Where a record stands, without its content: error texts go to logs.
fn describe(record: &ConnectRecord) -> String {
    let mut out = format!("topic {}", record.topic);
    if let Some(partition) = record.partition {
        let _ = write!(out, ", partition {partition}");
    }
    if let Some(offset) = record.sink_offset() {
        let _ = write!(out, ", offset {offset}");
    }
    out
}

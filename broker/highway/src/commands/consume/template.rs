//! `-f '%t[%p]@%o %k\n'`: kcat's letters.

use std::io::{self, Write};

use highway_client::Record;
use highway_types::TopicPartition;

use crate::times;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Topic,
    Partition,
    Offset,
    Key,
    Value,
    Headers,
    Millis,
    Date,
    KeyLen,
    ValueLen,
}

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars();
        let flush = |plain: &mut String, parts: &mut Vec<Part>| -> Result<(), String> {
            if !plain.is_empty() {
                parts.push(Part::Text(super::format::unescape(plain)?));
                plain.clear();
            }
            Ok(())
        };
        while let Some(c) = rest.next() {
            if c != '%' {
                plain.push(c);
                continue;
            }
            let part = match rest.next() {
                Some('%') => {
                    plain.push('%');
                    continue;
                }
                Some('t') => Part::Topic,
                Some('p') => Part::Partition,
                Some('o') => Part::Offset,
                Some('k') => Part::Key,
                Some('v' | 's') => Part::Value,
                Some('h') => Part::Headers,
                Some('T') => Part::Millis,
                Some('d') => Part::Date,
                Some('K') => Part::KeyLen,
                Some('S') => Part::ValueLen,
                Some(other) => return Err(format!("%{other} is not known")),
                None => return Err("a percent sign at the end; write %% for one".to_owned()),
            };
            flush(&mut plain, &mut parts)?;
            parts.push(part);
        }
        flush(&mut plain, &mut parts)?;
        Ok(Self(parts))
    }

    /// Writes a record. Null is nothing.
    pub fn write(&self, out: &mut impl Write, at: &TopicPartition, record: &Record) -> io::Result<()> {
        let len = |part: &Option<bytes::Bytes>| part.as_ref().map_or(-1, |b| b.len() as i64);
        for part in &self.0 {
            match part {
                Part::Text(text) => out.write_all(text)?,
                Part::Topic => write!(out, "{}", at.topic)?,
                Part::Partition => write!(out, "{}", at.partition)?,
                Part::Offset => write!(out, "{}", record.offset)?,
                Part::Key => out.write_all(record.key.as_deref().unwrap_or_default())?,
                Part::Value => out.write_all(record.value.as_deref().unwrap_or_default())?,
                Part::Headers => {
                    for (n, header) in record.headers.iter().enumerate() {
                        out.write_all(if n > 0 { b"," } else { b"" })?;
                        out.write_all(&header.name)?;
                        out.write_all(b"=")?;
                        out.write_all(header.value.as_deref().unwrap_or(b"NULL"))?;
                    }
                }
                Part::Millis => write!(out, "{}", record.timestamp)?,
                Part::Date => out.write_all(times::show(record.timestamp).as_bytes())?,
                Part::KeyLen => write!(out, "{}", len(&record.key))?,
                Part::ValueLen => write!(out, "{}", len(&record.value))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use highway_client::Header;
    use highway_types::{Offset, PartitionIndex, Timestamp, TopicName};

    use super::*;

    #[test]
    fn letters_and_escapes() {
        let record = Record {
            offset: Offset(7),
            timestamp: Timestamp(0),
            key: None,
            value: Some("v".into()),
            headers: vec![
                Header { name: "a".into(), value: Some("1".into()) },
                Header { name: "b".into(), value: None },
            ],
        };
        let at = TopicPartition { topic: TopicName::new("t"), partition: PartitionIndex(3) };
        let shown = |text: &str| {
            let mut out = Vec::new();
            Template::parse(text).unwrap().write(&mut out, &at, &record).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown("%t[%p]@%o %k|%s %K %S %h %T%%\\n"), "t[3]@7 |v -1 1 a=1,b=NULL 0%\n");
        assert_eq!(shown("%d\\x41"), "1970-01-01T00:00:00.000ZA");
        assert!(Template::parse("%q").is_err() && Template::parse("x%").is_err());
    }
}

//! Arguments of `highway produce`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use highway_client::{Acks, Compression, Header};
use highway_types::Timestamp;

use crate::cli::{ClientArgs, OutputArgs};
use crate::times::{now, parse_duration, parse_time};

/// What the input holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum InputFormat {
    /// A record ends where the delimiter stands
    #[default]
    Lines,
    /// A JSON object a line, as `highway consume -f json` writes them
    Json,
    /// Each file is one record
    Whole,
}

/// When a record counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AcksArg {
    /// When it is durable
    #[default]
    #[value(alias = "-1")]
    All,
    /// When the leader wrote it
    #[value(name = "1")]
    Leader,
    /// When it is sent
    #[value(name = "0")]
    None,
}

impl From<AcksArg> for Acks {
    fn from(acks: AcksArg) -> Self {
        match acks {
            AcksArg::All => Self::All,
            AcksArg::Leader => Self::Leader,
            AcksArg::None => Self::None,
        }
    }
}

/// Arguments of `highway produce`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo hello | highway produce greetings
  highway produce clicks events.ndjson -c zstd
  printf 'k1\\tone\\nk2\\ttwo\\n' | highway produce table -K '\\t'
  highway consume a -e -f json | highway produce b -f json          copy a topic, bytes, keys, headers and times

Without a key, records are spread over partitions in runs; with one, its hash decides, as in Kafka's clients.")]
pub struct ProduceArgs {
    /// The topic; made if the broker makes topics on use
    #[arg(value_name = "TOPIC")]
    pub topic: String,
    /// Files to read; without any, or for -, stdin
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the input holds
    #[arg(short, long, value_enum, default_value_t)]
    pub format: InputFormat,
    /// Ends a record; \n, \t, \0 and \xHH are understood
    #[arg(short = 'D', long, value_name = "TEXT", default_value = "\\n", value_parser = escaped)]
    pub delimiter: Escaped,
    /// The same key for all records
    #[arg(short, long, value_name = "KEY", conflicts_with = "key_separator")]
    pub key: Option<String>,
    /// What stands before this in a line is the key
    #[arg(short = 'K', long, value_name = "TEXT", value_parser = escaped)]
    pub key_separator: Option<Escaped>,
    /// An empty value is null: it deletes its key in a compacted topic
    #[arg(short = 'Z', long)]
    pub tombstones: bool,
    /// A header of all records; repeat for more
    #[arg(short = 'H', long = "header", value_name = "NAME=VALUE", value_parser = header)]
    pub headers: Vec<Header>,
    /// This partition
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,
    /// The time of all records: milliseconds, RFC 3339, or 10m for ten minutes ago; else now
    #[arg(short = 'T', long, value_name = "TIME", value_parser = time)]
    pub timestamp: Option<Timestamp>,
    /// none, gzip, snappy, lz4 or zstd
    #[arg(short, long, value_name = "CODEC", default_value = "none")]
    pub compression: Compression,
    /// When a record counts as written
    #[arg(short, long, value_enum, default_value_t)]
    pub acks: AcksArg,
    /// Stop after so many records
    #[arg(short = 'n', long, value_name = "N")]
    pub count: Option<u64>,
    /// How long a batch waits for more records
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = duration)]
    pub linger: Duration,
    /// Bytes at which a batch is full
    #[arg(long, value_name = "BYTES", default_value_t = 512 * 1024)]
    pub batch_size: usize,
    /// How long a record may take to be acknowledged
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub delivery_timeout: Duration,
    /// No progress bar and no closing line
    #[arg(short, long)]
    pub quiet: bool,
    /// Which cluster.
    #[command(flatten)]
    pub client: ClientArgs,
    /// How the closing summary is written.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Bytes written with escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escaped(pub Vec<u8>);

/// Reads `\n`, `\t`, `\r`, `\0`, `\\` and `\xHH`.
pub fn escaped(text: &str) -> Result<Escaped, String> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next() {
            Some('n') => out.push(b'\n'),
            Some('t') => out.push(b'\t'),
            Some('r') => out.push(b'\r'),
            Some('0') => out.push(0),
            Some('\\') => out.push(b'\\'),
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                let byte = u8::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 2);
                out.push(byte.ok_or_else(|| format!("\\x{digits} is not \\xHH"))?);
            }
            other => {
                return Err(format!("\\{} is not known", other.map_or(String::new(), |c| c.to_string())));
            }
        }
    }
    if out.is_empty() { Err("it must not be empty".to_owned()) } else { Ok(Escaped(out)) }
}

fn header(text: &str) -> Result<Header, String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    let bytes = |text: &str| bytes::Bytes::copy_from_slice(text.as_bytes());
    Ok(Header { name: bytes(name), value: Some(bytes(value)) })
}

fn time(text: &str) -> Result<Timestamp, String> {
    parse_time(text, now()).ok_or_else(|| "give milliseconds, 2026-03-01T12:00:00Z, or 10m".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    parse_duration(text).ok_or_else(|| "give a number and a unit: 5ms, 10s, 5m".to_owned())
}

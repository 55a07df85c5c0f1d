//! What a connector's configuration says, ready for use.

use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::basic::Compression;
use highway_connect_data::SchemaRef;
use uuid::Uuid;

use crate::format::{Avro, AvroCodec, Codec, DecimalText, Encoder, FormatError, Kind, Lines, Parquet};
use crate::partition::Partitioner;
use crate::rotation::Rules;
use crate::store::{Location, Retries};

/// `format.class` and what belongs to it.
#[derive(Clone, Debug)]
pub enum Format {
    /// `JsonFormat`.
    Json(DecimalText, Codec),
    /// `ByteArrayFormat`: separator, extension.
    Bytes(Vec<u8>, String, Codec),
    /// `AvroFormat`.
    Avro(AvroCodec),
    /// `ParquetFormat`.
    Parquet(Compression),
}

impl Format {
    /// Whether objects have one schema for all their records.
    pub fn has_schema(&self) -> bool {
        matches!(self, Self::Avro(_) | Self::Parquet(_))
    }

    /// The end of an object's name, with the point.
    pub fn extension(&self) -> String {
        match self {
            Self::Json(_, codec) => format!(".json{}", codec.extension()),
            Self::Bytes(_, extension, codec) => format!("{extension}{}", codec.extension()),
            Self::Avro(_) => ".avro".to_owned(),
            Self::Parquet(codec) => match codec {
                Compression::UNCOMPRESSED => ".parquet".to_owned(),
                Compression::GZIP(_) => ".gz.parquet".to_owned(),
                Compression::ZSTD(_) => ".zstd.parquet".to_owned(),
                _ => ".snappy.parquet".to_owned(),
            },
        }
    }

    /// What writes one object.
    pub fn encoder(&self, schema: Option<&SchemaRef>) -> Result<Box<dyn Encoder>, FormatError> {
        let wanted = |name| schema.cloned().ok_or(FormatError::Schemaless(name));
        Ok(match self {
            Self::Json(decimals, codec) => Box::new(Lines::new(Kind::Json(*decimals), *codec)),
            Self::Bytes(separator, _, codec) => Box::new(Lines::new(Kind::Bytes(separator.clone()), *codec)),
            Self::Avro(codec) => {
                Box::new(Avro::new(wanted("AvroFormat")?, *codec, Uuid::new_v4().into_bytes())?)
            }
            Self::Parquet(codec) => Box::new(Parquet::new(wanted("ParquetFormat")?, *codec)?),
        })
    }
}

/// `behavior.on.null.values`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NullValues {
    /// The task fails.
    Fail,
    /// They are passed over.
    Ignore,
    /// They are written into this folder.
    Write(String),
}

/// `highway.delivery.guarantee`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Only stores that can do exactly-once.
    ExactlyOnce,
    /// Exactly-once where the store can, otherwise at-least-once.
    BestEffort,
    /// No commit log.
    AtLeastOnce,
}

/// A connector's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The connector's name.
    pub connector: String,
    /// Where the objects go.
    pub location: Location,
    /// How requests are repeated.
    pub retries: Retries,
    /// `topics.dir`.
    pub topics_dir: String,
    /// `directory.delim`.
    pub directory_delimiter: String,
    /// `file.delim`.
    pub file_delimiter: String,
    /// `filename.offset.zero.pad.width`.
    pub pad_width: usize,
    /// `s3.part.size`, within the limits.
    pub part_size: usize,
    /// The format.
    pub format: Format,
    /// The partitioner.
    pub partitioner: Partitioner,
    /// When to commit.
    pub rules: Rules,
    /// `schema.compatibility` is not NONE: records of schemas that go together share an object.
    pub widen: bool,
    /// Tombstones.
    pub nulls: NullValues,
    /// What is promised.
    pub delivery: Delivery,
    /// A folder for what does not fit into memory.
    pub spill_dir: PathBuf,
}

/// Settings that tasks share.
pub type SharedSettings = Arc<Settings>;

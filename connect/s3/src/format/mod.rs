//! Records as bytes of objects.

mod avro;
mod avro_schema;
mod codec;
mod columns;
mod encoder;
mod json;
mod lines;
mod parquet;
mod widen;

pub use self::avro::{Avro, AvroCodec};
pub use self::parquet::{Parquet, arrow_schema};
#[cfg(test)]
mod format_test;
#[cfg(test)]
mod widen_test;

pub use codec::{Codec, Compressor};
pub use encoder::{Encoder, FormatError};
pub use json::{DecimalText, write_json};
pub use lines::{Kind, Lines};
pub use widen::{project, union};

//! Settings from a configuration: what single keys cannot say.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use ::parquet::basic::{Compression, ZstdLevel};
use highway_connect_data::DataError;
use highway_connect_data::config::{Config, ConfigValue, Props, Validated};
use highway_types::limits;

use super::define::definition;
use super::names;
use crate::format::{AvroCodec, Codec, DecimalText};
use crate::partition::{Extractor, Locale, Partitioner, PathFormat, TimeBased, Zone};
use crate::rotation::Rules;
use crate::settings::{Delivery, Format, NullValues, Settings};
use crate::store::{Credentials, Location, Retries};

/// What the node allows and where it keeps things.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Folders in which `store.url=file:///...` may lie. None: no directories.
    pub roots: Vec<PathBuf>,
    /// Where what does not fit into memory is written.
    pub spill_dir: PathBuf,
}

/// A key and what is wrong with it.
type Wrong = (&'static str, DataError);

fn wrong(key: &'static str, value: impl std::fmt::Display, why: impl std::fmt::Display) -> Wrong {
    (key, DataError::config_value(key, value, why))
}

/// The settings, or the first thing that is wrong. Keys that are not the sink's are passed over.
///
/// # Errors
/// A `ConfigException` that names key and value.
pub fn parse(props: &Props, environment: &Environment) -> Result<Settings, DataError> {
    let config = definition().parse(props)?;
    settings(props, &config, environment).map_err(|(_, error)| error)
}

/// All keys with all that is wrong with them, also with several together. The bucket is not asked.
pub fn validate(props: &Props, environment: &Environment) -> Vec<Validated> {
    let definition = definition();
    let mut found = definition.validate(props);
    if let Ok(config) = definition.parse(props)
        && let Err((key, error)) = settings(props, &config, environment)
        && let Some(validated) = found.iter_mut().find(|v| v.name == key)
    {
        validated.errors.push(error.message);
    }
    found
}

fn settings(props: &Props, config: &Config, environment: &Environment) -> Result<Settings, Wrong> {
    let positive = |key| config.integer(key).filter(|&n| n > 0);
    let zone = Zone::parse(config.text("timezone")).unwrap_or(Zone::UTC);
    let format = format(props, config)?;
    let partitioner = partitioner(config, zone)?;
    let nulls = match config.text("behavior.on.null.values").to_ascii_lowercase().as_str() {
        "ignore" => NullValues::Ignore,
        "write" if format.has_schema() => {
            return Err(wrong("behavior.on.null.values", "write", "only JSON and raw bytes can hold them"));
        }
        "write" => NullValues::Write(config.text("tombstone.encoded.partition").to_owned()),
        _ => NullValues::Fail,
    };
    if config.text("directory.delim") != "/" {
        return Err(wrong("directory.delim", config.text("directory.delim"), "only / separates folders"));
    }
    let topics_dir = config.text("topics.dir").trim_matches('/');
    if topics_dir.split('/').any(|part| part == ".." || part == ".") || topics_dir.starts_with("_highway") {
        return Err(wrong("topics.dir", topics_dir, "must not leave the bucket, nor begin with _highway"));
    }
    let file_delimiter = config.text("file.delim");
    if file_delimiter.contains('/') {
        return Err(wrong("file.delim", file_delimiter, "must not contain /"));
    }
    Ok(Settings {
        connector: props.get("name").cloned().unwrap_or_else(|| "S3-sink".to_owned()),
        location: location(config, environment)?,
        retries: Retries {
            attempts: usize::try_from(config.integer("s3.part.retries").unwrap_or(3)).unwrap_or(0),
            backoff: Duration::from_millis(
                config.integer("s3.retry.backoff.ms").unwrap_or(200).unsigned_abs(),
            ),
            ..Retries::default()
        },
        topics_dir: topics_dir.to_owned(),
        directory_delimiter: "/".to_owned(),
        file_delimiter: file_delimiter.to_owned(),
        pad_width: usize::try_from(config.integer("filename.offset.zero.pad.width").unwrap_or(10))
            .unwrap_or(10),
        part_size: usize::try_from(config.integer("s3.part.size").unwrap_or(0))
            .unwrap_or(0)
            .clamp(limits::S3_PART_MIN, limits::S3_PART_MAX),
        format,
        partitioner,
        rules: Rules {
            records: positive("flush.size").unwrap_or(1).unsigned_abs(),
            bytes: positive("flush.bytes").map(i64::unsigned_abs),
            record_time: positive("rotate.interval.ms"),
            schedule: positive("rotate.schedule.interval.ms").map(|interval| (interval, zone)),
            idle: positive("rotate.idle.interval.ms"),
        },
        widen: config.text("schema.compatibility") != "NONE",
        nulls,
        delivery: match config.text("highway.delivery.guarantee") {
            "exactly_once" => Delivery::ExactlyOnce,
            "at_least_once" => Delivery::AtLeastOnce,
            _ => Delivery::BestEffort,
        },
        spill_dir: environment.spill_dir.clone(),
    })
}

fn format(props: &Props, config: &Config) -> Result<Format, Wrong> {
    let level = config.integer("s3.compression.level").unwrap_or(-1);
    let codec = match config.text("s3.compression.type") {
        "gzip" if level > 9 => {
            return Err(wrong("s3.compression.level", level, "gzip has levels 0 to 9"));
        }
        "gzip" => Codec::Gzip(u32::try_from(level).unwrap_or(6)),
        "zstd" => Codec::Zstd(if level > 0 { i32::try_from(level).unwrap_or(3) } else { 3 }),
        "snappy" => Codec::Snappy,
        _ => Codec::None,
    };
    Ok(match names::known(config.text("format.class"), names::FORMATS) {
        Some(names::AVRO) => Format::Avro(match config.text("avro.codec") {
            "deflate" => AvroCodec::Deflate,
            "snappy" => AvroCodec::Snappy,
            "zstandard" => AvroCodec::Zstandard,
            _ => AvroCodec::Null,
        }),
        Some(names::PARQUET) => Format::Parquet(match config.text("parquet.codec") {
            "none" => Compression::UNCOMPRESSED,
            "gzip" => Compression::GZIP(Default::default()),
            "zstd" => Compression::ZSTD(ZstdLevel::default()),
            _ => Compression::SNAPPY,
        }),
        Some(names::BYTES) => {
            // The text as it stands: definitions trim, and a separator may be blank.
            let separator = props.get("format.bytearray.separator").map_or("\n", String::as_str);
            let extension = config.text("format.bytearray.extension");
            if extension.contains('/') {
                return Err(wrong("format.bytearray.extension", extension, "must not contain /"));
            }
            Format::Bytes(unescaped(separator).into_bytes(), extension.to_owned(), codec)
        }
        _ => {
            let numeric = config.text("json.decimal.format").eq_ignore_ascii_case("NUMERIC");
            Format::Json(if numeric { DecimalText::Numeric } else { DecimalText::Base64 }, codec)
        }
    })
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
            c => out.push(c),
        }
    }
    out
}

fn partitioner(config: &Config, zone: Zone) -> Result<Partitioner, Wrong> {
    let (duration, pattern) = match names::known(config.text("partitioner.class"), names::PARTITIONERS) {
        Some(names::FIELD) => {
            let fields = config.list("partition.field.name").to_vec();
            if fields.is_empty() || fields.iter().any(|field| field.is_empty() || field.contains('/')) {
                return Err(wrong(
                    "partition.field.name",
                    fields.join(","),
                    "FieldPartitioner needs field names",
                ));
            }
            return Ok(Partitioner::Field { fields, delimiter: "/".to_owned() });
        }
        Some(names::TIME) => {
            (config.integer("partition.duration.ms").unwrap_or(-1), config.text("path.format"))
        }
        Some(names::DAILY) => (86_400_000, "'year'=YYYY/'month'=MM/'day'=dd"),
        Some(names::HOURLY) => (3_600_000, "'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH"),
        _ => return Ok(Partitioner::Default),
    };
    if duration <= 0 {
        return Err(wrong("partition.duration.ms", duration, "Partition duration needs to be a positive."));
    }
    let format = PathFormat::parse(pattern.trim_end_matches('/'), Locale::parse(config.text("locale")))
        .map_err(|e| wrong("path.format", pattern, e))?;
    let extractor = match config.text("timestamp.extractor") {
        "Record" => Extractor::Record,
        "RecordField" => Extractor::RecordField(config.text("timestamp.field").to_owned()),
        _ => Extractor::Wallclock,
    };
    Ok(Partitioner::Time(TimeBased { duration, format, zone, extractor }))
}

fn location(config: &Config, environment: &Environment) -> Result<Location, Wrong> {
    let bucket = config.text("s3.bucket.name").to_owned();
    if bucket.is_empty() || bucket.contains('/') {
        return Err(wrong("s3.bucket.name", bucket, "a bucket's name has no / and is not empty"));
    }
    let secret = match config.get("aws.secret.access.key") {
        ConfigValue::Password(secret) if !secret.reveal().is_empty() => Some(secret.reveal().to_owned()),
        _ => None,
    };
    let key = Some(config.text("aws.access.key.id").to_owned()).filter(|key| !key.is_empty());
    let credentials = Credentials { key, secret };
    let url = config.text("store.url");
    let endpoint = Some(url.to_owned()).filter(|url| !url.is_empty());
    Ok(match url.split_once("://").map(|(scheme, _)| scheme) {
        None if url.is_empty() => Location::S3 {
            bucket,
            region: config.text("s3.region").to_owned(),
            endpoint: None,
            path_style: false,
            credentials,
        },
        Some("http" | "https") => Location::S3 {
            bucket,
            region: config.text("s3.region").to_owned(),
            endpoint,
            path_style: config.boolean("s3.path.style.access.enabled"),
            credentials,
        },
        Some("gs") => Location::Google { bucket, credentials },
        Some("az") => Location::Azure { container: bucket, credentials, endpoint: None },
        Some("file") => Location::Local(local(url, &bucket, &environment.roots)?),
        _ => {
            return Err(wrong(
                "store.url",
                url,
                "must begin with http://, https://, gs://, az:// or file://",
            ));
        }
    })
}

/// A folder in one of the allowed ones; links out of them are found by the paths that they lead to.
fn local(url: &str, bucket: &str, roots: &[PathBuf]) -> Result<PathBuf, Wrong> {
    let path = Path::new(url.trim_start_matches("file://")).join(bucket);
    let refused = |why: &str| wrong("store.url", url, why);
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(refused("must be an absolute path without .."));
    }
    // What there is of the path, as it really is.
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(&path);
    let real = existing.canonicalize().map_err(|e| refused(&e.to_string()))?;
    let allowed =
        roots.iter().filter_map(|root| root.canonicalize().ok()).any(|root| real.starts_with(&root));
    if !allowed {
        return Err(refused("lies in none of the folders that this node allows for file sinks"));
    }
    Ok(path)
}

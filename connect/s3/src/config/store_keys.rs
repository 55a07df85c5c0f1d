//! The keys of the bucket, its objects and their names.

use highway_connect_data::DataError;
use highway_connect_data::config::{
    Check, ConfigKey, ConfigType, ConfigValue, Importance, OneOf, OneOfIgnoringCase, Range,
};
use highway_types::limits;

use super::define::{Keys, key};
use super::names;

use ConfigType::{Boolean, Class, Int, Long, Password, String as Text};
use Importance::{High, Low, Medium};

/// The bucket and its objects.
pub(super) fn s3(keys: Keys) -> Keys {
    keys.add(
        ConfigKey::required("s3.bucket.name", Text, High, "The bucket (container, folder)."),
        "S3 Bucket",
    )
    .add(key("s3.region", Text, "us-west-2", Medium, "The bucket's region."), "AWS region")
    .add(
        key(
            "s3.part.size",
            Int,
            26_214_400,
            High,
            "Bytes of one part of an upload. More than 8 MiB count as 8 MiB: a part \
                on its way is memory.",
        )
        .validator(Range::at_least(limits::S3_PART_MIN as i64)),
        "S3 Part Size",
    )
    .add(
        key(
            "s3.compression.type",
            Text,
            "none",
            Low,
            "Compression of JSON and raw bytes: none, gzip, zstd or snappy.",
        )
        .validator(OneOf(&["none", "gzip", "zstd", "snappy"])),
        "Compression type",
    )
    .add(
        key(
            "s3.compression.level",
            Int,
            -1,
            Low,
            "Level of gzip (0 to 9) or zstd (1 to 19); -1 is their own default.",
        )
        .validator(Range::between(-1, 19)),
        "Compression level",
    )
    .add(
        key("s3.part.retries", Int, 3, Medium, "How often a failed request is repeated.")
            .validator(Range::at_least(0)),
        "S3 Part Upload Retries",
    )
    .add(
        key(
            "s3.retry.backoff.ms",
            Long,
            200_i64,
            Low,
            "The pause before the first repetition, doubled each time.",
        )
        .validator(Range::at_least(0)),
        "Retry Backoff (ms)",
    )
    .add(
        key(
            "s3.path.style.access.enabled",
            Boolean,
            true,
            Low,
            "The bucket stands in the path of requests and not in the \
            host's name, where store.url names a server.",
        ),
        "Enable Path Style Access to S3",
    )
    .add(
        key(
            "aws.access.key.id",
            Text,
            "",
            High,
            "The access key. Without it the environment or the machine's role is \
            used. On Azure the account.",
        ),
        "AWS Access Key ID",
    )
    .add(
        key(
            "aws.secret.access.key",
            Password,
            ConfigValue::Null,
            High,
            "The secret of the access key. On Azure the \
            account's key, on Google a service account's JSON.",
        ),
        "AWS Secret Access Key",
    )
    .add(
        key("format.bytearray.extension", Text, ".bin", Low, "The end of the names of raw bytes' objects."),
        "Output file extension for ByteArrayFormat",
    )
    .add(
        key(
            "format.bytearray.separator",
            Text,
            ConfigValue::Null,
            Low,
            "What is written after each record of raw bytes; a \
                line feed by default. \\n, \\r, \\t and \\\\ may be used.",
        ),
        "Line separator ByteArrayFormat",
    )
    .add(
        key(
            "behavior.on.null.values",
            Text,
            "fail",
            Low,
            "Records without a value: fail, ignore, or write them (JSON and \
                raw bytes) into the folder tombstone.encoded.partition.",
        )
        .validator(OneOfIgnoringCase(&["FAIL", "IGNORE", "WRITE"])),
        "Behavior for null-valued records",
    )
    .add(
        key("tombstone.encoded.partition", Text, "tombstone", Low, "The folder of records without a value."),
        "Tombstone Encoded Partition",
    )
    .add(unsupported("store.kafka.keys", "Keys in objects of their own"), "Store kafka keys")
    .add(unsupported("store.kafka.headers", "Headers in objects of their own"), "Store kafka headers")
}

/// Names and stores.
pub(super) fn storage(keys: Keys) -> Keys {
    keys.add(
        key("storage.class", Class, names::STORAGE, High, "Accepted; store.url says which store."),
        "Storage Class",
    )
    .add(key("topics.dir", Text, "topics", High, "The folder of all objects."), "Topics directory")
    .add(
        key(
            "store.url",
            Text,
            ConfigValue::Null,
            High,
            "Another store than Amazon's: http://host:port or https://host of a \
            server that speaks S3, gs:// for Google, az:// for Azure, file:///folder for a directory.",
        ),
        "Store URL",
    )
    .add(key("directory.delim", Text, "/", Medium, "Between folders. Only / is one."), "Directory Delimiter")
    .add(
        key("file.delim", Text, "+", Medium, "Between topic, partition and offset in an object's name."),
        "File Delimiter",
    )
}

fn unsupported(name: &str, what: &str) -> ConfigKey {
    key(name, Boolean, false, Low, &format!("{what}: not supported, must be false.")).validator(Check(
        |name: &str, value: &ConfigValue| match value {
            ConfigValue::Boolean(true) => {
                Err(DataError::config_value(name, value, "not supported by this sink"))
            }
            _ => Ok(()),
        },
        "false",
    ))
}

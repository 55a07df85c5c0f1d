//! The transforms and predicates by the names of their classes.

use super::cast::Cast;
use super::extract_field::ExtractField;
use super::flatten::Flatten;
use super::header_from::HeaderFrom;
use super::headers::{DropHeaders, InsertHeader};
use super::hoist_field::HoistField;
use super::insert_field::InsertField;
use super::mask_field::MaskField;
use super::part::Part;
use super::predicates::{HasHeaderKey, RecordIsTombstone, TopicNameMatches};
use super::replace_field::ReplaceField;
use super::routers::{RegexRouter, TimestampRouter};
use super::schema_metadata::SetSchemaMetadata;
use super::timestamp_converter::TimestampConverter;
use super::value_to_key::ValueToKey;
use super::{Predicate, Transformation};
use crate::config::{ConfigDef, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;

/// What a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A transform.
    Transformation,
    /// A predicate.
    Predicate,
}

/// A transform or predicate that can be named in a configuration.
#[derive(Clone, Copy)]
pub struct Plugin {
    /// The full name of its class.
    pub class: &'static str,
    /// What it is.
    pub kind: Kind,
    /// One line on what it does.
    pub overview: &'static str,
    config_def: fn() -> ConfigDef,
    make: Make,
}

#[derive(Clone, Copy)]
enum Make {
    Transformation(fn(&Props) -> Result<Box<dyn Transformation>>),
    Predicate(fn(&Props) -> Result<Box<dyn Predicate>>),
}

/// Drops every record it is asked about.
struct Filter;

impl Transformation for Filter {
    fn apply(&mut self, _record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        Ok(None)
    }
}

macro_rules! transformation {
    ($class:literal, $overview:literal, $config_def:path, $make:expr) => {
        Plugin {
            class: concat!("org.apache.kafka.connect.transforms.", $class),
            kind: Kind::Transformation,
            overview: $overview,
            config_def: $config_def,
            make: Make::Transformation(|props| {
                $make(props).map(|made| Box::new(made) as Box<dyn Transformation>)
            }),
        }
    };
}

/// `X$Key` or `X$Value`.
macro_rules! half {
    ($class:literal, $part:expr, $overview:literal, $config_def:path, $type:ident) => {
        transformation!($class, $overview, $config_def, |props| $type::new($part, props))
    };
}

macro_rules! predicate {
    ($class:literal, $overview:literal, $config_def:path, $make:expr) => {
        Plugin {
            class: concat!("org.apache.kafka.connect.transforms.predicates.", $class),
            kind: Kind::Predicate,
            overview: $overview,
            config_def: $config_def,
            make: Make::Predicate(|props| $make(props).map(|made| Box::new(made) as Box<dyn Predicate>)),
        }
    };
}

/// All transforms and predicates.
pub fn plugins() -> &'static [Plugin] {
    PLUGINS
}

const PLUGINS: &[Plugin] = &[
    half!("Cast$Key", Part::Key, "Fields, or the whole key, as another type.", super::cast::config_def, Cast),
    half!(
        "Cast$Value",
        Part::Value,
        "Fields, or the whole value, as another type.",
        super::cast::config_def,
        Cast
    ),
    transformation!("DropHeaders", "Headers are removed.", super::headers::drop_config_def, DropHeaders::new),
    half!(
        "ExtractField$Key",
        Part::Key,
        "One field becomes the key.",
        super::extract_field::config_def,
        ExtractField
    ),
    half!(
        "ExtractField$Value",
        Part::Value,
        "One field becomes the value.",
        super::extract_field::config_def,
        ExtractField
    ),
    transformation!(
        "Filter",
        "Drops every record; of use with a predicate.",
        ConfigDef::new,
        |_: &Props| Ok(Filter)
    ),
    half!(
        "Flatten$Key",
        Part::Key,
        "Nested fields of the key become fields of the outermost struct or map.",
        super::flatten::config_def,
        Flatten
    ),
    half!(
        "Flatten$Value",
        Part::Value,
        "Nested fields of the value become fields of the outermost struct or map.",
        super::flatten::config_def,
        Flatten
    ),
    half!(
        "HeaderFrom$Key",
        Part::Key,
        "Fields of the key become headers.",
        super::header_from::config_def,
        HeaderFrom
    ),
    half!(
        "HeaderFrom$Value",
        Part::Value,
        "Fields of the value become headers.",
        super::header_from::config_def,
        HeaderFrom
    ),
    half!(
        "HoistField$Key",
        Part::Key,
        "The key becomes the only field of a struct or map.",
        super::hoist_field::config_def,
        HoistField
    ),
    half!(
        "HoistField$Value",
        Part::Value,
        "The value becomes the only field of a struct or map.",
        super::hoist_field::config_def,
        HoistField
    ),
    half!(
        "InsertField$Key",
        Part::Key,
        "Topic, partition, offset, timestamp or a fixed text as fields of the key.",
        super::insert_field::config_def,
        InsertField
    ),
    half!(
        "InsertField$Value",
        Part::Value,
        "Topic, partition, offset, timestamp or a fixed text as fields of the value.",
        super::insert_field::config_def,
        InsertField
    ),
    transformation!(
        "InsertHeader",
        "The same header for every record.",
        super::headers::insert_config_def,
        InsertHeader::new
    ),
    half!(
        "MaskField$Key",
        Part::Key,
        "Fields of the key become zero, empty or a replacement.",
        super::mask_field::config_def,
        MaskField
    ),
    half!(
        "MaskField$Value",
        Part::Value,
        "Fields of the value become zero, empty or a replacement.",
        super::mask_field::config_def,
        MaskField
    ),
    transformation!(
        "RegexRouter",
        "Another topic by a regular expression.",
        super::routers::regex_config_def,
        RegexRouter::new
    ),
    half!(
        "ReplaceField$Key",
        Part::Key,
        "Fields of the key left out, kept or renamed.",
        super::replace_field::config_def,
        ReplaceField
    ),
    half!(
        "ReplaceField$Value",
        Part::Value,
        "Fields of the value left out, kept or renamed.",
        super::replace_field::config_def,
        ReplaceField
    ),
    half!(
        "SetSchemaMetadata$Key",
        Part::Key,
        "Another name or version for the schema of the key.",
        super::schema_metadata::config_def,
        SetSchemaMetadata
    ),
    half!(
        "SetSchemaMetadata$Value",
        Part::Value,
        "Another name or version for the schema of the value.",
        super::schema_metadata::config_def,
        SetSchemaMetadata
    ),
    half!(
        "TimestampConverter$Key",
        Part::Key,
        "Moments in the key in another form.",
        super::timestamp_converter::config_def,
        TimestampConverter
    ),
    half!(
        "TimestampConverter$Value",
        Part::Value,
        "Moments in the value in another form.",
        super::timestamp_converter::config_def,
        TimestampConverter
    ),
    transformation!(
        "TimestampRouter",
        "Another topic by the record's timestamp.",
        super::routers::timestamp_config_def,
        TimestampRouter::new
    ),
    transformation!(
        "ValueToKey",
        "Fields of the value become the key.",
        super::value_to_key::config_def,
        ValueToKey::new
    ),
    predicate!(
        "HasHeaderKey",
        "Whether the record has a header of this name.",
        super::predicates::has_header_key_config_def,
        HasHeaderKey::new
    ),
    predicate!("RecordIsTombstone", "Whether the record has no value.", ConfigDef::new, |_: &Props| Ok(
        RecordIsTombstone
    )),
    predicate!(
        "TopicNameMatches",
        "Whether the topic matches a regular expression.",
        super::predicates::topic_name_matches_config_def,
        TopicNameMatches::new
    ),
];

impl Plugin {
    /// The settings it knows.
    pub fn config_def(&self) -> ConfigDef {
        (self.config_def)()
    }

    /// The last part of the class's name: `Cast$Value`.
    pub fn short_name(&self) -> &'static str {
        self.class.rsplit('.').next().unwrap_or(self.class)
    }
}

/// The plugin of this kind and class; the package may be left out.
pub fn plugin(kind: Kind, class: &str) -> Option<&'static Plugin> {
    plugins().iter().find(|p| p.kind == kind && (p.class == class || p.short_name() == class))
}

fn unknown(kind: Kind, class: &str) -> DataError {
    let known: Vec<&str> = plugins().iter().filter(|p| p.kind == kind).map(Plugin::short_name).collect();
    DataError::config(format!("Class {class} could not be found. Known here: {}", known.join(", ")))
}

/// A transform of this class with these settings (without prefix).
pub fn new_transformation(class: &str, props: &Props) -> Result<Box<dyn Transformation>> {
    match plugin(Kind::Transformation, class).map(|p| p.make) {
        Some(Make::Transformation(make)) => make(props),
        _ => Err(unknown(Kind::Transformation, class)),
    }
}

/// A predicate of this class with these settings (without prefix).
pub fn new_predicate(class: &str, props: &Props) -> Result<Box<dyn Predicate>> {
    match plugin(Kind::Predicate, class).map(|p| p.make) {
        Some(Make::Predicate(make)) => make(props),
        _ => Err(unknown(Kind::Predicate, class)),
    }
}

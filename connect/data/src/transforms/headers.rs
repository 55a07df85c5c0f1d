//! `InsertHeader` and `DropHeaders`.

use std::collections::HashSet;

use super::Transformation;
use crate::config::{ConfigDef, ConfigKey, ConfigType, Importance, ListOf, NonNull, Props};
use crate::error::{DataError, Result};
use crate::literal;
use crate::record::{ConnectRecord, Header};

/// The header, if its value goes with its schema (`ConnectHeaders.checkSchemaMatches`): nulls need an optional schema.
pub(super) fn checked(header: Header) -> Result<Header> {
    if let Some(schema) = &header.value.schema
        && header.value.value.is_null()
        && !schema.is_optional()
    {
        return Err(DataError::data(format!("A null value requires an optional schema but was {schema}")));
    }
    Ok(header)
}

pub(super) struct InsertHeader {
    header: Header,
}

pub(super) fn insert_config_def() -> ConfigDef {
    let text = |name: &str, documentation: &str| {
        ConfigKey::required(name, ConfigType::String, Importance::High, documentation).validator(NonNull)
    };
    ConfigDef::new().define(text("header", "The name of the header.")).define(text(
        "value.literal",
        "Its value, the same for all records: a number, boolean, date, list, map or text.",
    ))
}

impl InsertHeader {
    pub(super) fn new(props: &Props) -> Result<Self> {
        let config = insert_config_def().parse(props)?;
        let value = literal::parse(config.text("value.literal"))?;
        Ok(Self { header: Header { key: config.text("header").into(), value } })
    }
}

impl Transformation for InsertHeader {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        record.headers.push(self.header.clone());
        Ok(Some(record))
    }
}

pub(super) struct DropHeaders {
    names: HashSet<String>,
}

pub(super) fn drop_config_def() -> ConfigDef {
    let names = ConfigKey::required(
        "headers",
        ConfigType::List,
        Importance::High,
        "The names of the headers to remove.",
    );
    ConfigDef::new().define(names.validator(ListOf::SOME))
}

impl DropHeaders {
    pub(super) fn new(props: &Props) -> Result<Self> {
        let config = drop_config_def().parse(props)?;
        Ok(Self { names: config.list("headers").iter().cloned().collect() })
    }
}

impl Transformation for DropHeaders {
    fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        record.headers.retain(|header| !self.names.contains(&*header.key));
        Ok(Some(record))
    }
}

//! `highway.Filter`: keeps or drops records by a condition.

use super::{Expression, check, compile};
use crate::config::{Check, ConfigDef, ConfigKey, ConfigType, Importance, OneOf, Props};
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;
use crate::transforms::Transformation;

pub(crate) struct Filter {
    condition: Expression,
    include: bool,
    /// What becomes of a record that lacks what the condition asks for: kept, dropped, or (None) an error.
    missing: Option<bool>,
}

pub(crate) fn config_def() -> ConfigDef {
    use ConfigType::String;
    let condition = ConfigKey::required(
        "condition",
        String,
        Importance::High,
        "A CEL expression that is true or false, such as value.amount > 100 && topic.startsWith('orders'). It sees key, value, headers, \
         topic, partition, offset and timestamp.",
    );
    let kind = ConfigKey::new(
        "filter.type",
        String,
        "include",
        Importance::Medium,
        "include keeps the records for which the condition is true, exclude those for which it is false.",
    );
    let missing = ConfigKey::new(
        "missing.or.null.behavior",
        String,
        "fail",
        Importance::Medium,
        "What becomes of a record that lacks a field of the condition, or has null there: fail, include or exclude.",
    );
    ConfigDef::new()
        .define(condition.validator(Check(check, "a CEL expression")))
        .define(kind.validator(OneOf(&["include", "exclude"])))
        .define(missing.validator(OneOf(&["fail", "include", "exclude"])))
}

impl Filter {
    pub(crate) fn new(props: &Props) -> Result<Self> {
        let config = config_def().parse(props)?;
        Ok(Self {
            condition: compile("condition", config.text("condition"))?,
            include: config.text("filter.type") == "include",
            missing: match config.text("missing.or.null.behavior") {
                "include" => Some(true),
                "exclude" => Some(false),
                _ => None,
            },
        })
    }
}

impl Transformation for Filter {
    fn apply(&mut self, record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        let keep = match (self.condition.of(&record)?, self.missing) {
            (Ok(cel::Value::Bool(holds)), _) => holds == self.include,
            (Ok(cel::Value::Null) | Err(_), Some(keep)) => keep,
            (Err(error), None) => return Err(error),
            (Ok(other), _) => {
                return Err(DataError::data(format!(
                    "The condition {} is a {} and not true or false",
                    self.condition.source,
                    other.type_of()
                )));
            }
        };
        Ok(keep.then_some(record))
    }
}

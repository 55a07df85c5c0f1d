//! The transforms of a connector in their order, each with its predicate.

use super::Transformation;
use super::plugins::{new_predicate, new_transformation};
use super::predicates::Predicate;
use crate::config::{ConfigType, ConfigValue, Props, with_prefix};
use crate::error::{DataError, ErrorClass, Result};
use crate::record::ConnectRecord;

/// One transform of a chain.
pub struct Stage {
    alias: String,
    class: String,
    transformation: Box<dyn Transformation>,
    predicate: Option<(Box<dyn Predicate>, bool)>,
}

/// `TransformationChain`: `transforms`, `transforms.<alias>.*`, `predicates.<alias>.*`.
#[derive(Default)]
pub struct Chain {
    stages: Vec<Stage>,
}

/// The aliases that a setting lists, each once.
pub(super) fn aliases(props: &Props, setting: &str) -> Result<Vec<String>> {
    let Some(text) = props.get(setting) else { return Ok(Vec::new()) };
    let ConfigValue::List(items) = ConfigValue::parse(setting, text, ConfigType::List)? else {
        return Ok(Vec::new());
    };
    let mut unique: Vec<String> = Vec::with_capacity(items.len());
    for alias in items {
        if !unique.contains(&alias) {
            unique.push(alias);
        }
    }
    Ok(unique)
}

impl Chain {
    /// From a connector's whole configuration. What is wrong is an error that names the alias.
    pub fn new(props: &Props) -> Result<Self> {
        let stages = aliases(props, "transforms")?
            .into_iter()
            .map(|alias| Stage::new(alias, props))
            .collect::<Result<_>>()?;
        Ok(Self { stages })
    }

    /// Of stages made elsewhere.
    pub fn of(stages: Vec<Stage>) -> Self {
        Self { stages }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// The stages, for a caller that retries or reports each one by itself.
    pub fn stages(&mut self) -> &mut [Stage] {
        &mut self.stages
    }

    /// The record after all transforms; None when one dropped it. The error names the alias that failed.
    pub fn apply(&mut self, mut record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        for stage in &mut self.stages {
            match stage.apply(record)? {
                Some(next) => record = next,
                None => return Ok(None),
            }
        }
        Ok(Some(record))
    }
}

impl Stage {
    fn new(alias: String, props: &Props) -> Result<Self> {
        let named = |error: DataError| {
            DataError::new(error.class, format!("Transformation {alias}: {}", error.message))
        };
        let prefix = format!("transforms.{alias}.");
        let mut own = with_prefix(props, &prefix);
        let class = own.remove("type").map(|class| class.trim().to_owned());
        let class = class.ok_or_else(|| {
            DataError::config(format!(
                "Missing required configuration \"{prefix}type\" which has no default value."
            ))
        })?;
        let (predicate, negate) = (own.remove("predicate"), own.remove("negate"));
        if negate.is_some() && predicate.is_none() {
            return Err(DataError::config(format!(
                "Config '{prefix}negate' was provided but there is no config '{prefix}predicate' defining a predicate to be negated."
            )));
        }
        let transformation = new_transformation(&class, &own).map_err(named)?;
        let predicate = match predicate {
            None => None,
            Some(name) => {
                let name = name.trim();
                let mut own = with_prefix(props, &format!("predicates.{name}."));
                let class = own.remove("type").ok_or_else(|| {
                    DataError::config(format!("Missing required configuration \"predicates.{name}.type\" which has no default value."))
                })?;
                let predicate = new_predicate(class.trim(), &own).map_err(|error| {
                    DataError::new(error.class, format!("Predicate {name}: {}", error.message))
                })?;
                let negate = match negate {
                    Some(text) => ConfigValue::parse(&format!("{prefix}negate"), &text, ConfigType::Boolean)?,
                    None => ConfigValue::Boolean(false),
                };
                Some((predicate, negate == ConfigValue::Boolean(true)))
            }
        };
        Ok(Self { alias, class, transformation, predicate })
    }

    /// A stage of a transform made elsewhere.
    pub fn of(alias: &str, class: &str, transformation: Box<dyn Transformation>) -> Self {
        Self { alias: alias.to_owned(), class: class.to_owned(), transformation, predicate: None }
    }

    /// Its name in the configuration.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// The class of its transform, as it was configured: the header `__connect.errors.class.name` of a dead letter.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The record after the transform, or as it was where the predicate says that it is none of its business.
    pub fn apply(&mut self, record: ConnectRecord) -> Result<Option<ConnectRecord>> {
        if let Some((predicate, negate)) = &mut self.predicate
            && predicate.test(&record).map_err(|error| wrapped(&self.alias, error))? == *negate
        {
            return Ok(Some(record));
        }
        self.transformation.apply(record)
    }
}

fn wrapped(alias: &str, error: DataError) -> DataError {
    match error.class {
        ErrorClass::Data => error,
        class => DataError::new(class, format!("Transformation {alias}: {}", error.message)),
    }
}

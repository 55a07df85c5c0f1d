//! Beyond Kafka's transforms: `highway.Filter` and `highway.Compute`, by expressions of the Common Expression Language (CEL).
//!
//! An expression sees `key`, `value`, `headers` (names to values; of a name that stands twice the last), `topic`, `partition`, `offset`
//! and `timestamp` (milliseconds since 1970). Structs are maps, instants are milliseconds, decimals are doubles.

mod bounded;
mod compute;
mod convert;
mod filter;

#[cfg(test)]
mod cel_test;

pub(super) use compute::{Compute, config_def as compute_config_def};
pub(super) use filter::{Filter, config_def as filter_config_def};

use cel::{Context, ExecutionError, Program};

use crate::config::ConfigValue;
use crate::error::{DataError, Result};
use crate::record::ConnectRecord;

/// What an expression may name.
const VARIABLES: [&str; 7] = ["key", "value", "headers", "topic", "partition", "offset", "timestamp"];

/// So much of a wrong expression is shown.
const SHOWN: usize = 200;

/// An expression, compiled once.
pub(super) struct Expression {
    source: String,
    program: Program,
    context: Context<'static, 'static>,
    /// Those of [`VARIABLES`] that it names: others are not converted.
    names: Vec<&'static str>,
}

/// The CEL expression of this setting; what is wrong with it is a `ConfigException`.
fn compile(name: &str, source: &str) -> Result<Expression> {
    let shown: String = source.chars().take(SHOWN).collect();
    let wrong = |why: String| DataError::config_value(name, &shown, format!("not a CEL expression: {why}"));
    let program = bounded::parse(source).map_err(wrong)?;
    let references = program.references();
    if let Some(unknown) = references.variables().iter().find(|v| !VARIABLES.contains(v)) {
        return Err(wrong(format!("{unknown} is not known; there are {}", VARIABLES.join(", "))));
    }
    let names = VARIABLES.into_iter().filter(|v| references.has_variable(v)).collect();
    Ok(Expression { source: source.to_owned(), program, context: Context::default(), names })
}

/// The validator of a setting that holds an expression.
fn check(name: &str, value: &ConfigValue) -> Result<()> {
    match value {
        ConfigValue::String(source) => compile(name, source).map(drop),
        _ => Ok(()),
    }
}

impl Expression {
    /// What the expression is of the record. The inner error says that the record lacks what the expression asks for.
    fn of(&mut self, record: &ConnectRecord) -> Result<std::result::Result<cel::Value, DataError>> {
        let mut scope = self.context.new_inner_scope();
        for name in &self.names {
            scope.add_variable_from_value(*name, convert::variable(name, record));
        }
        match self.program.execute(&scope) {
            Ok(value) => Ok(Ok(value)),
            Err(error @ (ExecutionError::NoSuchKey(_) | ExecutionError::NoSuchOverload(_))) => {
                Ok(Err(self.failed(&error)))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The text names the expression and not the record, whose content may be secret.
    fn failed(&self, error: &ExecutionError) -> DataError {
        let why = match error {
            ExecutionError::NoSuchKey(key) => format!("there is no {key}"),
            ExecutionError::NoSuchOverload(_) => {
                "an operator or function is not for values of these types".to_owned()
            }
            ExecutionError::UndeclaredReference(name) => format!("{name} is not known"),
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "a division by zero".to_owned()
            }
            ExecutionError::Overflow(..) => "a number became too large".to_owned(),
            _ => "its values are not of the types it needs".to_owned(),
        };
        DataError::data(format!("The expression {} failed: {why}", self.source))
    }
}

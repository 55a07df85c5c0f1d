//! `/config`, `/mode` and contexts.

use serde_json::json;

use super::bodies::{ConfigBody, ModeBody, config_echo, read};
use super::parts::Query;
use super::{Refusal, Reply, Told, answer};
use crate::compat::Level;
use crate::registry::{Answer, Command, Config, Mode, Registry, RegistryError};
use crate::subject::Subject;

pub(super) fn config(registry: &Registry, subject: Option<Subject>, query: &Query) -> Reply {
    let subject = subject.as_ref();
    if query.flag("defaultToGlobal") {
        return answer(registry.config_in_scope(subject));
    }
    answer(registry.config(subject)?)
}

pub(super) fn set_config(registry: &Registry, subject: Option<Subject>, body: &[u8]) -> Reply {
    let ConfigBody { compatibility, level, rest } = read(body)?;
    let mut update: Config = serde_json::from_value(serde_json::Value::Object(rest))
        .map_err(|error| Refusal::Body(format!("Malformed request body: {error}")))?;
    if let Some(name) = compatibility.or(level) {
        update.compatibility_level = Some(Level::by_name(&name).ok_or(RegistryError::InvalidLevel)?);
    }
    let step = registry.step(Command::SetConfig { subject, update: Box::new(update) })?;
    let echo = if let Answer::Config(config) = &step.answer { config_echo(config) } else { json!({}) };
    Ok((step.records, echo.into()))
}

pub(super) fn delete_config(registry: &Registry, subject: Option<Subject>) -> Reply {
    let step = registry.step(Command::DeleteConfig { subject })?;
    let old = if let Answer::Config(config) = &step.answer { json!(config) } else { json!({}) };
    Ok((step.records, old.into()))
}

pub(super) fn mode(registry: &Registry, subject: Option<Subject>, query: &Query) -> Reply {
    let subject = subject.as_ref();
    let mode = if query.flag("defaultToGlobal") {
        registry.mode_in_scope(subject)
    } else {
        registry.mode(subject)?
    };
    answer(json!({"mode": mode.name()}))
}

pub(super) fn set_mode(registry: &Registry, subject: Option<Subject>, query: &Query, body: &[u8]) -> Reply {
    let name = read::<ModeBody>(body)?.mode;
    let mode = name.map(|name| Mode::by_name(&name).ok_or(RegistryError::InvalidMode)).transpose()?;
    let step = registry.step(Command::SetMode { subject, mode, force: query.flag("force") })?;
    Ok((step.records, json!({"mode": mode.map(Mode::name)}).into()))
}

pub(super) fn delete_mode(registry: &Registry, subject: Option<Subject>, query: &Query) -> Reply {
    let step = registry.step(Command::DeleteMode { subject, recursive: query.flag("recursive") })?;
    let old = if let Answer::Mode(mode) = step.answer { mode } else { None };
    Ok((step.records, json!({"mode": old.map(Mode::name)}).into()))
}

pub(super) fn delete_context(registry: &Registry, context: &str) -> Reply {
    let context = context.trim_start_matches(':').trim_end_matches(':');
    let context = if context.starts_with('.') { context.to_owned() } else { format!(".{context}") };
    let step = registry.step(Command::DeleteContext { context })?;
    Ok((step.records, Told::Nothing))
}

//! Endpoints: the node compares, and says what would change.

use serde_json::Value;

use super::args::ApplyArgs;
use super::document::Endpoint;
use super::run::{Plan, State};
use crate::commands::endpoint::{call, encoded};
use crate::failure::{EXIT_NOT_FOUND, Failure};

const JSON: &str = "application/json";

/// The subject that payloads are checked against.
fn subject(definition: &Value) -> Option<String> {
    let schema = definition.get("schema").filter(|schema| !schema.is_null())?;
    let named = schema["subject"].as_str().map(str::to_owned);
    named.or_else(|| definition["topic"].as_str().map(|topic| format!("{topic}-value")))
}

/// Says what applying it would change; with `apply` it is done. `pending` are subjects that are registered before it: the node
/// knows them only then.
pub(super) async fn run(
    args: &ApplyArgs,
    endpoint: &Endpoint,
    pending: &[&str],
    apply: bool,
) -> Result<Plan, Failure> {
    let path = format!("/api/v1/endpoints/{}", encoded(&endpoint.name));
    let now = match call(&args.admin, "GET", &path, JSON, b"").await {
        Err(failure) if failure.code == EXIT_NOT_FOUND => None,
        found => Some(found?),
    };
    let mut definition = endpoint.definition.clone();
    // Keys are made by `highway endpoint key create`; a file that says nothing of them leaves them.
    if definition.get("auth").is_none()
        && let Some(keys) = now.as_ref().map(|now| &now["auth"]).filter(|auth| auth.get("api-keys").is_some())
    {
        definition["auth"] = keys.clone();
    }
    let waits = !apply && subject(&definition).is_some_and(|subject| pending.contains(&subject.as_str()));
    if waits && let Some(members) = definition.as_object_mut() {
        members.remove("schema");
    }
    let suffix = if apply { "" } else { "?dry_run=true" };
    let told =
        call(&args.admin, "PUT", &format!("{path}{suffix}"), JSON, definition.to_string().as_bytes()).await?;
    let state = match told["change"].as_str() {
        Some("created") => State::Created,
        Some("unchanged") if !waits => State::Unchanged,
        _ => State::Changed,
    };
    let mut changes = Vec::new();
    if let Some(now) = now {
        let members = told.as_object().into_iter().flatten();
        let differing = members.filter(|(name, value)| now.get(*name) != Some(value) && *name != "change");
        changes.extend(differing.map(|(name, value)| format!("{name}={}", short(value))));
        if waits {
            changes.push("schema".to_owned());
        }
        if changes.is_empty() && state == State::Changed {
            changes.push("secrets".to_owned());
        }
    } else if let Some(path) = told["path"].as_str() {
        changes.push(format!("path {path}"));
    }
    Ok(Plan::new(state, changes))
}

fn short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

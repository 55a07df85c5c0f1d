//! Schemas: registered unless they are there, with the level of their subject.

use serde_json::{Value, json};

use super::args::ApplyArgs;
use super::document::Schema;
use super::run::{Plan, State};
use crate::commands::endpoint::{call_as, encoded};
use crate::failure::{EXIT_CONFLICT, EXIT_NOT_FOUND, EXIT_UNREACHABLE, Failure};

const MEDIA: &str = "application/vnd.schemaregistry.v1+json";

struct Registry<'a>(&'a ApplyArgs);

impl Registry<'_> {
    async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let user = self.0.registry_user.as_deref();
        let asked = call_as(&self.0.registry, user, method, path, MEDIA, text.as_bytes()).await;
        asked.map_err(|failure| match failure.code {
            EXIT_UNREACHABLE => {
                failure.hint("--registry HOST:PORT names the node's highway.registry.listener")
            }
            _ => failure,
        })
    }

    /// The same, where the thing need not be there.
    async fn find(&self, method: &str, path: &str, body: &Value) -> Result<Option<Value>, Failure> {
        match self.ask(method, path, body).await {
            Err(failure) if failure.code == EXIT_NOT_FOUND => Ok(None),
            found => found.map(Some),
        }
    }
}

/// The body that registers it: a schema that is written as YAML becomes its text.
fn body(schema: &Schema) -> Value {
    let mut body = json!(schema);
    if !schema.schema.is_string() {
        body["schema"] = json!(schema.schema.to_string());
    }
    body
}

/// Says what applying it would change; with `apply` it is done. `pending` are subjects that are registered before it: what it
/// uses of these can only be checked then.
pub(super) async fn run(
    args: &ApplyArgs,
    schema: &Schema,
    pending: &[&str],
    apply: bool,
) -> Result<Plan, Failure> {
    let registry = Registry(args);
    let subject = encoded(&schema.subject);
    let mut changes = Vec::new();
    if let Some(level) = &schema.compatibility {
        let level = level.to_ascii_uppercase();
        let path = format!("/config/{subject}");
        let now = registry.find("GET", &path, &Value::Null).await?;
        if now.and_then(|now| now["compatibilityLevel"].as_str().map(str::to_owned)).as_ref() != Some(&level)
        {
            if apply {
                let set = registry.ask("PUT", &path, &json!({ "compatibility": level })).await;
                set.map_err(|failure| Failure {
                    error: format!("compatibility: {}", failure.error),
                    ..failure
                })?;
            }
            changes.push(format!("compatibility {level}"));
        }
    }
    let body = body(schema);
    let waits = schema.references.iter().any(|used| pending.contains(&used.subject.as_str()));
    let versions = format!("/subjects/{subject}/versions");
    let latest = registry.find("GET", &format!("{versions}/latest"), &Value::Null).await?;
    let there = if waits && !apply {
        None
    } else {
        registry.find("POST", &format!("/subjects/{subject}"), &body).await?
    };
    let is_latest =
        matches!((&there, &latest), (Some(there), Some(latest)) if there["version"] == latest["version"]);
    if !is_latest {
        if apply {
            let made = registry.ask("POST", &versions, &body).await?;
            changes.push(format!("version {}, id {}", made["version"], made["id"]));
        } else if waits {
            changes.push("a version; what it uses is registered first".to_owned());
        } else {
            compatible(&registry, &subject, &body).await?;
            changes.push("a version".to_owned());
        }
    }
    let state = match (latest.is_some(), changes.is_empty()) {
        (false, _) => State::Created,
        (true, true) => State::Unchanged,
        (true, false) => State::Changed,
    };
    Ok(Plan::new(state, changes))
}

async fn compatible(registry: &Registry<'_>, subject: &str, body: &Value) -> Result<(), Failure> {
    let path = format!("/compatibility/subjects/{subject}/versions");
    // A schema that cannot be read is an error here, and a reason where words are asked for.
    if registry.ask("POST", &path, body).await?["is_compatible"] == true {
        return Ok(());
    }
    let verdict = registry.ask("POST", &format!("{path}?verbose=true"), body).await?;
    let messages = verdict["messages"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words = messages.collect::<Vec<_>>().join(", ");
    Err(Failure::new(EXIT_CONFLICT, format!("schema: it is not compatible with an earlier version: {words}")))
}

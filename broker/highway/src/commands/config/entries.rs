//! Settings of a running cluster, shown and changed.

use highway_client::Client;
use highway_client::admin::{ConfigChange, ConfigResource, ConfigSource};
use highway_server::config::explain;
use serde_json::json;

use crate::cli::OutputArgs;
use crate::commands::common::config_failure;
use crate::failure::{EXIT_NOT_FOUND, Failure};
use crate::output::{self, Table, nearest};

/// Shows those named; without names those that were set, or with `all` every one.
pub async fn show(
    client: &Client,
    resource: &ConfigResource,
    keys: &[String],
    all: bool,
    output: &OutputArgs,
) -> Result<(), Failure> {
    let entries = client.describe_configs(resource, None, false).await?;
    if let Some(unknown) = keys.iter().find(|k| !entries.iter().any(|e| e.name == **k)) {
        let failure = Failure::new(EXIT_NOT_FOUND, format!("{resource} has no setting {unknown}"));
        return Err(match nearest(unknown, entries.iter().map(|e| e.name.as_str())) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure,
        });
    }
    let default = matches!(resource, ConfigResource::Topic(_));
    let set_here = |source: ConfigSource| match default {
        true => source == ConfigSource::Topic,
        false => !matches!(source, ConfigSource::Default),
    };
    let wanted = entries.iter().filter(|e| match keys.is_empty() {
        true => all || set_here(e.source),
        false => keys.contains(&e.name),
    });
    let mut items = Vec::new();
    let mut table = Table::new(&["SETTING", "VALUE", "SOURCE", "READ-ONLY"]);
    for entry in wanted {
        let value = if entry.sensitive { Some("(secret)".to_owned()) } else { entry.value.clone() };
        items.push(json!({
            "key": entry.name, "value": value, "source": entry.source.to_string(), "read_only": entry.read_only,
        }));
        let shown = value.unwrap_or_else(|| "-".to_owned());
        table.row([entry.name.clone(), shown, entry.source.to_string(), entry.read_only.to_string()]);
    }
    if output.is_json() {
        output::json(&json!({ "resource": resource.to_string(), "items": items }))
    } else {
        table.print()
    }
}

/// Changes them and says so.
pub async fn change(
    client: &Client,
    resource: &ConfigResource,
    changes: &[ConfigChange],
    dry_run: bool,
    output: &OutputArgs,
) -> Result<(), Failure> {
    let keys: Vec<_> = changes
        .iter()
        .map(|c| match c {
            ConfigChange::Set(key, _)
            | ConfigChange::Unset(key)
            | ConfigChange::Append(key, _)
            | ConfigChange::Subtract(key, _) => key.as_str(),
        })
        .collect();
    client.alter_configs(resource, changes, dry_run).await.map_err(|error| match resource {
        ConfigResource::Topic(_) => config_failure(error, &keys),
        _ => match keys
            .iter()
            .find(|k| explain(k).is_none())
            .and_then(|k| nearest(k, highway_server::config::keys()))
        {
            Some(near) => Failure::from(error).hint(format!("did you mean {near}?")),
            None => error.into(),
        },
    })?;
    if output.is_json() {
        let items: Vec<_> = changes
            .iter()
            .map(|c| match c {
                ConfigChange::Set(key, value) => json!({ "key": key, "operation": "set", "value": value }),
                ConfigChange::Append(key, value) => {
                    json!({ "key": key, "operation": "append", "value": value })
                }
                ConfigChange::Subtract(key, value) => {
                    json!({ "key": key, "operation": "subtract", "value": value })
                }
                ConfigChange::Unset(key) => json!({ "key": key, "operation": "unset", "value": null }),
            })
            .collect();
        let resource = resource.to_string();
        return output::json(&json!({ "resource": resource, "applied": !dry_run, "items": items }));
    }
    let count = changes.len();
    let done = if dry_run { "could be changed" } else { "changed" };
    output::note(format_args!("{resource}: {count} settings {done}"));
    Ok(())
}

//! `highway group list`.

use clap::Args;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::failure::Failure;
use crate::output::{self, Table};

/// Arguments of `highway group list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only groups whose id contains this
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: ListArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let mut items = Vec::new();
    let mut table = Table::new(&["GROUP", "STATE", "TYPE", "PROTOCOL"]);
    for group in client.list_groups().await? {
        if args.text.as_ref().is_some_and(|text| !group.id.as_str().contains(text.as_str())) {
            continue;
        }
        items.push(json!({
            "group": group.id.as_str(), "state": group.state, "type": group.kind, "protocol_type": group.protocol_type,
        }));
        table.row([group.id.to_string(), group.state, group.kind, group.protocol_type]);
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { table.print() }
}

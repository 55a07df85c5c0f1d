//! `highway group delete`.

use clap::Args;
use highway_client::ErrorCode;
use highway_types::GroupId;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::unknown_group;
use crate::failure::Failure;
use crate::output::{self, Table, confirm};

/// Arguments of `highway group delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Group ids
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: DeleteArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    confirm(&format!("Delete {} with all committed offsets?", args.groups.join(", ")), args.yes)?;
    let mut items = Vec::new();
    let mut table = Table::new(&["GROUP", "STATE"]);
    for name in &args.groups {
        let group = GroupId::new(name);
        match client.delete_group(&group).await {
            Ok(()) => {}
            Err(error) if error.code() == Some(ErrorCode::GROUP_ID_NOT_FOUND) => {
                return Err(unknown_group(&client, &group).await);
            }
            Err(error) => return Err(error.into()),
        }
        table.row([name.clone(), "deleted".to_owned()]);
        items.push(json!({ "group": name, "state": "deleted" }));
    }
    if args.output.is_json() { output::json(&json!({ "items": items })) } else { table.print() }
}

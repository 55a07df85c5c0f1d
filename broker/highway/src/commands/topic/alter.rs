//! `highway topic alter`, also `highway topic config`.

use clap::Args;
use highway_client::admin::{ConfigChange, ConfigResource};

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::{existing_topic, pair};
use crate::commands::config::entries;
use crate::failure::Failure;

/// Arguments of `highway topic alter`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway topic alter clicks retention.ms=86400000
  highway topic alter clicks --unset retention.ms
  highway topic config clicks                        show what is set

`highway config explain KEY` says what a key does.")]
pub struct AlterArgs {
    /// Its name
    #[arg(value_name = "TOPIC")]
    name: String,
    /// Settings to change; without any they are shown
    #[arg(value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// A setting to put back to its default; repeat for more
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Only say whether it could be changed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: AlterArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let topic = existing_topic(&client, &args.name).await?;
    let resource = ConfigResource::Topic(topic.name.clone());
    let set = args.set.into_iter().map(|(key, value)| ConfigChange::Set(key, value));
    let changes: Vec<_> = set.chain(args.unset.into_iter().map(ConfigChange::Unset)).collect();
    if changes.is_empty() {
        return entries::show(&client, &resource, &[], false, &args.output).await;
    }
    entries::change(&client, &resource, &changes, args.dry_run, &args.output).await
}

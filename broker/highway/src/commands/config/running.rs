//! `highway config get`, `set` and `unset`.

use clap::{Args, ValueEnum};
use highway_client::Client;
use highway_client::admin::{ConfigChange, ConfigResource};
use highway_types::NodeId;

use super::entries;
use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::{existing_topic, pair};
use crate::failure::Failure;

/// What has settings.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// A topic, by name
    Topic,
    /// A broker by its number, or `all`
    Broker,
}

/// Which thing.
#[derive(Debug, Args)]
pub struct Thing {
    /// topic or broker
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,
    /// The topic's name; the broker's number, or all
    #[arg(value_name = "NAME")]
    name: String,
}

/// Arguments of `highway config get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway config get topic clicks                     what was set for it
  highway config get topic clicks retention.ms
  highway config get broker 1 --all")]
pub struct GetArgs {
    #[command(flatten)]
    thing: Thing,
    /// Only these
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Also those that nobody set
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Arguments of `highway config set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway config set topic clicks retention.ms=86400000
  highway config set broker all log.retention.ms=604800000")]
pub struct SetArgs {
    #[command(flatten)]
    thing: Thing,
    /// What to set
    #[arg(value_name = "KEY=VALUE", required = true, value_parser = pair)]
    set: Vec<(String, String)>,
    /// Only say whether it could be changed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Arguments of `highway config unset`.
#[derive(Debug, Args)]
pub struct UnsetArgs {
    #[command(flatten)]
    thing: Thing,
    /// What to put back
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    /// Only say whether it could be changed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl Thing {
    async fn resource(&self, client: &Client) -> Result<ConfigResource, Failure> {
        match self.kind {
            Kind::Topic => Ok(ConfigResource::Topic(existing_topic(client, &self.name).await?.name.clone())),
            Kind::Broker if self.name == "all" => Ok(ConfigResource::AllBrokers),
            Kind::Broker => {
                let bad = || Failure::usage(format!("broker {}: give its number, or all", self.name));
                let id = NodeId(self.name.parse().map_err(|_| bad())?);
                let view = client.refresh(Some(&[]), false).await?;
                if view.nodes.contains_key(&id) {
                    return Ok(ConfigResource::Broker(id));
                }
                let there: Vec<_> = view.nodes.keys().map(ToString::to_string).collect();
                let error = format!("broker {id} does not exist");
                Err(Failure::new(crate::failure::EXIT_NOT_FOUND, error)
                    .hint(format!("there is broker {}", there.join(", "))))
            }
        }
    }
}

pub(super) async fn get(args: GetArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let resource = args.thing.resource(&client).await?;
    entries::show(&client, &resource, &args.keys, args.all, &args.output).await
}

pub(super) async fn set(args: SetArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let resource = args.thing.resource(&client).await?;
    let changes: Vec<_> = args.set.into_iter().map(|(key, value)| ConfigChange::Set(key, value)).collect();
    entries::change(&client, &resource, &changes, args.dry_run, &args.output).await
}

pub(super) async fn unset(args: UnsetArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let resource = args.thing.resource(&client).await?;
    let changes: Vec<_> = args.keys.into_iter().map(ConfigChange::Unset).collect();
    entries::change(&client, &resource, &changes, args.dry_run, &args.output).await
}

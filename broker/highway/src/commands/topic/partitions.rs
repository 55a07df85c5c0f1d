//! `highway topic partitions`.

use clap::Args;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::commands::common::existing_topic;
use crate::failure::{EXIT_CONFLICT, Failure};
use crate::output;

/// Arguments of `highway topic partitions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Partitions cannot be taken away again, and keys may move: a record's partition depends on how many there are.")]
pub struct PartitionsArgs {
    /// Its name
    #[arg(value_name = "TOPIC")]
    name: String,
    /// How many partitions it shall have altogether
    #[arg(value_name = "COUNT", value_parser = clap::value_parser!(i32).range(1..))]
    count: i32,
    /// Only say whether it could be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn run(args: PartitionsArgs) -> Result<(), Failure> {
    let client = args.client.connect().await?;
    let topic = existing_topic(&client, &args.name).await?;
    let before = topic.partitions.len();
    if usize::try_from(args.count).is_ok_and(|count| count <= before) {
        let error = format!("topic {} has {before} partitions; {} would not be more", args.name, args.count);
        return Err(Failure::new(EXIT_CONFLICT, error));
    }
    client.create_partitions(&topic.name, args.count, args.dry_run).await?;
    if args.output.is_json() {
        let applied = !args.dry_run;
        return output::json(&json!({
            "topic": args.name, "partitions": args.count, "before": before, "applied": applied,
        }));
    }
    let state = if args.dry_run { "could have" } else { "has" };
    output::note(format_args!("topic {} {state} {} partitions, {before} before", args.name, args.count));
    Ok(())
}

//! `highway topic`.

mod alter;
mod create;
mod delete;
mod describe;
mod list;
mod partitions;
mod truncate;

use clap::Subcommand;

use crate::failure::Failure;

/// What to do with topics.
#[derive(Debug, Subcommand)]
pub enum TopicCommand {
    /// Make topics
    Create(create::CreateArgs),
    /// List topics
    #[command(alias = "ls")]
    List(list::ListArgs),
    /// Partitions, offsets, sizes and settings of topics
    Describe(describe::DescribeArgs),
    /// Change settings of a topic
    #[command(visible_alias = "config")]
    Alter(alter::AlterArgs),
    /// Give a topic more partitions
    Partitions(partitions::PartitionsArgs),
    /// Delete records from the beginning of a topic's partitions
    Truncate(truncate::TruncateArgs),
    /// Delete topics with all their records
    #[command(alias = "rm")]
    Delete(delete::DeleteArgs),
}

/// Runs it.
pub async fn run(command: TopicCommand) -> Result<(), Failure> {
    match command {
        TopicCommand::Create(args) => create::run(args).await,
        TopicCommand::List(args) => list::run(args).await,
        TopicCommand::Describe(args) => describe::run(args).await,
        TopicCommand::Alter(args) => alter::run(args).await,
        TopicCommand::Partitions(args) => partitions::run(args).await,
        TopicCommand::Truncate(args) => truncate::run(args).await,
        TopicCommand::Delete(args) => delete::run(args).await,
    }
}

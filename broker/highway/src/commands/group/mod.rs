//! `highway group`.

mod delete;
mod delete_offsets;
mod describe;
mod list;
mod reset;

use clap::Subcommand;

use crate::failure::Failure;

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// List groups
    #[command(alias = "ls")]
    List(list::ListArgs),
    /// Members, committed offsets and lag of groups
    Describe(describe::DescribeArgs),
    /// Set committed offsets of a group without members
    Reset(reset::ResetArgs),
    /// Delete committed offsets of a topic
    DeleteOffsets(delete_offsets::DeleteOffsetsArgs),
    /// Delete groups with their committed offsets
    #[command(alias = "rm")]
    Delete(delete::DeleteArgs),
}

/// Runs it.
pub async fn run(command: GroupCommand) -> Result<(), Failure> {
    match command {
        GroupCommand::List(args) => list::run(args).await,
        GroupCommand::Describe(args) => describe::run(args).await,
        GroupCommand::Reset(args) => reset::run(args).await,
        GroupCommand::DeleteOffsets(args) => delete_offsets::run(args).await,
        GroupCommand::Delete(args) => delete::run(args).await,
    }
}

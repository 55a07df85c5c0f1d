//! `highway config`: of a node's file, and of a running cluster.

pub mod entries;
mod explain;
mod running;
mod show;

use clap::Subcommand;

use super::block_on;
use crate::failure::Failure;

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every value of a node's configuration with where it comes from, without a running node
    Show(show::ShowArgs),
    /// Settings of a topic or broker of a running cluster
    Get(running::GetArgs),
    /// Change settings of a topic or broker of a running cluster
    Set(running::SetArgs),
    /// Put settings of a topic or broker of a running cluster back to their defaults
    Unset(running::UnsetArgs),
    /// Say what a key does, which values it takes, and its default
    Explain(explain::ExplainArgs),
}

/// Runs it.
pub fn run(command: ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show(args) => show::run(&args),
        ConfigCommand::Explain(args) => explain::run(&args),
        ConfigCommand::Get(args) => block_on(running::get(args)),
        ConfigCommand::Set(args) => block_on(running::set(args)),
        ConfigCommand::Unset(args) => block_on(running::unset(args)),
    }
}

//! `highway`: one binary for the node and for every tool around it.

mod cli;
mod commands;
mod failure;
mod output;
mod parts;
mod serve;
mod times;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Server(args) => serve::server(args),
        Command::Dev(args) => serve::dev(args),
        command => commands::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.error.is_empty() {
                output::complain("error", &failure.error);
            }
            if let Some(hint) = failure.hint {
                output::complain("hint", &hint);
            }
            ExitCode::from(failure.code)
        }
    }
}

//! `highway-bench`: measures Highway beside Apache Kafka and beside a broker that does no work, on one machine in one
//! run. What it measures and how is in docs/benchmarks.md.

mod brokers;
mod cells;
mod compare;
mod footprint;
mod load;
mod machine;
mod measure;
mod report;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Parser, Subcommand};

use crate::brokers::system::{self, Kind};
use crate::brokers::zero;
use crate::compare::Plan;

/// Benchmarks of Highway.
#[derive(Debug, Parser)]
#[command(name = "highway-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run cells of the matrix over all systems and print a table
    Compare(CompareArgs),
    /// List the cells
    Cells,
    /// Print the table of an earlier run, to paste into docs/benchmarks.md
    Report {
        /// A file in bench/results
        file: PathBuf,
    },
    /// Serve as the broker that does no work
    Zero {
        /// Port on loopback
        #[arg(long)]
        port: u16,
        /// Bytes of the values that Fetch answers
        #[arg(long, default_value_t = 1024)]
        value: usize,
    },
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// A part of the matrix in under 10 minutes (the default)
    #[arg(long, conflicts_with = "full")]
    short: bool,
    /// All cells, more rounds
    #[arg(long)]
    full: bool,
    /// Only these cells
    #[arg(long, value_delimiter = ',')]
    cells: Vec<String>,
    /// Only these systems
    #[arg(long, value_delimiter = ',', value_enum)]
    systems: Vec<Kind>,
    /// Rounds of each cell
    #[arg(long)]
    rounds: Option<usize>,
    /// Where the brokers' data goes: a file system on the disk to measure
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    directory: PathBuf,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Compare(args) => compare::run(&plan(args)?),
        Command::Cells => {
            for cell in cells::all() {
                println!("{:15} {}{}", cell.name, cell.title, if cell.short { " (short)" } else { "" });
            }
            Ok(())
        }
        Command::Report { file } => compare::report(&file),
        Command::Zero { port, value } => zero::serve(port, value),
    }
}

fn plan(args: CompareArgs) -> Result<Plan> {
    let all = cells::all();
    for name in &args.cells {
        ensure!(all.iter().any(|c| c.name == *name), "no cell is called {name}; see highway-bench cells");
    }
    let chosen = |c: &cells::Cell| {
        if args.cells.is_empty() { args.full || c.short } else { args.cells.contains(&c.name) }
    };
    Ok(Plan {
        cells: all.iter().filter(|c| chosen(c)).cloned().collect(),
        short: !args.full && args.systems.is_empty(),
        systems: if args.systems.is_empty() { Kind::ALL.to_vec() } else { args.systems },
        rounds: args.rounds.unwrap_or(if args.full { 10 } else { 3 }),
        directory: args.directory,
        results: system::repository().join("bench/results"),
    })
}

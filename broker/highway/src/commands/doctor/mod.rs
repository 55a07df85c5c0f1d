//! `highway doctor`: is the node well, and is this machine good for it?

mod check;
mod disk;
mod file;
mod node;
mod system;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::{ClientArgs, OutputArgs};
use crate::failure::{EXIT_CHECK, Failure};
use crate::output;

use check::{Check, State};

/// Arguments of `highway doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway doctor                                   the node on 127.0.0.1:9092 and this machine
  highway doctor --config server.properties        also what the file says
  highway doctor --offline --data-dir /var/lib/highway

Exit code 7 if something is wrong; warnings alone give 0, or 7 with --strict.")]
pub struct DoctorArgs {
    /// The node's configuration file
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A data directory; else those of the file, or of the node if it runs on this machine
    #[arg(long, value_name = "DIR")]
    data_dir: Vec<PathBuf>,
    /// Ask no node
    #[arg(long)]
    offline: bool,
    /// Warnings count as well
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs it.
pub async fn run(args: DoctorArgs) -> Result<(), Failure> {
    let mut checks = Vec::new();
    let mut dirs = args.data_dir.clone();
    if let Some(path) = &args.config {
        let found = file::check(path, &mut checks);
        if dirs.is_empty() {
            dirs = found;
        }
    }
    if !args.offline {
        let found = node::check(&args.client, &mut checks).await?;
        if dirs.is_empty() {
            dirs = found;
        }
    }
    for dir in &dirs {
        disk::check(dir, &mut checks);
    }
    system::check(&dirs, &mut checks);
    print(&checks, args.output.is_json())?;
    let worst = checks.iter().map(|c| c.state).max().unwrap_or(State::Ok);
    if worst == State::Failed || (args.strict && worst == State::Warning) {
        return Err(Failure::silent(EXIT_CHECK));
    }
    Ok(())
}

fn print(checks: &[Check], as_json: bool) -> Result<(), Failure> {
    use std::io::Write;
    if as_json {
        let shape = |c: &Check| json!({ "check": c.name, "state": c.state.word(), "found": c.found, "advice": c.advice });
        let count = |state: State| checks.iter().filter(|c| c.state == state).count();
        return output::json(&json!({
            "items": checks.iter().map(shape).collect::<Vec<_>>(),
            "warnings": count(State::Warning), "failed": count(State::Failed),
        }));
    }
    let mut stdout = std::io::stdout().lock();
    let colour = output::colour(&stdout);
    let width = checks.iter().map(|c| c.name.len()).max().unwrap_or(0);
    for check in checks {
        let (start, end) = if colour { (check.state.colour(), "\x1b[0m") } else { ("", "") };
        writeln!(stdout, "{start}{:7}{end} {:width$}  {}", check.state.word(), check.name, check.found)?;
        if let Some(advice) = &check.advice {
            writeln!(stdout, "        {:width$}  {advice}", "")?;
        }
    }
    Ok(stdout.flush()?)
}

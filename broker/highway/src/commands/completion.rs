//! `highway completion`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;

/// Arguments of `highway completion`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway completion bash > /etc/bash_completion.d/highway
  highway completion zsh > \"${fpath[1]}/_highway\"
  highway completion fish > ~/.config/fish/completions/highway.fish")]
pub struct CompletionArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs it.
pub fn run(args: &CompletionArgs) -> Result<(), Failure> {
    // Into memory first: the generator panics on a pipe that closes.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "highway", &mut script);
    use std::io::Write;
    Ok(std::io::stdout().lock().write_all(&script)?)
}

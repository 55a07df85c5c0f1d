//! Asking before something is lost.

use std::io::{self, IsTerminal, Write};

use crate::failure::{EXIT_FAILED, Failure};

/// Asks on a terminal; elsewhere `--yes` is needed.
pub fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(format!("{question} This needs to be confirmed")).hint("add --yes"));
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(EXIT_FAILED, "not confirmed, nothing was changed"))
    }
}

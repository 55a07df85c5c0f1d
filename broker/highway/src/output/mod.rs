//! What people and programs see: tables or JSON on stdout, everything else on stderr.

mod ask;
mod progress;
mod table;
mod words;

pub use ask::confirm;
pub use progress::Progress;
pub use table::Table;
pub use words::{bytes, nearest};

use std::io::{self, IsTerminal, Write};

use crate::failure::Failure;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: one object, or one a line where records stream
    Json,
}

/// True if colour is wanted on this stream (<https://no-color.org>).
pub fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// `error: ...` or `hint: ...` on stderr.
pub fn complain(kind: &str, text: &str) {
    let mut stderr = io::stderr().lock();
    let start = match kind {
        _ if !colour(&stderr) => "",
        "error" => "\x1b[1;31m",
        "warning" => "\x1b[1;33m",
        _ => "\x1b[1;36m",
    };
    let end = if start.is_empty() { "" } else { "\x1b[0m" };
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(stderr, "{start}{kind}:{end} {text}");
}

/// A remark on stderr.
pub fn note(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// One JSON value on stdout, readable on a terminal and in one line elsewhere.
pub fn json(value: &serde_json::Value) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let text = if stdout.is_terminal() { format!("{value:#}") } else { value.to_string() };
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

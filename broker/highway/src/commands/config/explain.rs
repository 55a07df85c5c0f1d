//! `highway config explain`.

use std::io::Write;

use clap::Args;
use highway_server::config::{self, Explained};
use serde_json::json;

use crate::cli::OutputArgs;
use crate::failure::{EXIT_NOT_FOUND, Failure};
use crate::output::{self, nearest};

/// Arguments of `highway config explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A key of server.properties, or of a topic
    #[arg(value_name = "KEY")]
    key: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let Some(found) = config::explain(&args.key) else {
        let failure = Failure::new(EXIT_NOT_FOUND, format!("{} is not a known setting", args.key));
        return Err(match nearest(&args.key, config::keys()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure,
        });
    };
    if args.output.is_json() {
        let items: Vec<_> = found.iter().map(|e| shape(&args.key, e)).collect();
        return output::json(&json!({ "items": items }));
    }
    let mut stdout = std::io::stdout().lock();
    for (n, e) in found.iter().enumerate() {
        if n > 0 {
            writeln!(stdout)?;
        }
        writeln!(stdout, "{} ({})", args.key, e.scope)?;
        writeln!(stdout, "  {}", e.doc)?;
        let mut line = |name: &str, value: &Option<String>| match value {
            Some(value) => writeln!(stdout, "  {name}: {value}"),
            None => Ok(()),
        };
        line("type", &e.kind)?;
        line("takes", &e.takes)?;
        line("default", &e.default)?;
        line("changes", &e.update)?;
        line("environment", &e.variable)?;
    }
    Ok(())
}

fn shape(key: &str, e: &Explained) -> serde_json::Value {
    json!({
        "key": key, "scope": e.scope, "doc": e.doc, "type": e.kind, "takes": e.takes, "default": e.default,
        "update": e.update, "environment": e.variable,
    })
}

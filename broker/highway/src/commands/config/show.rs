//! `highway config show`.

use std::path::PathBuf;

use clap::Args;
use highway_server::config::Origin;
use serde_json::json;

use crate::cli::OutputArgs;
use crate::failure::Failure;
use crate::output::{self, Table};
use crate::serve;

/// Arguments of `highway config show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway config show --config server.properties
  HIGHWAY_NUM_PARTITIONS=3 highway config show --config server.properties --changed

Later sources win: default, file, environment (HIGHWAY_ and the key in capitals, with _ for . and -), --set.")]
pub struct ShowArgs {
    /// A Kafka server.properties file; without one the defaults
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one value, as `highway server` would; repeat for more
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Only values that are not defaults
    #[arg(long)]
    pub changed: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &ShowArgs) -> Result<(), Failure> {
    let loaded = serve::load(args.config.as_deref(), &args.set)?;
    let remarks = loaded.remarks();
    let config = loaded.check().map_err(serve::config_failure)?;
    let shown = config.show().into_iter().filter(|(_, v)| !args.changed || v.origin != Origin::Default);
    let mut items = Vec::new();
    let mut table = Table::new(&["SETTING", "VALUE", "ORIGIN"]);
    for (key, sourced) in shown {
        let (kind, detail) = origin(&sourced.origin);
        items.push(json!({ "key": key, "value": sourced.value, "origin": kind, "detail": detail }));
        table.row([key, sourced.value, sourced.origin.to_string()]);
    }
    if args.output.is_json() {
        return output::json(&json!({ "items": items, "remarks": remarks }));
    }
    table.print()?;
    remarks.iter().for_each(|remark| output::complain("warning", remark));
    Ok(())
}

fn origin(origin: &Origin) -> (&'static str, Option<String>) {
    match origin {
        Origin::File(path) => ("file", Some(path.display().to_string())),
        Origin::Environment(name) => ("environment", Some(name.clone())),
        Origin::Flag => ("flag", None),
        Origin::Dev => ("dev", None),
        Origin::Default => ("default", None),
    }
}

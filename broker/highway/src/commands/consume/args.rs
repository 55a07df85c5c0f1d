//! Arguments of `highway consume`.

use clap::Args;
use highway_client::Position;
use highway_types::Offset;

use crate::cli::{ClientArgs, OutputArgs};
use crate::times::{now, parse_time};

/// Arguments of `highway consume`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  highway consume clicks                       all records, then those that come
  highway consume clicks -e -n 10              the first ten
  highway consume clicks --from -5 -e          the last five of each partition
  highway consume clicks --from @10m -f json   since ten minutes ago, as JSON lines
  highway consume clicks -g billing            as a member of a group, which remembers how far it came
  highway consume clicks -f '%t[%p]@%o %k %v\\n'

Template: %t topic, %p partition, %o offset, %k key, %v value (also %s), %h headers, %T milliseconds, %d date and time,
%K and %S lengths of key and value (-1 for null), %% a percent sign; \\n \\t \\r \\0 \\\\ \\xHH.")]
pub struct ConsumeArgs {
    /// Topics
    #[arg(value_name = "TOPIC", required = true)]
    pub topics: Vec<String>,
    /// Where to begin: beginning, end, an offset, -N for the last N of each partition, or @TIME (milliseconds,
    /// RFC 3339, or 10m for ten minutes ago). Else the beginning, or what the group committed
    #[arg(long, short = 'O', value_name = "PLACE", allow_hyphen_values = true, value_parser = place)]
    pub from: Option<Position>,
    /// Exit at the end of the partitions
    #[arg(short, long)]
    pub exit: bool,
    /// Exit after so many records
    #[arg(short = 'n', long, value_name = "N")]
    pub count: Option<u64>,
    /// Only these partitions
    #[arg(short, long, value_name = "N", value_delimiter = ',', conflicts_with = "group")]
    pub partition: Vec<i32>,
    /// Read as a member of this group, and commit what was written out
    #[arg(short, long, value_name = "GROUP")]
    pub group: Option<String>,
    /// Do not commit
    #[arg(long, requires = "group")]
    pub no_commit: bool,
    /// value, key-value (a tab between), json, or a template with %
    #[arg(short, long, value_name = "FORMAT", default_value = "value")]
    pub format: String,
    /// What stands behind each record in the formats value and key-value; \n, \t, \0 and \xHH are understood
    #[arg(short = 'D', long, value_name = "TEXT", default_value = "\\n")]
    pub delimiter: String,
    /// No progress bar and no remarks
    #[arg(short, long)]
    pub quiet: bool,
    /// Which cluster.
    #[command(flatten)]
    pub client: ClientArgs,
    /// `json` is the same as `--format json`.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn place(text: &str) -> Result<Position, String> {
    let bad = || "give beginning, end, an offset, -N, or @TIME".to_owned();
    Ok(match text {
        "beginning" | "start" | "earliest" => Position::Earliest,
        "end" | "latest" => Position::Latest,
        _ => match (text.strip_prefix('@'), text.strip_prefix('-')) {
            (Some(time), _) => Position::Since(parse_time(time, now()).ok_or_else(bad)?),
            (_, Some(tail)) => Position::Tail(tail.parse().ok().filter(|n| *n >= 0).ok_or_else(bad)?),
            _ => Position::At(Offset(text.parse().ok().filter(|n| *n >= 0).ok_or_else(bad)?)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(place("beginning"), Ok(Position::Earliest));
        assert_eq!(place("-5"), Ok(Position::Tail(5)));
        assert_eq!(place("7"), Ok(Position::At(Offset(7))));
        assert!(place("@1970-01-01").is_ok() && place("x").is_err() && place("--5").is_err());
    }
}

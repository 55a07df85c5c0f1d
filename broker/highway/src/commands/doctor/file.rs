//! The configuration file.

use std::path::{Path, PathBuf};

use super::check::Check;
use crate::serve;

/// Its problems; the data directories it names.
pub(super) fn check(path: &Path, checks: &mut Vec<Check>) -> Vec<PathBuf> {
    let loaded = match serve::load(Some(path), &[]) {
        Ok(loaded) => loaded,
        Err(failure) => {
            checks.push(Check::failed("config", failure.error, "see `highway server --help`"));
            return Vec::new();
        }
    };
    for remark in loaded.remarks() {
        checks.push(Check::warning(
            "config",
            remark,
            "`highway config explain KEY` says more; the line may be left out",
        ));
    }
    match loaded.check() {
        Ok(config) => {
            let open: Vec<_> = config.listeners.iter().filter(|l| !l.is_loopback()).collect();
            let names: Vec<_> = open.iter().map(|l| format!("{}://{}:{}", l.name, l.host, l.port)).collect();
            checks.push(Check::ok("config", format!("{} is valid", path.display())));
            if !names.is_empty() {
                checks.push(Check::warning(
                    "config-listeners",
                    format!("{} may be reached from other machines without authentication", names.join(", ")),
                    "bind to 127.0.0.1, or guard the port by a firewall",
                ));
            }
            config.log_dirs
        }
        Err(error) => {
            checks.push(Check::failed("config", error.to_string(), "the node does not start with this file"));
            Vec::new()
        }
    }
}

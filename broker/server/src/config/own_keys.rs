//! Highway's own settings: every `highway.*` key, what it means and its default.

/// One `highway.*` key.
#[derive(Debug)]
pub struct OwnKey {
    /// The key.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// What it does, for `highway config show` and the documentation.
    pub doc: &'static str,
}

/// All of them, sorted by name.
pub const OWN_KEYS: &[OwnKey] = &[
    OwnKey {
        name: "highway.admin.listener",
        default: "127.0.0.1:8080",
        doc: "HOST:PORT of the HTTP listener for metrics, health and the admin API, or off",
    },
    OwnKey {
        name: "highway.allow.anonymous",
        default: "false",
        doc: "true lets a listener that is not loopback serve clients without authentication",
    },
    OwnKey {
        name: "highway.checkpoint.interval.ms",
        default: "15000",
        doc: "how often segments are flushed so that journal files can be reused",
    },
    OwnKey {
        name: "highway.durability",
        default: "fsync",
        doc: "fsync: an acknowledged record survives power loss; page-cache: only the death of the process. \
              Topics may override it",
    },
    OwnKey {
        name: "highway.journal.direct.io",
        default: "true",
        doc: "write the journal past the page cache where the file system can",
    },
    OwnKey {
        name: "highway.journal.max.files",
        default: "16",
        doc: "journal files of 64 MiB in use before appenders are held back",
    },
];

/// The key with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static OwnKey> {
    OWN_KEYS.iter().find(|k| k.name == name)
}

/// The key whose name is most like `name`.
#[must_use]
pub fn nearest(name: &str) -> &'static str {
    OWN_KEYS
        .iter()
        .max_by(|a, b| {
            let by = |k: &OwnKey| strsim::jaro_winkler(k.name, name);
            by(a).total_cmp(&by(b))
        })
        .map_or("highway.durability", |k| k.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_own() {
        assert!(OWN_KEYS.windows(2).all(|w| w[0].name < w[1].name));
        assert!(OWN_KEYS.iter().all(|k| k.name.starts_with("highway.")));
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_key() {
        assert_eq!(nearest("highway.durabilty"), "highway.durability");
        assert_eq!(nearest("highway.admin.listeners"), "highway.admin.listener");
    }
}

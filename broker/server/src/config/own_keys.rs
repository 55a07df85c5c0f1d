//! Highway's own settings: every `highway.*` key, what it means and its default.

/// Which values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnValue {
    /// Any text; whoever uses it checks it.
    Text,
    /// `true` or `false`
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A number in this range.
    Number(u64, u64),
}

impl OwnValue {
    /// Whether the text is such a value.
    ///
    /// # Errors
    /// What it takes.
    pub fn check(self, text: &str) -> Result<(), String> {
        let text = text.trim();
        match self {
            Self::Text => Ok(()),
            Self::Flag if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Ok(()),
            Self::Flag => Err("give true or false".to_owned()),
            Self::Word(words) if words.iter().any(|w| text.eq_ignore_ascii_case(w)) => Ok(()),
            Self::Word(words) => Err(format!("give {}", words.join(" or "))),
            Self::Number(min, max) => match text.parse::<u64>() {
                Ok(number) if (min..=max).contains(&number) => Ok(()),
                _ => Err(format!("give a number from {min} to {max}")),
            },
        }
    }
}

/// One `highway.*` key.
#[derive(Debug)]
pub struct OwnKey {
    /// The key.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// Which values it takes.
    pub takes: OwnValue,
    /// What it does, for `highway config explain` and the documentation.
    pub doc: &'static str,
}

/// All of them, sorted by name.
pub const OWN_KEYS: &[OwnKey] = &[
    OwnKey {
        name: "highway.admin.listener",
        default: "127.0.0.1:8080",
        takes: OwnValue::Text,
        doc: "HOST:PORT of the HTTP listener for metrics, health and the admin API, or off",
    },
    OwnKey {
        name: "highway.admin.tls.certificate",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificate of the admin listener and those that sign it; with it TLS is spoken",
    },
    OwnKey {
        name: "highway.admin.tls.client.ca",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificates that sign clients' certificates; with it the admin listener asks for one",
    },
    OwnKey {
        name: "highway.admin.tls.key",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the key of highway.admin.tls.certificate",
    },
    OwnKey {
        name: "highway.allow.anonymous",
        default: "false",
        takes: OwnValue::Flag,
        doc: "true lets a listener that is not loopback serve clients without authentication",
    },
    OwnKey {
        name: "highway.checkpoint.interval.ms",
        default: "15000",
        takes: OwnValue::Number(1, 86_400_000),
        doc: "how often segments are flushed so that journal files can be reused",
    },
    OwnKey {
        name: "highway.durability",
        default: "fsync",
        takes: OwnValue::Text,
        doc: "fsync: an acknowledged record survives power loss; page-cache: only the death of the process. \
              Topics may override it",
    },
    OwnKey {
        name: "highway.ingest.listener",
        default: "127.0.0.1:8082",
        takes: OwnValue::Text,
        doc: "HOST:PORT of the HTTP listener that takes events, or off; endpoints need API keys once it is not loopback",
    },
    OwnKey {
        name: "highway.ingest.tls.certificate",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificate of the ingest listener and those that sign it; with it TLS is spoken",
    },
    OwnKey {
        name: "highway.ingest.tls.client.ca",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificates that sign clients' certificates; with it the ingest listener asks for one",
    },
    OwnKey {
        name: "highway.ingest.tls.key",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the key of highway.ingest.tls.certificate",
    },
    OwnKey {
        name: "highway.journal.direct.io",
        default: "true",
        takes: OwnValue::Flag,
        doc: "write the journal past the page cache where the file system can",
    },
    OwnKey {
        name: "highway.journal.large.batches",
        default: "adaptive",
        takes: OwnValue::Word(&["adaptive", "once"]),
        doc: "batches of 256 KiB or more are synced in their segments instead of being copied to the journal: \
              adaptive, while the disk is what limits; once, always",
    },
    OwnKey {
        name: "highway.journal.max.files",
        default: "16",
        takes: OwnValue::Number(3, 1024),
        doc: "journal files of 64 MiB in use before appenders are held back",
    },
    OwnKey {
        name: "highway.registry.listener",
        default: "127.0.0.1:8081",
        takes: OwnValue::Text,
        doc: "HOST:PORT of the schema registry's HTTP listener, or off",
    },
    OwnKey {
        name: "highway.registry.tls.certificate",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificate of the schema registry and those that sign it; with it TLS is spoken",
    },
    OwnKey {
        name: "highway.registry.tls.client.ca",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificates that sign clients' certificates; with it the schema registry asks for one",
    },
    OwnKey {
        name: "highway.registry.tls.key",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the key of highway.registry.tls.certificate",
    },
    OwnKey {
        name: "highway.registry.users",
        default: "",
        takes: OwnValue::Text,
        doc: "file with a line NAME:PASSWORD or NAME:$pbkdf2-sha256$i=ROUNDS$SALT$HASH for each user of the schema registry; with it basic authentication is asked for",
    },
    OwnKey {
        name: "highway.syslog.relp.listener",
        default: "off",
        takes: OwnValue::Text,
        doc: "HOST:PORT where syslog is taken over RELP, each message answered once it is durable, or off",
    },
    OwnKey {
        name: "highway.syslog.tcp.listener",
        default: "127.0.0.1:5514",
        takes: OwnValue::Text,
        doc: "HOST:PORT where syslog is taken over TCP (RFC 6587, both framings), or off",
    },
    OwnKey {
        name: "highway.syslog.tls.certificate",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificate of highway.syslog.tls.listener and those that sign it",
    },
    OwnKey {
        name: "highway.syslog.tls.client.ca",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the certificates that sign clients' certificates; with it syslog over TLS asks for one",
    },
    OwnKey {
        name: "highway.syslog.tls.key",
        default: "",
        takes: OwnValue::Text,
        doc: "PEM file with the key of highway.syslog.tls.certificate",
    },
    OwnKey {
        name: "highway.syslog.tls.listener",
        default: "off",
        takes: OwnValue::Text,
        doc: "HOST:PORT where syslog is taken over TLS (RFC 5425), or off",
    },
    OwnKey {
        name: "highway.syslog.udp.listener",
        default: "127.0.0.1:5514",
        takes: OwnValue::Text,
        doc: "HOST:PORT where syslog is taken over UDP (RFC 5426), or off",
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
        assert!(OWN_KEYS.iter().all(|k| k.takes.check(k.default).is_ok()));
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_key() {
        assert_eq!(nearest("highway.durabilty"), "highway.durability");
        assert_eq!(nearest("highway.admin.listeners"), "highway.admin.listener");
    }
}

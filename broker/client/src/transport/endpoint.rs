//! HOST:PORT.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Where a broker listens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// Name or address, without brackets.
    pub host: Arc<str>,
    /// Port.
    pub port: u16,
}

/// Text that is no HOST:PORT.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not HOST:PORT")]
pub struct BadEndpoint(pub String);

impl Endpoint {
    /// From its parts.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: Arc::from(host), port }
    }

    /// Several of them between commas.
    ///
    /// # Errors
    /// The first part that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, BadEndpoint> {
        let parts: Vec<_> = text.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        if parts.is_empty() {
            return Err(BadEndpoint(text.to_owned()));
        }
        parts.into_iter().map(str::parse).collect()
    }
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    /// `host:9092`, `[::1]:9092`, or a host alone for port 9092. A scheme such as `PLAINTEXT://` is let pass.
    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        let bad = || BadEndpoint(text.to_owned());
        let bare = text.trim().rsplit_once("://").map_or(text.trim(), |(_, rest)| rest);
        let (host, port) = match bare.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.starts_with('[') => {
                (host, port.parse().map_err(|_| bad())?)
            }
            Some(_) => return Err(bad()),
            None => (bare, 9092),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains(['/', ' ']) || port == 0 {
            return Err(bad());
        }
        Ok(Self::new(host, port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, shown) in [
            ("a:1", "a:1"),
            ("a", "a:9092"),
            ("PLAINTEXT://b.example:29092", "b.example:29092"),
            ("[::1]:9", "[::1]:9"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), shown);
        }
        for bad in ["", ":1", "a:", "a:x", "a:70000", "::1", "a b:1", "a:0"] {
            assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
        }
        assert_eq!(Endpoint::list("a:1, b:2").unwrap().len(), 2);
    }
}

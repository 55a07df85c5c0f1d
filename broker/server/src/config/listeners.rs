//! `listeners`, `advertised.listeners`, `listener.security.protocol.map`: Kafka's syntax.

use std::collections::BTreeMap;

/// One listener for Kafka clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// Upper-case name, `PLAINTEXT` or whatever the file calls it.
    pub name: String,
    /// What is spoken on it.
    pub protocol: SecurityProtocol,
    /// Host to bind; empty is every address.
    pub host: String,
    /// Port to bind; 0 takes a free one.
    pub port: u16,
    /// What clients are told. Port 0 means the port that was bound.
    pub advertised: Option<(String, u16)>,
}

impl ListenerConfig {
    /// True if only this machine can reach it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback_host(&self.host)
    }
}

/// True for `localhost` and loopback addresses.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Kafka's security protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// Neither encryption nor authentication.
    Plaintext,
    /// TLS; not served yet.
    Ssl,
    /// SASL without encryption; not served yet.
    SaslPlaintext,
    /// SASL over TLS; not served yet.
    SaslSsl,
}

impl SecurityProtocol {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_uppercase().as_str() {
            "PLAINTEXT" => Self::Plaintext,
            "SSL" => Self::Ssl,
            "SASL_PLAINTEXT" => Self::SaslPlaintext,
            "SASL_SSL" => Self::SaslSsl,
            _ => return None,
        })
    }
}

/// Why the listener settings make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenerError {
    /// Not `NAME://host:port`.
    #[error("{key}: '{value}' is not of the form NAME://host:port")]
    Syntax {
        /// The setting.
        key: &'static str,
        /// The part that cannot be read.
        value: String,
    },
    /// Two listeners of one name.
    #[error("listeners: each listener must have a different name, '{0}' stands twice")]
    DuplicateName(String),
    /// Two listeners of one port.
    #[error("listeners: each listener must have a different port, {0} stands twice")]
    DuplicatePort(u16),
    /// A name without protocol.
    #[error(
        "listeners: no security protocol is defined for listener {0}; add {0}:PLAINTEXT to listener.security.protocol.map"
    )]
    NoProtocol(String),
    /// A map entry that is not NAME:PROTOCOL.
    #[error(
        "listener.security.protocol.map: '{0}' is not NAME:PROTOCOL with PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )]
    BadMap(String),
    /// Not built yet.
    #[error(
        "listener {name}: security protocol {protocol:?} is not available in this release, use PLAINTEXT"
    )]
    NotAvailable {
        /// The listener.
        name: String,
        /// What it asked for.
        protocol: SecurityProtocol,
    },
    /// An advertised listener that is not in `listeners`.
    #[error("advertised.listeners: '{0}' is not one of the listeners")]
    UnknownAdvertised(String),
    /// 0.0.0.0 cannot be reached by a client.
    #[error("advertised.listeners: {0} is not an address that clients can connect to; name a host")]
    AdvertisedMeta(String),
    /// Open to the network without authentication.
    #[error(
        "listener {name}://{host}:{port} is reachable from other machines and asks for no authentication; \
         bind it to 127.0.0.1, or write highway.allow.anonymous=true into the configuration if that is what you want"
    )]
    Anonymous {
        /// The listener.
        name: String,
        /// Where it would bind.
        host: String,
        /// Where it would bind.
        port: u16,
    },
    /// No listener at all.
    #[error("listeners: at least one listener for clients is needed, for example PLAINTEXT://127.0.0.1:9092")]
    None,
}

/// Reads the listener settings of a node.
///
/// Listeners named in `controller.listener.names` are accepted and left out: a Highway node has no controller port.
///
/// # Errors
/// The first setting that makes no sense, with its value.
pub fn parse(values: &BTreeMap<String, String>) -> Result<Vec<ListenerConfig>, ListenerError> {
    let get = |key: &str| values.get(key).map_or("", String::as_str);
    let map = parse_protocol_map(get("listener.security.protocol.map"))?;
    let controllers: Vec<String> =
        get("controller.listener.names").split(',').map(|n| n.trim().to_ascii_uppercase()).collect();
    let listeners =
        if get("listeners").trim().is_empty() { "PLAINTEXT://127.0.0.1:9092" } else { get("listeners") };
    let mut out: Vec<ListenerConfig> = Vec::new();
    for entry in listeners.split(',').map(str::trim).filter(|e| !e.is_empty()) {
        let (name, host, port) = split_listener("listeners", entry)?;
        if controllers.contains(&name) {
            continue;
        }
        if out.iter().any(|l| l.name == name) {
            return Err(ListenerError::DuplicateName(name));
        }
        if port != 0 && out.iter().any(|l| l.port == port && l.host == host) {
            return Err(ListenerError::DuplicatePort(port));
        }
        let protocol = map
            .get(&name)
            .copied()
            .or_else(|| SecurityProtocol::parse(&name))
            .ok_or_else(|| ListenerError::NoProtocol(name.clone()))?;
        if protocol != SecurityProtocol::Plaintext {
            return Err(ListenerError::NotAvailable { name, protocol });
        }
        out.push(ListenerConfig { name, protocol, host, port, advertised: None });
    }
    for entry in get("advertised.listeners").split(',').map(str::trim).filter(|e| !e.is_empty()) {
        let (name, host, port) = split_listener("advertised.listeners", entry)?;
        if controllers.contains(&name) {
            continue;
        }
        if matches!(host.as_str(), "0.0.0.0" | "::" | "[::]") {
            return Err(ListenerError::AdvertisedMeta(entry.to_owned()));
        }
        match out.iter_mut().find(|l| l.name == name) {
            Some(listener) => listener.advertised = Some((host, port)),
            None => return Err(ListenerError::UnknownAdvertised(name)),
        }
    }
    if out.is_empty() {
        return Err(ListenerError::None);
    }
    let anonymous = get("highway.allow.anonymous").trim().eq_ignore_ascii_case("true");
    match out.iter().find(|l| !l.is_loopback()) {
        Some(l) if !anonymous => {
            Err(ListenerError::Anonymous { name: l.name.clone(), host: l.host.clone(), port: l.port })
        }
        _ => Ok(out),
    }
}

fn parse_protocol_map(text: &str) -> Result<BTreeMap<String, SecurityProtocol>, ListenerError> {
    text.split(',')
        .map(str::trim)
        .filter(|e| !e.is_empty())
        .map(|entry| {
            let bad = || ListenerError::BadMap(entry.to_owned());
            let (name, protocol) = entry.split_once(':').ok_or_else(bad)?;
            Ok((name.trim().to_ascii_uppercase(), SecurityProtocol::parse(protocol).ok_or_else(bad)?))
        })
        .collect()
}

fn split_listener(key: &'static str, entry: &str) -> Result<(String, String, u16), ListenerError> {
    let bad = || ListenerError::Syntax { key, value: entry.to_owned() };
    let (name, address) = entry.split_once("://").ok_or_else(bad)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
    let port = port.parse().map_err(|_| bad())?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return Err(bad());
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((name.to_ascii_uppercase(), host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Vec<ListenerConfig>, ListenerError> {
        parse(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn the_default_is_loopback() {
        let listeners = of(&[]).unwrap();
        assert_eq!((listeners[0].host.as_str(), listeners[0].port), ("127.0.0.1", 9092));
    }

    #[test]
    fn several_named_listeners_and_a_controller() {
        let listeners = of(&[
            ("listeners", "INTERNAL://127.0.0.1:19092,EXTERNAL://localhost:0,CONTROLLER://:9093"),
            ("listener.security.protocol.map", "INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT"),
            ("controller.listener.names", "CONTROLLER"),
            ("advertised.listeners", "EXTERNAL://broker.example:29092"),
        ])
        .unwrap();
        assert_eq!(listeners.len(), 2);
        assert_eq!(listeners[1].advertised, Some(("broker.example".to_owned(), 29092)));
    }

    #[test]
    fn a_stock_file_names_the_setting_that_opens_it() {
        let error = of(&[("listeners", "PLAINTEXT://:9092")]).unwrap_err();
        assert!(error.to_string().contains("highway.allow.anonymous=true"), "{error}");
        assert!(of(&[("listeners", "PLAINTEXT://:9092"), ("highway.allow.anonymous", "true")]).is_ok());
    }

    #[test]
    fn nonsense_is_named() {
        for (value, part) in [
            ("PLAINTEXT:127.0.0.1:9092", "form"),
            ("X://127.0.0.1:1", "listener.security.protocol.map"),
            ("PLAINTEXT://127.0.0.1:1,PLAINTEXT://127.0.0.1:2", "twice"),
            ("PLAINTEXT://127.0.0.1:99999", "form"),
            ("SSL://127.0.0.1:1", "not available"),
        ] {
            let error = of(&[("listeners", value)]).unwrap_err().to_string();
            assert!(error.contains(part), "{value}: {error}");
        }
    }
}

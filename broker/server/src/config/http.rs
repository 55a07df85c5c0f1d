//! HTTP listeners of a node: `highway.NAME.listener` and the keys beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use highway_http::TlsFiles;

use super::listeners::is_loopback_host;
use super::own_keys;

/// One HTTP listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpListenerConfig {
    /// Host to bind, without brackets.
    pub host: String,
    /// Port to bind; 0 takes a free one.
    pub port: u16,
    /// TLS, if it is spoken.
    pub tls: Option<TlsFiles>,
    /// The file of those who may come in, if it asks for a name and a password.
    pub users: Option<PathBuf>,
}

/// A value that cannot be, with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadHttpListener {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What is wrong.
    pub detail: String,
}

/// Reads `highway.NAME.listener`, `.tls.certificate`, `.tls.key`, `.tls.client.ca` and `.users`; `None` when it is off.
///
/// # Errors
/// The first value that cannot be.
pub fn parse(
    name: &str,
    statics: &BTreeMap<String, String>,
) -> Result<Option<HttpListenerConfig>, BadHttpListener> {
    let key = format!("highway.{name}.listener");
    let value = |key: &str| {
        let default = own_keys::find(key).map_or("", |k| k.default);
        statics.get(key).map_or(default, String::as_str).trim().to_owned()
    };
    // The listener `syslog.tls` is TLS by name, so its files are `highway.syslog.tls.certificate` and so on.
    let prefix = name.strip_suffix(".tls").unwrap_or(name);
    let file = |suffix: &str| {
        let path = value(&format!("highway.{prefix}.{suffix}"));
        (!path.is_empty()).then(|| PathBuf::from(path))
    };
    let text = value(&key);
    if text.is_empty() || text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let bad = |key: &str, detail: &str| BadHttpListener {
        key: key.to_owned(),
        value: value(key),
        detail: detail.to_owned(),
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(|| bad(&key, "give HOST:PORT or off"))?;
    let port = port.parse().map_err(|_| bad(&key, "give HOST:PORT or off"))?;
    let client_ca = file("tls.client.ca");
    let tls = match (file("tls.certificate"), file("tls.key")) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key, client_ca }),
        (None, None) if client_ca.is_none() => None,
        _ => {
            let pair = format!("highway.{prefix}.tls.certificate");
            return Err(bad(&pair, &format!("TLS needs both highway.{prefix}.tls.certificate and .tls.key")));
        }
    };
    let users = file("users");
    // Endpoints of ingest ask for a key each as soon as their listener is not loopback.
    let authenticates =
        name == "ingest" || users.is_some() || tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let anonymous = value("highway.allow.anonymous").eq_ignore_ascii_case("true");
    if !is_loopback_host(host) && !anonymous && !authenticates {
        let own = own_keys::find(&format!("highway.{name}.users")).map(|key| key.name);
        let ask = own.map_or(String::new(), |key| format!("name a file of users in {key}, "));
        return Err(bad(
            &key,
            &format!(
                "it is reachable from other machines and asks for no authentication; bind it to 127.0.0.1, {ask}or \
                 write highway.allow.anonymous=true into the configuration if that is what you want"
            ),
        ));
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Some(HttpListenerConfig { host, port, tls, users }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Option<HttpListenerConfig>, String> {
        let statics = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        parse("registry", &statics).map_err(|bad| format!("{}={}: {}", bad.key, bad.value, bad.detail))
    }

    #[test]
    fn the_default_is_loopback_and_off_is_off() {
        let default = of(&[]).unwrap().unwrap();
        assert_eq!((default.host.as_str(), default.port, default.tls), ("127.0.0.1", 8081, None));
        assert_eq!(of(&[("highway.registry.listener", "OFF")]), Ok(None));
        assert!(of(&[("highway.registry.listener", "8081")]).unwrap_err().contains("HOST:PORT"));
    }

    #[test]
    fn who_opens_it_says_who_may_come_in() {
        let open = ("highway.registry.listener", "0.0.0.0:8081");
        let refused = of(&[open]).unwrap_err();
        assert!(
            refused.contains("highway.registry.users") && refused.contains("allow.anonymous"),
            "{refused}"
        );
        let pair = [("highway.registry.tls.certificate", "c.pem"), ("highway.registry.tls.key", "k.pem")];
        // TLS alone says who the server is, not who the client is.
        assert!(of(&[open, pair[0], pair[1]]).is_err());
        for way in [
            ("highway.registry.users", "users.txt"),
            ("highway.allow.anonymous", "true"),
            ("highway.registry.tls.client.ca", "ca.pem"),
        ] {
            assert!(of(&[open, pair[0], pair[1], way]).is_ok(), "{way:?}");
        }
    }

    #[test]
    fn half_a_tls_setting_is_none() {
        for key in ["tls.certificate", "tls.key", "tls.client.ca"] {
            let refused = of(&[(&format!("highway.registry.{key}"), "x.pem")]).unwrap_err();
            assert!(refused.contains("needs both"), "{refused}");
        }
    }
}

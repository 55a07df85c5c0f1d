//! Who may come in by HTTP basic authentication (RFC 7617): a file with a line `NAME:PASSWORD` or, so that the file gives
//! nothing away, `NAME:$pbkdf2-sha256$i=ROUNDS$SALT$HASH` (RFC 8018; salt and hash in base64 without padding, as in the
//! PHC string format). Empty lines and lines that begin with `#` are left out.
//!
//! In memory a password is an HMAC under a key of this process, compared in constant time. What PBKDF2 has said yes to
//! once is remembered as such, because it is slow on purpose: a client pays once, one who guesses each time.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use data_encoding::{BASE64, BASE64_NOPAD};
use highway_types::limits::{PBKDF2_ROUNDS_MAX, USERS_FILE_MAX};
use ring::rand::SystemRandom;
use ring::{hmac, pbkdf2};
use tokio::sync::Semaphore;

/// Why a file of users cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// It cannot be read.
    #[error("{path}: {detail}")]
    File { path: PathBuf, detail: String },
    /// A line is not what it should be; it is not shown, because it may hold a password.
    #[error("{path}, line {line}: {detail}")]
    Line { path: PathBuf, line: usize, detail: &'static str },
}

/// What a user's password has to be.
#[derive(Debug)]
struct Secret {
    /// Known from the start, or once PBKDF2 has said yes.
    mac: OnceLock<hmac::Tag>,
    derived: Option<Arc<Derived>>,
}

#[derive(Debug)]
struct Derived {
    rounds: NonZeroU32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// See the module.
#[derive(Debug)]
pub struct Users {
    key: hmac::Key,
    secrets: HashMap<String, Secret>,
    /// One guess at a time: they cost a processor.
    slow: Semaphore,
}

impl Users {
    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self, UsersError> {
        let wrong = |detail: String| UsersError::File { path: path.to_owned(), detail };
        let size = std::fs::metadata(path).map_err(|e| wrong(e.to_string()))?.len();
        if size > USERS_FILE_MAX {
            return Err(wrong(format!("{size} bytes are more than the {USERS_FILE_MAX} that are read")));
        }
        let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, UsersError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| {
            UsersError::File { path: path.to_owned(), detail: "the system gives no random bytes".to_owned() }
        })?;
        let mut secrets = HashMap::new();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |detail| UsersError::Line { path: path.to_owned(), line: n + 1, detail };
            let (name, password) = line.split_once(':').ok_or_else(|| wrong("it is not NAME:PASSWORD"))?;
            if name.is_empty() || password.is_empty() {
                return Err(wrong("name and password must not be empty"));
            }
            let secret = if password.starts_with("$pbkdf2") {
                let derived = Derived::parse(password)
                    .ok_or_else(|| wrong("it is not $pbkdf2-sha256$i=ROUNDS$SALT$HASH"))?;
                Secret { mac: OnceLock::new(), derived: Some(Arc::new(derived)) }
            } else {
                Secret { mac: OnceLock::from(hmac::sign(&key, password.as_bytes())), derived: None }
            };
            if secrets.insert(name.to_owned(), secret).is_some() {
                return Err(wrong("this name stands twice"));
            }
        }
        if secrets.is_empty() {
            let detail = "it names no user, so nobody could come in".to_owned();
            return Err(UsersError::File { path: path.to_owned(), detail });
        }
        Ok(Self { key, secrets, slow: Semaphore::new(1) })
    }

    /// Whether an `Authorization` header holds the name and the password of a user.
    pub async fn admit(&self, authorization: Option<&str>) -> bool {
        let Some((name, password)) = authorization.and_then(credentials) else { return false };
        let Some(secret) = self.secrets.get(&name) else {
            // As long as for a name that exists.
            let _ = hmac::sign(&self.key, password.as_bytes());
            return false;
        };
        if let Some(mac) = secret.mac.get() {
            // For a derived password this is the one that was right; another one cannot be.
            return hmac::verify(&self.key, password.as_bytes(), mac.as_ref()).is_ok();
        }
        let Some(derived) = secret.derived.clone() else { return false };
        let Ok(_turn) = self.slow.acquire().await else { return false };
        let given = password.clone();
        let right = tokio::task::spawn_blocking(move || derived.verify(&given)).await.unwrap_or(false);
        if right {
            secret.mac.get_or_init(|| hmac::sign(&self.key, password.as_bytes()));
        }
        right
    }
}

impl Derived {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$pbkdf2-sha256$i=")?.split('$');
        let rounds = parts.next()?.parse().ok()?;
        let rounds = NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= PBKDF2_ROUNDS_MAX)?;
        let mut bytes = || BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok().filter(|b| b.len() >= 8);
        let (salt, hash) = (bytes()?, bytes()?);
        parts.next().is_none().then_some(Self { rounds, salt, hash })
    }

    fn verify(&self, password: &str) -> bool {
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::verify(algorithm, self.rounds, &self.salt, password.as_bytes(), &self.hash).is_ok()
    }
}

/// Name and password of a basic `Authorization` header.
fn credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
#[path = "users_test.rs"]
mod tests;

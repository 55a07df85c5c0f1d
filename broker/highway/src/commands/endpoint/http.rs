//! One request to the admin listener, or to the schema registry.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::{
    EXIT_CONFLICT, EXIT_DENIED, EXIT_FAILED, EXIT_NOT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, Failure,
};

/// How long an answer may take; a replay takes longest.
const PATIENCE: Duration = Duration::from_secs(300);
/// Bytes of an answer.
const ANSWER_MAX: u64 = 64 << 20;

/// Sends, and gives the body of a good answer.
pub(in crate::commands) async fn call(
    admin: &str,
    method: &str,
    path: &str,
    media: &str,
    body: &[u8],
) -> Result<Value, Failure> {
    let asked = call_as(admin, None, method, path, media, body).await;
    asked.map_err(|failure| match failure.code {
        EXIT_UNREACHABLE => failure.hint("--admin HOST:PORT names the node's highway.admin.listener"),
        _ => failure,
    })
}

/// The same as a user, `NAME:PASSWORD`.
pub(in crate::commands) async fn call_as(
    admin: &str,
    user: Option<&str>,
    method: &str,
    path: &str,
    media: &str,
    body: &[u8],
) -> Result<Value, Failure> {
    let unreachable = |error: &dyn std::fmt::Display| {
        Failure::new(EXIT_UNREACHABLE, format!("cannot ask {admin}: {error}"))
    };
    let user = user.map(|user| data_encoding::BASE64.encode(user.as_bytes()));
    let user = user.map(|user| format!("authorization: Basic {user}\r\n")).unwrap_or_default();
    let asked = async {
        let mut stream = TcpStream::connect(admin).await?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\ncontent-type: {media}\r\n\
             {user}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(unreachable(&error)),
        Err(_) => return Err(unreachable(&"no answer in time")),
    };
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| unreachable(&"no HTTP answer"))?;
    let status: u16 = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    if (200..300).contains(&status) {
        return Ok(value);
    }
    let code = match status {
        401 | 403 => EXIT_DENIED,
        404 => EXIT_NOT_FOUND,
        409 => EXIT_CONFLICT,
        400..=499 => EXIT_USAGE,
        _ => EXIT_FAILED,
    };
    let said = value["error"]["message"].as_str().or(value["message"].as_str()).map(str::to_owned);
    Err(Failure::new(code, said.unwrap_or_else(|| format!("{admin} answered {status}"))))
}

/// A name as a part of a path.
pub(in crate::commands) fn encoded(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

//! Records as JSON, as `highway consume -f json` writes them.

use bytes::Bytes;
use highway_client::Header;
use highway_types::Timestamp;
use serde_json::Value;

use crate::commands::consume::base64;

/// A record that was read.
#[derive(Debug, PartialEq, Eq)]
pub struct JsonRecord {
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
    pub timestamp: Option<Timestamp>,
}

/// Reads one line. `value` may be any JSON; what is no text is sent as JSON. Fields that say where a record stood are
/// let pass.
pub fn parse(line: &[u8]) -> Result<JsonRecord, String> {
    let object: Value = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    let object = object.as_object().ok_or("a JSON object is expected")?;
    let part = |name: &str| bytes_of(object.get(name), object.get(&format!("{name}_base64")), name);
    let mut headers = Vec::new();
    match object.get("headers") {
        None | Some(Value::Null) => {}
        Some(Value::Array(list)) => {
            for h in list {
                let name = bytes_of(h.get("name"), h.get("name_base64"), "header name")?;
                let name = name.ok_or("a header has no name")?;
                headers.push(Header {
                    name,
                    value: bytes_of(h.get("value"), h.get("value_base64"), "header value")?,
                });
            }
        }
        Some(_) => return Err("headers: a list of {name, value} is expected".to_owned()),
    }
    let timestamp = match object.get("timestamp") {
        None | Some(Value::Null) => None,
        Some(time) => Some(Timestamp(time.as_i64().ok_or("timestamp: milliseconds are expected")?)),
    };
    Ok(JsonRecord {
        key: part("key")?,
        value: part("value")?,
        headers,
        timestamp: timestamp.filter(|t| t.0 >= 0),
    })
}

fn bytes_of(plain: Option<&Value>, encoded: Option<&Value>, name: &str) -> Result<Option<Bytes>, String> {
    if let Some(Value::String(encoded)) = encoded {
        let bytes = base64::decode(encoded).ok_or_else(|| format!("{name}_base64 is not base64"))?;
        return Ok(Some(bytes.into()));
    }
    Ok(match plain {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(Bytes::copy_from_slice(text.as_bytes())),
        Some(other) => Some(other.to_string().into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_bytes_null_and_objects() {
        let record = parse(
            br#"{"key":"k","value_base64":"/wA=","headers":[{"name":"h","value":null}],"timestamp":5}"#,
        );
        let record = record.unwrap();
        assert_eq!((record.key.as_deref(), record.value.as_deref()), (Some(&b"k"[..]), Some(&[255, 0][..])));
        assert_eq!((record.headers.len(), record.timestamp), (1, Some(Timestamp(5))));
        assert_eq!(parse(br#"{"value":{"a":1}}"#).unwrap().value.as_deref(), Some(&br#"{"a":1}"#[..]));
        assert_eq!(parse(br#"{"value":null}"#).unwrap().value, None);
        for bad in ["", "[]", "{\"headers\":1}", "{\"value_base64\":\"!\"}"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

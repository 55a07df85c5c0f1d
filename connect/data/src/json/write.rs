//! Writing JSON as Jackson does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A string with its quotes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            8 => b"\\b",
            0xc => b"\\f",
            0..=0x1f => b"",
            // Jackson writes what lies beyond the first 65,536 characters as two escapes; four bytes begin with one of these.
            0xf0.. => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[done..at]);
        if byte >= 0xf0 {
            let mut units = [0; 2];
            let length = text[at..].chars().next().map_or(1, |c| {
                c.encode_utf16(&mut units);
                c.len_utf8()
            });
            for unit in units {
                out.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
            }
            done = at + length;
            continue;
        }
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        done = at + 1;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

/// Bytes as a string of base64.
pub fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

//! Java properties files, as Kafka's `server.properties` are written.
//!
//! `key=value`, `key:value` or `key value`; `#` and `!` start comments; a backslash at the end of a line joins the
//! next one; `\t \n \r \f \\ \uXXXX` are escapes. A key that stands twice has its last value.

use std::collections::BTreeMap;

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {detail}")]
pub struct PropertiesError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub detail: String,
}

/// Reads a whole file's text.
///
/// # Errors
/// A `\u` escape without four hexadecimal digits.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, PropertiesError> {
    let mut entries = BTreeMap::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, first)) = lines.next() {
        let mut line = first.trim_start().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while ends_with_continuation(&line) {
            line.pop();
            match lines.next() {
                Some((_, more)) => line.push_str(more.trim_start()),
                None => break,
            }
        }
        let (key, value) = split(&line);
        let unescape =
            |part: &str| unescape(part).map_err(|detail| PropertiesError { line: number + 1, detail });
        entries.insert(unescape(key)?, unescape(value.trim_end())?);
    }
    Ok(entries)
}

fn ends_with_continuation(line: &str) -> bool {
    line.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '=' || c == ':' || c.is_ascii_whitespace() {
            let rest = line[at..].trim_start();
            let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
            return (&line[..at], rest.trim_start());
        }
    }
    (line, "")
}

fn unescape(part: &str) -> Result<String, String> {
    let mut out = String::with_capacity(part.len());
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                match code.and_then(char::from_u32) {
                    Some(c) => out.push(c),
                    None => return Err(format!("malformed escape \\u{digits}")),
                }
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kafka_ships() {
        let text = "# comment\n! other\n\nlisteners=PLAINTEXT://:9092\n a.b : c d \nlong=one,\\\n   two\n\
                    empty=\nspace value\nuni=\\u00e4\\t|\npath=C\\:\\\\x\n";
        let map = parse(text).unwrap();
        let get = |k: &str| map.get(k).map(String::as_str);
        assert_eq!(get("listeners"), Some("PLAINTEXT://:9092"));
        assert_eq!(get("a.b"), Some("c d"));
        assert_eq!(get("long"), Some("one,two"));
        assert_eq!(get("empty"), Some(""));
        assert_eq!(get("space"), Some("value"));
        assert_eq!(get("uni"), Some("ä\t|"));
        assert_eq!(get("path"), Some("C:\\x"));
        assert_eq!(map.len(), 7);
    }

    #[test]
    fn names_the_line_of_a_bad_escape() {
        assert_eq!(parse("a=b\nc=\\u12").unwrap_err().line, 2);
    }
}

//! Words of `.proto` texts.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits, `_`, and dots between them.
    Word(String),
    /// A number as written.
    Number(String),
    /// A string, unescaped where that gives text, and its source between the quotes.
    Text(String),
    /// One character.
    Mark(char),
}

/// The tokens with the line each stands on.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut out = Vec::new();
    let mut line = 1;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while let Some(c) = rest.chars().next() {
        if c == '\n' {
            line += 1;
        }
        if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
        } else if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or_else(|| format!("line {line}: a comment is not closed"))?;
            line += comment[..end].matches('\n').count();
            rest = &comment[end + 2..];
        } else if c == '"' || c == '\'' {
            let (value, after) =
                string(rest, c).ok_or_else(|| format!("line {line}: a string is not closed"))?;
            out.push((Token::Text(value), line));
            rest = after;
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())) {
            let mut end = 0;
            let bytes = rest.as_bytes();
            while end < bytes.len() {
                let sign = matches!(bytes[end], b'+' | b'-')
                    && matches!(bytes[end - 1], b'e' | b'E')
                    && !rest.starts_with("0x");
                if !(bytes[end].is_ascii_alphanumeric() || bytes[end] == b'.' || sign) {
                    break;
                }
                end += 1;
            }
            out.push((Token::Number(rest[..end].to_owned()), line));
            rest = &rest[end..];
        } else if c.is_ascii_alphabetic() || c == '_' || c == '.' {
            let end = rest
                .find(|d: char| !(d.is_ascii_alphanumeric() || d == '_' || d == '.'))
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end.max(1));
            out.push((Token::Word(word.to_owned()), line));
            rest = after;
        } else if c.is_ascii_punctuation() {
            out.push((Token::Mark(c), line));
            rest = &rest[1..];
        } else {
            return Err(format!("line {line}: unexpected character '{c}'"));
        }
    }
    Ok(out)
}

/// A string from its opening quote; what stays of it, and what follows. Escapes stay as they are written, because they are
/// only ever written again.
fn string(text: &str, quote: char) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return None,
            _ if c == quote => {
                let inner = &text[1..at];
                // Written with double quotes later.
                let inner = if quote == '\'' {
                    inner.replace('"', "\\\"").replace("\\'", "'")
                } else {
                    inner.to_owned()
                };
                return Some((inner, &text[at + 1..]));
            }
            _ => {}
        }
    }
    None
}

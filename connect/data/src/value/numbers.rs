//! Numbers from and to text as Java reads and writes them.

use super::java_float_text;

/// `Double.parseDouble`: None where Java throws `NumberFormatException`. Hexadecimal floats are not read.
pub fn parse_double(text: &str) -> Option<f64> {
    java_number(text)?.parse().ok()
}

/// `Float.parseFloat`.
pub fn parse_float(text: &str) -> Option<f32> {
    java_number(text)?.parse().ok()
}

/// The part of the text that Rust reads as Java would have: trimmed, without Java's type suffix, only Java's spellings of the
/// numbers that are none.
fn java_number(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, "NaN" | "Infinity") {
        return Some(text);
    }
    let digits = |t: &str| t.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    digits(unsigned).then(|| text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text))
}

/// `Double.toString`.
pub fn double_text(value: f64) -> String {
    java_float_text(value, &format!("{value:e}"))
}

/// `Float.toString`.
pub fn float_text(value: f32) -> String {
    java_float_text(f64::from(value), &format!("{value:e}"))
}

/// Java's narrowing of a floating-point number to `int`: towards zero, saturating, NaN is 0. Rust's `as` does the same.
pub fn to_int(value: f64) -> i32 {
    value as i32
}

/// The same to `long`.
pub fn to_long(value: f64) -> i64 {
    value as i64
}

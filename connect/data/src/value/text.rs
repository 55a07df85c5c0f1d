//! Values as Java's `toString` shows them, which transforms and error texts use.

use std::fmt;

use super::{MapValue, Struct, Value};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Int8(v) => v.fmt(f),
            Self::Int16(v) => v.fmt(f),
            Self::Int32(v) => v.fmt(f),
            Self::Int64(v) => v.fmt(f),
            Self::Float32(v) => f.write_str(&java_float_text(f64::from(*v), &format!("{v:e}"))),
            Self::Float64(v) => f.write_str(&java_float_text(*v, &format!("{v:e}"))),
            Self::Boolean(v) => v.fmt(f),
            Self::String(v) => f.write_str(v),
            // Java shows the address of the array here; its length is of more use.
            Self::Bytes(v) => write!(f, "[B@{:x}", v.len()),
            Self::Decimal(v) => v.fmt(f),
            Self::Instant(v) => write!(f, "{v}"),
            Self::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Map(map) => map.fmt(f),
            Self::Struct(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for MapValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (key, value)) in self.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Struct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Struct{")?;
        let there = self.schema().fields().iter().zip(self.values()).filter(|(_, v)| !v.is_null());
        for (i, (field, value)) in there.enumerate() {
            write!(f, "{}{}={value}", if i == 0 { "" } else { "," }, field.name)?;
        }
        f.write_str("}")
    }
}

/// A float as `Double.toString` and `Float.toString` write it: always with a fraction, with an exponent below 10^-3 and from
/// 10^7 on. `shortest` is the shortest text that reads back as the value, in Rust's `{:e}` form.
pub fn java_float_text(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if digits == "0" {
        return format!("{sign}0.0");
    }
    if !(-3..7).contains(&exponent) {
        let rest = if digits.len() > 1 { &digits[1..] } else { "0" };
        return format!("{sign}{}.{rest}E{exponent}", &digits[..1]);
    }
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    let padded = format!("{digits:0<whole$}");
    let fraction = if padded.len() > whole { &padded[whole..] } else { "0" };
    format!("{sign}{}.{fraction}", &padded[..whole])
}

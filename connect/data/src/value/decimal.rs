//! `java.math.BigDecimal`: an unscaled whole number of any size and a scale.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;

use crate::error::{DataError, ErrorClass, Result};

/// `unscaled * 10^-scale`. Equality is Java's: 1.0 and 1.00 differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    unscaled: BigInt,
    scale: i32,
}

/// Longer numbers than this many digits are refused: printing and scaling cost the square of the length.
const MOST_DIGITS: usize = 10_000;

impl Decimal {
    /// This whole number with so many digits after the point.
    pub fn new(unscaled: impl Into<BigInt>, scale: i32) -> Self {
        Self { unscaled: unscaled.into(), scale }
    }

    /// The number without its point.
    pub fn unscaled(&self) -> &BigInt {
        &self.unscaled
    }

    /// The digits after the point; negative means zeros before it.
    pub fn scale(&self) -> i32 {
        self.scale
    }

    /// From the big-endian two's complement bytes that Decimal's base type holds. No bytes is an error, as in Java.
    pub fn from_bytes(bytes: &[u8], scale: i32) -> Result<Self> {
        if bytes.is_empty() {
            return Err(DataError::new(ErrorClass::NumberFormat, "Zero length BigInteger"));
        }
        Ok(Self::new(BigInt::from_signed_bytes_be(bytes), scale))
    }

    /// The bytes that Decimal's base type holds.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.unscaled.to_signed_bytes_be()
    }

    /// The exact number with another scale, if no digit is lost (`setScale(scale)`).
    pub fn rescale(&self, scale: i32) -> Option<Self> {
        let by = i64::from(scale) - i64::from(self.scale);
        let power = BigInt::from(10)
            .pow(u32::try_from(by.unsigned_abs()).ok().filter(|p| *p as usize <= MOST_DIGITS)?);
        if by >= 0 {
            return Some(Self::new(&self.unscaled * power, scale));
        }
        let quotient = &self.unscaled / &power;
        (&quotient * power == self.unscaled).then(|| Self::new(quotient, scale))
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The whole part as Java's narrowing conversions see it (`BigDecimal.toBigInteger`).
    pub fn to_integer(&self) -> BigInt {
        let digits = self.scale.unsigned_abs().min(MOST_DIGITS as u32);
        let power = BigInt::from(10).pow(digits);
        if self.scale >= 0 { &self.unscaled / power } else { &self.unscaled * power }
    }

    /// Without an exponent (`BigDecimal.toPlainString`).
    pub fn plain(&self) -> String {
        let digits = self.unscaled.magnitude().to_string();
        let sign = if self.unscaled.sign() == num_bigint::Sign::Minus { "-" } else { "" };
        let scale = self.scale.unsigned_abs() as usize;
        if self.scale <= 0 {
            let zeros = if digits == "0" { 0 } else { scale.min(MOST_DIGITS) };
            return format!("{sign}{digits}{}", "0".repeat(zeros));
        }
        let padded = format!("{digits:0>width$}", width = scale.min(MOST_DIGITS) + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale.min(MOST_DIGITS));
        format!("{sign}{whole}.{fraction}")
    }
}

impl fmt::Display for Decimal {
    /// `BigDecimal.toString`: plain where it is short, with an exponent otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.magnitude().to_string();
        let exponent = digits.len() as i64 - 1 - i64::from(self.scale);
        if self.scale >= 0 && exponent >= -6 {
            return f.write_str(&self.plain());
        }
        if self.unscaled.sign() == num_bigint::Sign::Minus {
            f.write_str("-")?;
        }
        let (first, rest) = digits.split_at(1);
        f.write_str(first)?;
        if !rest.is_empty() {
            write!(f, ".{rest}")?;
        }
        if exponent != 0 {
            write!(f, "E{exponent:+}")?;
        }
        Ok(())
    }
}

impl FromStr for Decimal {
    type Err = DataError;

    /// `new BigDecimal(text)`: sign, digits, point, exponent.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || DataError::new(ErrorClass::NumberFormat, format!("not a decimal number: {text}"));
        if text.len() > MOST_DIGITS {
            return Err(wrong());
        }
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().map_err(|_| wrong())?),
            None => (text, 0),
        };
        let (sign, digits) = match number.strip_prefix(['-', '+']) {
            Some(rest) => (if number.starts_with('-') { "-" } else { "" }, rest),
            None => ("", number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        {
            return Err(wrong());
        }
        if fraction.contains('.') {
            return Err(wrong());
        }
        let unscaled: BigInt = format!("{sign}{whole}{fraction}").parse().map_err(|_| wrong())?;
        let scale =
            i32::try_from(fraction.len()).ok().and_then(|s| s.checked_sub(exponent)).ok_or_else(wrong)?;
        Ok(Self::new(unscaled, scale))
    }
}

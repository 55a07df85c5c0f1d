//! Whether bytes are a value of a schema (specification, "Binary Encoding"): they are walked, nothing is built.

use highway_types::limits::SCHEMA_VALUE_MAX_DEPTH;

use super::{AvroSchema, Kind, TypeId};
use crate::validate::Fault;

/// Checks that `bytes` are one value of the schema and nothing more.
///
/// # Errors
/// [`Fault`] with the place where the bytes and the schema part.
pub fn check(schema: &AvroSchema, bytes: &[u8]) -> Result<(), Fault> {
    // Items of no bytes (nulls, empty records) could be counted in billions by a few bytes.
    let budget = bytes.len().saturating_mul(4).saturating_add(100_000);
    let mut walk = Walk { schema, bytes, at: 0, budget };
    walk.value(schema.root, 0)?;
    if walk.at < bytes.len() {
        return Err(Fault::at(walk.at, format!("{} bytes are left over", bytes.len() - walk.at)));
    }
    Ok(())
}

struct Walk<'a> {
    schema: &'a AvroSchema,
    bytes: &'a [u8],
    at: usize,
    budget: usize,
}

impl Walk<'_> {
    fn wrong<T>(&self, reason: impl Into<String>) -> Result<T, Fault> {
        Err(Fault::at(self.at, reason))
    }

    fn skip(&mut self, count: usize, what: &str) -> Result<(), Fault> {
        if self.bytes.len() - self.at < count {
            return self.wrong(format!("{what} of {count} bytes ends early"));
        }
        self.at += count;
        Ok(())
    }

    fn long(&mut self) -> Result<i64, Fault> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else { return self.wrong("a number ends early") };
            self.at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                if shift == 63 && byte > 1 {
                    return self.wrong("a number is longer than 64 bits");
                }
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        self.wrong("a number is longer than 64 bits")
    }

    fn length(&mut self, what: &str) -> Result<usize, Fault> {
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() => Ok(length),
            _ => self.wrong(format!("{what} claims {length} bytes")),
        }
    }

    fn string(&mut self) -> Result<(), Fault> {
        let length = self.length("a string")?;
        let from = self.at;
        self.skip(length, "a string")?;
        if std::str::from_utf8(&self.bytes[from..self.at]).is_err() {
            return Err(Fault::at(from, "a string is not UTF-8"));
        }
        Ok(())
    }

    fn value(&mut self, id: TypeId, depth: usize) -> Result<(), Fault> {
        if depth > SCHEMA_VALUE_MAX_DEPTH {
            return self.wrong(format!("the value is nested deeper than {SCHEMA_VALUE_MAX_DEPTH} levels"));
        }
        self.budget = match self.budget.checked_sub(1) {
            Some(left) => left,
            None => return self.wrong("the value has far more parts than bytes"),
        };
        let schema = self.schema;
        match schema.kind(id) {
            Kind::Null => Ok(()),
            Kind::Boolean => match self.bytes.get(self.at) {
                Some(0 | 1) => self.skip(1, "a boolean"),
                Some(other) => self.wrong(format!("a boolean is {other}, not 0 or 1")),
                None => self.wrong("a boolean is missing"),
            },
            Kind::Int => {
                let value = self.long()?;
                match i32::try_from(value) {
                    Ok(_) => Ok(()),
                    Err(_) => self.wrong(format!("an int is {value}, which is out of range")),
                }
            }
            Kind::Long => self.long().map(|_| ()),
            Kind::Float => self.skip(4, "a float"),
            Kind::Double => self.skip(8, "a double"),
            Kind::Bytes => {
                let length = self.length("a byte string")?;
                self.skip(length, "a byte string")
            }
            Kind::String => self.string(),
            Kind::Fixed { size, .. } => self.skip(*size, "a fixed"),
            Kind::Enum { symbols, named, .. } => {
                let index = self.long()?;
                if usize::try_from(index).is_ok_and(|index| index < symbols.len()) {
                    return Ok(());
                }
                self.wrong(format!("the enum {} has no symbol number {index}", named.full()))
            }
            Kind::Union(branches) => {
                let index = self.long()?;
                match usize::try_from(index).ok().and_then(|index| branches.get(index)) {
                    Some(branch) => self.value(*branch, depth + 1),
                    None => self.wrong(format!("a union has no branch number {index}")),
                }
            }
            Kind::Record { fields, .. } => {
                for field in fields {
                    self.value(field.of, depth + 1).map_err(|fault| fault.within(&field.name))?;
                }
                Ok(())
            }
            Kind::Array(items) => self.blocks(|walk| walk.value(*items, depth + 1)),
            Kind::Map(values) => self.blocks(|walk| {
                walk.string()?;
                walk.value(*values, depth + 1)
            }),
        }
    }

    /// Blocks of an array or a map; a negative count is followed by the block's size in bytes.
    fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            let end = if count < 0 {
                let size = self.length("a block")?;
                Some(self.at.saturating_add(size))
            } else {
                None
            };
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
            if end.is_some_and(|end| end != self.at) {
                return self.wrong("a block is not as long as it says");
            }
        }
    }
}

//! Checks a request body against the bytes there before the codec decodes it.
//!
//! The codec (kafka-protocol 0.18) reserves memory for as many array elements as a request claims: 6 bytes can make it
//! ask for 154 GB, which aborts the process. This walk follows the same layout without allocating anything: every
//! length and count must fit into the rest of the body, and what the decoded request would take in memory is limited
//! to 4 MiB and 16 times the body. Whoever decodes a body that passed allocates no more than that.
//!
//! It refuses what the codec refuses, except text that is not UTF-8 (the codec checks that), and three things the codec
//! lets pass: varints of more than 5 bytes, tagged fields whose size is not that of what is in them, and optional structs
//! that begin with neither -1 nor 1. Bytes behind
//! the last field are allowed, as in Kafka.

use crate::schema::{self, Field, Kind, Struct};

/// Every request may take this much memory when decoded, in bytes.
const MEMORY_BASE: usize = 4 << 20;
/// And so much more for each byte of the body. Legitimate requests reach 24 with one-letter topic names in Metadata v0.
const MEMORY_FACTOR: usize = 16;
/// A struct with one unknown tagged field has a map node with room for 11 of them.
const TAGS_FIRST: usize = 576;
/// Nodes are at least half full.
const TAGS_MORE: usize = 120;

/// What a checked request will take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCost {
    /// Array elements.
    pub elements: usize,
    /// Upper bound of the memory that decoding allocates, in bytes. The body itself is not copied.
    pub memory: usize,
}

/// Why a body cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoundsError {
    /// There is no description of such requests.
    #[error("no request with key {key} and version {version} is known")]
    Unknown {
        /// The API.
        key: i16,
        /// Its version.
        version: i16,
    },
    /// The body ends too soon.
    #[error("{field}: {needed} bytes are needed, {left} are left")]
    Short {
        /// The field that does not fit.
        field: &'static str,
        /// Bytes or elements it claims.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// A negative length, or null where there must be something.
    #[error("{field}: length {length}")]
    Length {
        /// The field.
        field: &'static str,
        /// As sent.
        length: i32,
    },
    /// A varint of more than 5 bytes.
    #[error("{field}: varint of more than 5 bytes")]
    Varint {
        /// The field whose length it is.
        field: &'static str,
    },
    /// A tagged field that is not as long as it says, or that the version does not have.
    #[error("tagged field {tag} does not fit")]
    Tag {
        /// Its number.
        tag: u32,
    },
    /// More elements than any client sends.
    #[error("would take {memory} bytes in memory for a body of {body}")]
    Memory {
        /// At least so many.
        memory: usize,
        /// Bytes of the body.
        body: usize,
    },
}

/// Checks the body of a request.
///
/// # Errors
/// See [`BoundsError`]; the connection is to be closed (protocol checklist A3).
pub fn check_request(key: i16, version: i16, body: &[u8]) -> Result<RequestCost, BoundsError> {
    let request = schema::lookup(key)
        .filter(|r| (r.min..=r.max).contains(&version))
        .ok_or(BoundsError::Unknown { key, version })?;
    let allowed = body.len().saturating_mul(MEMORY_FACTOR).saturating_add(MEMORY_BASE);
    let flexible = version >= request.flexible;
    let mut walk =
        Walk { rest: body, version, flexible, body: body.len(), allowed, cost: RequestCost::default() };
    walk.fields(request.body)?;
    Ok(walk.cost)
}

struct Walk<'a> {
    rest: &'a [u8],
    version: i16,
    flexible: bool,
    body: usize,
    allowed: usize,
    cost: RequestCost,
}

impl Walk<'_> {
    fn skip(&mut self, field: &'static str, len: usize) -> Result<(), BoundsError> {
        let left = self.rest.len();
        self.rest = self.rest.get(len..).ok_or(BoundsError::Short { field, needed: len, left })?;
        Ok(())
    }

    fn take<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], BoundsError> {
        let left = self.rest.len();
        let (head, rest) =
            self.rest.split_first_chunk::<N>().ok_or(BoundsError::Short { field, needed: N, left })?;
        self.rest = rest;
        Ok(*head)
    }

    fn varint(&mut self, field: &'static str) -> Result<u32, BoundsError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take(field)?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BoundsError::Varint { field })
    }

    /// A length or count; `None` is null. `narrow` is an int16 in inflexible versions.
    fn length(&mut self, field: &Field, narrow: bool) -> Result<Option<usize>, BoundsError> {
        let name = field.name;
        let length = if self.flexible {
            self.varint(name)?.checked_sub(1).map(|l| l as usize)
        } else {
            let length = if narrow {
                i32::from(i16::from_be_bytes(self.take(name)?))
            } else {
                i32::from_be_bytes(self.take(name)?)
            };
            match length {
                -1 => None,
                _ => Some(usize::try_from(length).map_err(|_| BoundsError::Length { field: name, length })?),
            }
        };
        if length.is_none() && !field.nullable {
            return Err(BoundsError::Length { field: name, length: -1 });
        }
        Ok(length)
    }

    fn charge(&mut self, memory: usize) -> Result<(), BoundsError> {
        self.cost.memory = self.cost.memory.saturating_add(memory);
        if self.cost.memory > self.allowed {
            return Err(BoundsError::Memory { memory: self.cost.memory, body: self.body });
        }
        Ok(())
    }

    fn field(&mut self, field: &Field) -> Result<(), BoundsError> {
        let name = field.name;
        match field.kind {
            Kind::Fixed(len) => self.skip(name, len),
            Kind::Text | Kind::Blob => {
                let narrow = matches!(field.kind, Kind::Text);
                match self.length(field, narrow)? {
                    Some(len) => self.skip(name, len),
                    None => Ok(()),
                }
            }
            Kind::Array(element) => {
                let Some(count) = self.length(field, false)? else { return Ok(()) };
                // No element is shorter than a byte, so a count that passes here bounds the loop below, too.
                if count > self.rest.len() {
                    return Err(BoundsError::Short { field: name, needed: count, left: self.rest.len() });
                }
                self.cost.elements += count;
                self.charge(count.saturating_mul(element.memory()))?;
                if let Kind::Fixed(len) = *element {
                    return self.skip(name, count.saturating_mul(len));
                }
                let element = Field { name, kind: *element, nullable: false, ..*field };
                for _ in 0..count {
                    self.field(&element)?;
                }
                Ok(())
            }
            Kind::Of(inner) => self.fields(inner),
            Kind::Maybe(inner) => match i8::from_be_bytes(self.take(name)?) {
                -1 => Ok(()),
                1 => self.fields(inner),
                length => Err(BoundsError::Length { field: name, length: length.into() }),
            },
        }
    }

    fn fields(&mut self, inner: &'static Struct) -> Result<(), BoundsError> {
        for field in inner.fields {
            if field.tag.is_none() && field.in_version(self.version) {
                self.field(field)?;
            }
        }
        if self.flexible { self.tags(inner) } else { Ok(()) }
    }

    fn tags(&mut self, inner: &'static Struct) -> Result<(), BoundsError> {
        let count = self.varint("tagged fields")?;
        let mut tag_memory = TAGS_FIRST;
        for _ in 0..count {
            let tag = self.varint("tag")?;
            let size = self.varint("size of a tagged field")? as usize;
            let Some(field) = inner.fields.iter().find(|f| f.tag == Some(tag)) else {
                self.skip("tagged field", size)?;
                self.charge(tag_memory)?;
                tag_memory = TAGS_MORE;
                continue;
            };
            let before = self.rest.len();
            if !field.in_version(self.version) {
                return Err(BoundsError::Tag { tag });
            }
            self.field(field)?;
            if before - self.rest.len() != size {
                return Err(BoundsError::Tag { tag });
            }
        }
        Ok(())
    }
}

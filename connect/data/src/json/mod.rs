//! JSON text as JsonConverter needs it: numbers keep their digits, objects their order, the depth is bounded.

mod parse;
mod write;

#[cfg(test)]
mod json_test;

pub(crate) use parse::low_bits;
pub use parse::{Json, Parser};
pub use write::{write_base64, write_string};

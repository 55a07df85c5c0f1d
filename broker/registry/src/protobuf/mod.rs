//! Protocol Buffers: `.proto` texts (proto2, proto3, editions as far as their grammar goes) and file descriptors, read into
//! one model; compared; and bytes checked.

mod builtin;
mod check;
mod descriptor;
mod diff;
mod encode;
mod json_value;
mod lexer;
mod model;
mod parser;
mod parser_parts;
mod print;
mod schema;
mod tags;
mod wire;

pub use check::{check, message_name};
pub use diff::incompatibilities;
pub use json_value::JsonForms;
pub use schema::ProtobufSchema;

#[cfg(test)]
#[path = "protobuf_test.rs"]
mod tests;

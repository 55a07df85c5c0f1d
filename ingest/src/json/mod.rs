//! JSON as ingest needs it: read in place, kept as it came.
//!
//! Nothing here builds a tree. A document is checked once by [`Scanner`], its parts are slices of the text, so
//! numbers keep their digits and payloads their bytes. Nesting is bounded, and no function here recurses.

mod error;
mod pointer;
mod scan;
mod value;
mod word;
mod write;

pub use error::{JsonError, JsonErrorKind};
pub use pointer::{InvalidPointer, Pointer, PointerError};
pub use scan::Scanner;
pub use value::{Array, Kind, Member, Object, Value};
pub use write::{Members, push_lossy_string, push_number, push_string};

#[cfg(test)]
mod json_test;

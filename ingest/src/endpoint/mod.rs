//! Endpoints: what a named entry is, who may use it, and how much.

mod admission;
mod api_key;
mod bucket;
mod definition;
mod validate;

pub use admission::{Admission, Denied, Permit};
pub use api_key::{ApiKeyHash, KeyFault, NewKey, check_key, new_key};
pub use bucket::{Limiter, Rate};
pub use definition::{
    ApiKey, Auth, Cors, Dedup, Definition, DefinitionError, Dialect, Key, Limits, Rejects, Schema, SchemaMode,
};
pub use validate::Problem;

#[cfg(test)]
mod endpoint_test;

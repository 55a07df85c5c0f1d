//! `highway endpoint`: over the admin listener's API.

mod args;
mod http;
mod run;

pub use args::EndpointCommand;
pub(super) use http::{call, call_as, encoded};
pub use run::run;

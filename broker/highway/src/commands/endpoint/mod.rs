//! `highway endpoint`: over the admin listener's API.

mod args;
mod http;
mod run;

pub use args::EndpointCommand;
pub use run::run;

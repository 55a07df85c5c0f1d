//! `highway consume`.

mod args;
pub mod base64;
mod format;
mod run;
mod template;

pub use args::ConsumeArgs;
pub use run::run;

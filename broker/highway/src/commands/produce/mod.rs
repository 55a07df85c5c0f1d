//! `highway produce`.

mod args;
mod input;
mod json;
mod lines;
mod run;

pub use args::{ProduceArgs, escaped};
pub use run::run;

//! What is derived and what is stored, over starts of the real binary.

mod derived;
mod durability;
mod golden;
// A folder of its own, and this binary, because each one links everything.
#[path = "../registry/mod.rs"]
mod registry;

use highway_tests::{batches, side as client};

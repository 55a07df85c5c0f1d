//! What is derived and what is stored, over starts of the real binary.

mod derived;
mod durability;
mod golden;

use highway_tests::{batches, side as client};

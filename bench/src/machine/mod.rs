//! The machine: memory in the same state for every window, processes and their CPU time, a disk with limits.

pub mod cold;
pub mod disk;
pub mod memory;
pub mod probe;
pub mod process;

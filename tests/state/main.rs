//! What is derived and what is stored, over starts of the real binary.

#[allow(dead_code)]
#[path = "../protocol/batches.rs"]
mod batches;
#[allow(dead_code)]
#[path = "../protocol/client.rs"]
mod client;

mod derived;
mod durability;
mod golden;

//! A first JSON Schema, learnt from samples: every sample is valid against what is learnt from it. Pure.
//!
//! [`Shape`] takes in one value after the other and stays bounded; [`Shape::schema`] writes it down as draft 2020-12. It says which types a
//! value had, which members every object had, which words a text took where there were few, and closes nothing:
//! members that were never seen stay allowed, so that a proposal does not refuse tomorrow's events.

mod schema;
mod shape;

pub use shape::Shape;

#[cfg(test)]
mod infer_test;

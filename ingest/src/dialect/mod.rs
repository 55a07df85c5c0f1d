//! What senders speak, as pure functions: headers and body in, records and rejects out; results in, answers out.
//!
//! Every decoder gives a [`Decoded`]: one [`Item`] for each event, in the order of the request, so that one bad event
//! never fails its neighbours. Only a request that cannot be taken apart at all is a [`RequestError`]. The body was
//! unpacked before by [`encoding`].

pub mod answer;
pub mod cloudevents;
mod decoded;
pub mod encoding;
pub mod native;
pub mod otlp;
pub mod rest_proxy;
pub mod segment;
pub mod webhook;

pub use decoded::{Decoded, Form, Item, Refused, RequestError, media_type};

#[cfg(test)]
mod hostile_test;
#[cfg(test)]
mod testing;

//! Webhooks whose senders sign them: Standard Webhooks, GitHub, Stripe, Slack.
//!
//! [`verify`] works on the raw body, before anything reads it. [`decode`] then makes the event: the body as it came is the payload,
//! the sender's own id is the event's, so that a delivery that is repeated is stored once.

mod event;
mod signature;
mod verify;

pub use event::{challenge, decode};
pub use verify::{Profile, Secrets, WebhookError, verify};

#[cfg(test)]
mod webhook_test;

//! Kafka's wire protocol: framing, the table of APIs, headers, bounded decoding, response encoding with spliced records.

pub mod api_versions;
pub mod apis;
pub mod bounds;
pub mod fetch_frame;
pub mod frame;
mod frame_buffers;
pub mod fuzz;
pub mod header;
pub mod memory;
pub mod piece;
pub mod request;
pub mod response;
mod schema;
pub mod send;

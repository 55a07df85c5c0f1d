//! The cluster as a client sees it: who is there, who leads what, who coordinates which group.

mod client;
mod coordinators;
mod metadata;

pub use client::Client;
pub(crate) use client::{group_id, text, topic_name, typed};
pub use metadata::{ClusterView, NodeView, PartitionView, TopicView};

//! Where endpoints are kept: the cluster's metadata, seen through a seam so that ingest need not know the controller.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use highway_types::{TopicId, TopicName};

/// What a change gives: nothing, or why it was not made.
pub type StoreFuture<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// The endpoints of the cluster, as JSON texts by name.
pub trait EndpointStore: Send + Sync + 'static {
    /// All of them, as they are now. Cheap: it is asked on every request.
    fn all(&self) -> Arc<BTreeMap<String, String>>;

    /// Puts one in, or takes it away. Done when the change is durable.
    fn put<'a>(&'a self, name: &'a str, definition: Option<String>) -> StoreFuture<'a>;

    /// A topic's id and number of partitions as the node knows them now; `None` if there is none, or the store does not know.
    fn topic(&self, _name: &TopicName) -> Option<(TopicId, usize)> {
        None
    }
}

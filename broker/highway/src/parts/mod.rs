//! What runs in a node beside the broker, each with its own listeners, all through the broker's one door ([`door`]).

#[cfg_attr(not(test), expect(dead_code, reason = "its first user comes with the next change"))]
pub mod door;

use highway_server::node::{NodeError, NodeHandle, PartAddress};

/// Starts all of them; their listeners are bound when this returns.
pub async fn start(_node: NodeHandle) -> Result<Vec<PartAddress>, NodeError> {
    Ok(Vec::new())
}

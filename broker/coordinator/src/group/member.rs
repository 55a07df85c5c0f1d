//! A member of a classic group.

use std::sync::Arc;

use bytes::Bytes;

use crate::effect::RequestId;
use crate::ids::{InstanceId, MemberId};
use crate::request::Protocol;

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: MemberId,
    pub(crate) instance_id: Option<InstanceId>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) assignment: Bytes,
    /// The JoinGroup that waits for the rebalance.
    pub(crate) awaiting_join: Option<RequestId>,
    /// The SyncGroup that waits for the assignment.
    pub(crate) awaiting_sync: Option<RequestId>,
    /// Not yet in a generation: it has no id to send heartbeats with, so its deadline is absolute.
    pub(crate) is_new: bool,
}

impl Member {
    /// What the member said for `protocol`; empty if it does not support it.
    pub(crate) fn metadata(&self, protocol: &str) -> Bytes {
        self.protocols.iter().find(|p| &*p.name == protocol).map(|p| p.metadata.clone()).unwrap_or_default()
    }

    /// Whether waiting stands for a heartbeat.
    pub(crate) fn is_alive_by_waiting(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}

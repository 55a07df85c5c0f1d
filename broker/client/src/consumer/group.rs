//! Membership in a group: join, sync, heartbeats, leave (the classic protocol, eager rebalances).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use highway_types::{GroupId, Offset, TopicName, TopicPartition};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::assignor::{self, ASSIGNORS, Wishes};
use super::config::GroupConfig;
use super::protocol;
use crate::cluster::{Client, group_id, text};
use crate::error::{ClientError, ErrorCode};
use crate::retry::Retry;
use crate::transport::{Lane, LaneId};

/// What the heartbeats found out.
#[derive(Debug, Default)]
struct Signals {
    rejoin: AtomicBool,
    changed: Notify,
}

impl Signals {
    fn rejoin(&self) {
        self.rejoin.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

/// A member of a group.
#[derive(Debug)]
pub(super) struct Membership {
    client: Client,
    lane: Lane,
    group: GroupId,
    settings: GroupConfig,
    topics: Vec<TopicName>,
    member: String,
    generation: i32,
    signals: Arc<Signals>,
    heartbeats: Option<JoinHandle<()>>,
}

impl Membership {
    pub(super) fn new(client: Client, group: GroupId, settings: GroupConfig, topics: Vec<TopicName>) -> Self {
        let signals = Arc::new(Signals { rejoin: AtomicBool::new(true), changed: Notify::new() });
        let member = String::new();
        Self {
            client,
            lane: Lane::Group(LaneId::fresh()),
            group,
            settings,
            topics,
            member,
            generation: -1,
            signals,
            heartbeats: None,
        }
    }

    pub(super) fn group(&self) -> &GroupId {
        &self.group
    }

    pub(super) fn wants_to_join(&self) -> bool {
        self.signals.rejoin.load(Ordering::Acquire)
    }

    /// Done when a heartbeat said that something changed.
    pub(super) fn changed(&self) -> impl Future<Output = ()> + 'static {
        let signals = self.signals.clone();
        async move { signals.changed.notified().await }
    }

    /// True if the error means that the member has to join again; it will.
    pub(super) fn note(&self, error: &ClientError) -> bool {
        // 22 ILLEGAL_GENERATION, 25 UNKNOWN_MEMBER_ID, 27 REBALANCE_IN_PROGRESS
        let rejoin = matches!(error.code(), Some(ErrorCode(22 | 25 | 27)));
        if rejoin {
            self.signals.rejoin();
        }
        rejoin
    }

    fn refused(&self, code: ErrorCode) -> ClientError {
        ClientError::broker(format_args!("group {}", self.group), code, None)
    }

    /// Joins, as often as it takes; this member's share.
    pub(super) async fn join(&mut self) -> Result<Vec<TopicPartition>, ClientError> {
        self.stop_heartbeats();
        let mut retry = Retry::within(self.client.config(), self.settings.rebalance_timeout);
        loop {
            let joined = self.join_once().await?;
            let code = ErrorCode::of(joined.error_code);
            match code {
                None => {}
                Some(ErrorCode::MEMBER_ID_REQUIRED) => {
                    self.member = joined.member_id.to_string();
                    continue;
                }
                Some(ErrorCode::UNKNOWN_MEMBER_ID) => self.member.clear(),
                Some(ErrorCode::REBALANCE_IN_PROGRESS) => {}
                Some(code) => return Err(self.refused(code)),
            }
            if code.is_some() {
                if retry.again().await {
                    continue;
                } else {
                    return Err(self.refused(ErrorCode::REBALANCE_IN_PROGRESS));
                }
            }
            self.member = joined.member_id.to_string();
            self.generation = joined.generation_id;
            let assignor = joined.protocol_name.as_ref().map_or(ASSIGNORS[0], |p| p.as_str()).to_owned();
            let shares = if joined.leader == joined.member_id {
                self.share_out(&assignor, &joined).await?
            } else {
                Vec::new()
            };
            let synced = self.sync(&assignor, shares).await?;
            match ErrorCode::of(synced.error_code) {
                None => {
                    let share = protocol::read_assignment(&synced.assignment).ok_or_else(|| {
                        ClientError::Closed(format!(
                            "group {}: its leader sent no readable assignment",
                            self.group
                        ))
                    })?;
                    // Heartbeats begin before positions are looked up: that may take a while.
                    self.signals = Arc::default();
                    self.signals.rejoin();
                    self.heartbeats = Some(tokio::spawn(self.heartbeats()));
                    return Ok(share);
                }
                Some(ErrorCode::UNKNOWN_MEMBER_ID) => self.member.clear(),
                Some(ErrorCode::ILLEGAL_GENERATION | ErrorCode::REBALANCE_IN_PROGRESS) => {}
                Some(code) => return Err(self.refused(code)),
            }
            if !retry.again().await {
                return Err(self.refused(ErrorCode::REBALANCE_IN_PROGRESS));
            }
        }
    }

    /// The share is in use: from now on only heartbeats make it join again.
    pub(super) fn joined(&self) {
        if self.heartbeats.as_ref().is_some_and(|h| !h.is_finished()) {
            self.signals.rejoin.store(false, Ordering::Release);
        }
    }

    async fn join_once(&self) -> Result<JoinGroupResponse, ClientError> {
        let metadata = protocol::write_subscription(&self.topics);
        let protocols = ASSIGNORS.map(|name| {
            JoinGroupRequestProtocol::default().with_name(text(name)).with_metadata(metadata.clone())
        });
        let request = JoinGroupRequest::default()
            .with_group_id(group_id(&self.group))
            .with_session_timeout_ms(millis(self.settings.session_timeout))
            .with_rebalance_timeout_ms(millis(self.settings.rebalance_timeout))
            .with_member_id(text(&self.member))
            .with_group_instance_id(self.settings.instance_id.as_deref().map(text))
            .with_protocol_type(text("consumer"))
            .with_protocols(protocols.into());
        // The coordinator answers when all members are there, or the rebalance timeout is over.
        let timeout = self.settings.rebalance_timeout + Duration::from_secs(10);
        let refused = |a: &JoinGroupResponse| ErrorCode::of(a.error_code);
        self.client.call_coordinator(&self.group, request, 7..=9, self.lane, timeout, refused).await
    }

    async fn share_out(
        &self,
        assignor: &str,
        joined: &JoinGroupResponse,
    ) -> Result<Vec<(String, Bytes)>, ClientError> {
        let wishes: Wishes = joined
            .members
            .iter()
            .map(|m| {
                let id = (m.group_instance_id.as_ref().map(ToString::to_string), m.member_id.to_string());
                (id, protocol::read_subscription(&m.metadata).unwrap_or_default())
            })
            .collect();
        let mut names: Vec<_> = wishes.values().flatten().cloned().collect();
        names.sort();
        names.dedup();
        let view = self.client.refresh(Some(&names), false).await?;
        let counts = view
            .topics
            .iter()
            .filter(|(_, t)| t.error.is_none())
            .map(|(name, t)| (name.clone(), i32::try_from(t.partitions.len()).unwrap_or(i32::MAX)))
            .collect();
        let shares = assignor::assign(assignor, &wishes, &counts);
        Ok(shares.into_iter().map(|(id, share)| (id, protocol::write_assignment(&share))).collect())
    }

    async fn sync(
        &self,
        assignor: &str,
        shares: Vec<(String, Bytes)>,
    ) -> Result<SyncGroupResponse, ClientError> {
        let shares = shares.into_iter().map(|(id, share)| {
            SyncGroupRequestAssignment::default().with_member_id(text(&id)).with_assignment(share)
        });
        let request = SyncGroupRequest::default()
            .with_group_id(group_id(&self.group))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.member))
            .with_group_instance_id(self.settings.instance_id.as_deref().map(text))
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text(assignor)))
            .with_assignments(shares.collect());
        let timeout = self.settings.rebalance_timeout + Duration::from_secs(10);
        let refused = |a: &SyncGroupResponse| ErrorCode::of(a.error_code);
        self.client.call_coordinator(&self.group, request, 5..=5, self.lane, timeout, refused).await
    }

    /// Runs until the coordinator does not know this generation any more.
    fn heartbeats(&self) -> impl Future<Output = ()> + Send + 'static {
        let (client, group, signals) = (self.client.clone(), self.group.clone(), self.signals.clone());
        let request = HeartbeatRequest::default()
            .with_group_id(group_id(&self.group))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.member))
            .with_group_instance_id(self.settings.instance_id.as_deref().map(text));
        let (interval, timeout) = (self.settings.heartbeat_interval, self.settings.session_timeout);
        async move {
            loop {
                tokio::time::sleep(interval).await;
                let refused = |a: &HeartbeatResponse| ErrorCode::of(a.error_code);
                let answer = client
                    .call_coordinator(&group, request.clone(), 3..=4, Lane::Heartbeat, timeout, refused)
                    .await;
                match answer.map(|a| ErrorCode::of(a.error_code)) {
                    Ok(None) => {}
                    // The others wait for this member; it goes on beating until it has joined.
                    Ok(Some(ErrorCode::REBALANCE_IN_PROGRESS)) => signals.rejoin(),
                    Ok(Some(_)) | Err(_) => {
                        signals.rejoin();
                        return;
                    }
                }
            }
        }
    }

    fn stop_heartbeats(&mut self) {
        if let Some(task) = self.heartbeats.take() {
            task.abort();
        }
    }

    /// Commits as this member.
    pub(super) async fn commit(&self, offsets: &BTreeMap<TopicPartition, Offset>) -> Result<(), ClientError> {
        let instance = self.settings.instance_id.as_deref();
        self.client.commit(&self.group, self.generation, &self.member, instance, offsets).await
    }

    /// Leaves, if this member is dynamic: a static one comes back.
    pub(super) async fn leave(mut self) {
        self.stop_heartbeats();
        if self.member.is_empty() || self.settings.instance_id.is_some() {
            return;
        }
        let identity = MemberIdentity::default().with_member_id(text(&self.member));
        let request =
            LeaveGroupRequest::default().with_group_id(group_id(&self.group)).with_members(vec![identity]);
        let refused = |a: &LeaveGroupResponse| ErrorCode::of(a.error_code);
        let limit = Duration::from_secs(5);
        let call = self.client.call_coordinator(&self.group, request, 4..=5, Lane::Heartbeat, limit, refused);
        // A group that is not told waits for the session timeout.
        let _ = tokio::time::timeout(limit, call).await;
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.stop_heartbeats();
        self.client.retire(self.lane);
    }
}

fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}

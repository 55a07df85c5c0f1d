//! Which broker coordinates a group.

use std::ops::RangeInclusive;
use std::sync::PoisonError;
use std::time::Duration;

use highway_types::GroupId;
use kafka_protocol::messages::{FindCoordinatorRequest, FindCoordinatorResponse};

use super::client::{Client, text};
use crate::error::{ClientError, ErrorCode};
use crate::retry::Retry;
use crate::transport::{Endpoint, Lane, TypedRequest};

impl Client {
    /// The coordinator of a group, from the cache or asked for.
    ///
    /// # Errors
    /// Nobody says, or none is available in time.
    pub async fn coordinator(&self, group: &GroupId) -> Result<Endpoint, ClientError> {
        if let Some(known) = self.coordinators().get(group) {
            return Ok(known.clone());
        }
        let mut retry = Retry::new(self.config());
        loop {
            let request = FindCoordinatorRequest::default()
                .with_key_type(0)
                .with_coordinator_keys(vec![text(group.as_str())]);
            let answer: FindCoordinatorResponse = self.call_any(request, 4..=6).await?;
            let found = answer.coordinators.first();
            let code =
                found.map_or(Some(ErrorCode::COORDINATOR_NOT_AVAILABLE), |c| ErrorCode::of(c.error_code));
            if let (Some(found), None) = (found, code) {
                let endpoint = Endpoint::new(&found.host, u16::try_from(found.port).unwrap_or(0));
                self.coordinators().insert(group.clone(), endpoint.clone());
                return Ok(endpoint);
            }
            let code = code.unwrap_or(ErrorCode::COORDINATOR_NOT_AVAILABLE);
            if !code.is_retriable() || !retry.again().await {
                let words = found.and_then(|c| c.error_message.as_ref()).map(|m| m.as_str());
                return Err(ClientError::broker(format_args!("group {group}"), code, words));
            }
        }
    }

    /// The coordinator is asked for again before it is used next.
    pub(crate) fn forget_coordinator(&self, group: &GroupId) {
        self.coordinators().remove(group);
    }

    fn coordinators(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<GroupId, Endpoint>> {
        self.shared.coordinators.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request to a group's coordinator; again while it moves or loads.
    pub(crate) async fn call_coordinator<Q: TypedRequest + Clone>(
        &self,
        group: &GroupId,
        request: Q,
        versions: RangeInclusive<i16>,
        lane: Lane,
        timeout: Duration,
        refused: impl Fn(&Q::Response) -> Option<ErrorCode>,
    ) -> Result<Q::Response, ClientError> {
        let mut retry = Retry::new(self.config());
        loop {
            let to = self.coordinator(group).await?;
            match self.call_within(&to, request.clone(), versions.clone(), lane, timeout).await {
                Ok(answer) => match refused(&answer) {
                    Some(code) if code.is_coordinator_moving() && retry.again().await => {
                        if code != ErrorCode::COORDINATOR_LOAD_IN_PROGRESS {
                            self.forget_coordinator(group);
                        }
                    }
                    _ => return Ok(answer),
                },
                Err(error) if error.is_connection() && retry.again().await => self.forget_coordinator(group),
                Err(error) => return Err(error),
            }
        }
    }
}

//! What a coordinator answers when it refuses.

/// Kafka's error codes, as far as groups use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum GroupError {
    /// No error.
    #[error("no error")]
    None,
    /// The state or the record cannot be written.
    #[error("unexpected server error")]
    UnknownServerError,
    /// The partition does not exist.
    #[error("unknown topic or partition")]
    UnknownTopicOrPartition,
    /// The metadata string of a commit is longer than `offset.metadata.max.bytes`.
    #[error("offset metadata too large")]
    OffsetMetadataTooLarge,
    /// The shard is replaying its partition.
    #[error("coordinator load in progress")]
    CoordinatorLoadInProgress,
    /// The coordinator cannot answer now.
    #[error("coordinator not available")]
    CoordinatorNotAvailable,
    /// The shard lost its partition: ask again who coordinates.
    #[error("not coordinator")]
    NotCoordinator,
    /// The generation is not the group's.
    #[error("illegal generation")]
    IllegalGeneration,
    /// The protocol type differs, or no protocol is common to all members.
    #[error("inconsistent group protocol")]
    InconsistentGroupProtocol,
    /// An empty or unusable group id.
    #[error("invalid group id")]
    InvalidGroupId,
    /// The group has no such member.
    #[error("unknown member id")]
    UnknownMemberId,
    /// The session timeout lies outside the broker's bounds.
    #[error("invalid session timeout")]
    InvalidSessionTimeout,
    /// Join again.
    #[error("rebalance in progress")]
    RebalanceInProgress,
    /// A topic the client may not read.
    #[error("topic authorization failed")]
    TopicAuthorizationFailed,
    /// A group the client may not use.
    #[error("group authorization failed")]
    GroupAuthorizationFailed,
    /// A field that cannot be stored.
    #[error("invalid request")]
    InvalidRequest,
    /// Delete only empty groups.
    #[error("non-empty group")]
    NonEmptyGroup,
    /// No such group.
    #[error("group id not found")]
    GroupIdNotFound,
    /// Join again with the id in the answer (KIP-394).
    #[error("member id required")]
    MemberIdRequired,
    /// The group is full.
    #[error("group max size reached")]
    GroupMaxSizeReached,
    /// Another member took over this instance id.
    #[error("fenced instance id")]
    FencedInstanceId,
    /// The group reads this topic.
    #[error("group subscribed to topic")]
    GroupSubscribedToTopic,
    /// No topic has this id.
    #[error("unknown topic id")]
    UnknownTopicId,
}

impl GroupError {
    /// Kafka's number.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::None => 0,
            Self::UnknownServerError => -1,
            Self::UnknownTopicOrPartition => 3,
            Self::OffsetMetadataTooLarge => 12,
            Self::CoordinatorLoadInProgress => 14,
            Self::CoordinatorNotAvailable => 15,
            Self::NotCoordinator => 16,
            Self::IllegalGeneration => 22,
            Self::InconsistentGroupProtocol => 23,
            Self::InvalidGroupId => 24,
            Self::UnknownMemberId => 25,
            Self::InvalidSessionTimeout => 26,
            Self::RebalanceInProgress => 27,
            Self::TopicAuthorizationFailed => 29,
            Self::GroupAuthorizationFailed => 30,
            Self::InvalidRequest => 42,
            Self::NonEmptyGroup => 68,
            Self::GroupIdNotFound => 69,
            Self::MemberIdRequired => 79,
            Self::GroupMaxSizeReached => 81,
            Self::FencedInstanceId => 82,
            Self::GroupSubscribedToTopic => 86,
            Self::UnknownTopicId => 100,
        }
    }

    /// True for [`GroupError::None`].
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::None
    }
}

//! Fences: the end of all that was sent to a partition (see [`super::Producer::fence`]).

use highway_types::TopicName;
use kafka_protocol::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use kafka_protocol::messages::{ProducerId, WriteTxnMarkersRequest, WriteTxnMarkersResponse};
use tokio::sync::{mpsc, oneshot};

use super::queue::{PartitionQueue, State};
use super::sender::Landed;
use crate::cluster::{Client, topic_name};
use crate::error::{ClientError, ErrorCode};
use crate::transport::Lane;

type Waiting = Vec<oneshot::Sender<Result<(), ClientError>>>;

/// A marker to be written.
pub(super) struct Fence {
    topic: TopicName,
    partition: i32,
    /// Producer ids, each with the lowest epoch that is still taken.
    epochs: Vec<(i64, i16)>,
    waiting: Waiting,
}

/// A marker that was written, or not.
pub(super) struct Marked {
    fence: Fence,
    outcome: Result<(), ClientError>,
}

/// Begins a fence, if somebody waits for one. The queue is in a new epoch and has nothing under way.
pub(super) fn begin(topic: &TopicName, partition: i32, queue: &mut PartitionQueue) -> Option<Fence> {
    let waiting = std::mem::take(&mut queue.fences);
    if waiting.is_empty() {
        return None;
    }
    let epochs: Vec<_> = queue.identity.into_iter().chain(queue.retired.map(|id| (id, i16::MAX))).collect();
    if epochs.is_empty() {
        // Nothing was ever sent; who asked may be gone.
        waiting.into_iter().for_each(|waiting| drop(waiting.send(Ok(()))));
        return None;
    }
    queue.fencing = true;
    Some(Fence { topic: topic.clone(), partition, epochs, waiting })
}

impl Fence {
    /// In a task of its own; the outcome goes to the sender.
    pub(super) fn carry_out(self, client: Client, landed: mpsc::Sender<Landed>) {
        tokio::spawn(async move {
            let outcome = self.mark(&client).await;
            // Only a producer that is gone does not take it.
            let _ = landed.send(Landed::Fence(Marked { fence: self, outcome })).await;
        });
    }

    async fn mark(&self, client: &Client) -> Result<(), ClientError> {
        let leader = client.leader(&self.topic, self.partition).await?;
        let of_epoch = |(id, epoch): &(i64, i16)| {
            let topic = WritableTxnMarkerTopic::default()
                .with_name(topic_name(&self.topic))
                .with_partition_indexes(vec![self.partition]);
            WritableTxnMarker::default()
                .with_producer_id(ProducerId(*id))
                .with_producer_epoch(*epoch)
                .with_transaction_result(false)
                .with_topics(vec![topic])
        };
        let request =
            WriteTxnMarkersRequest::default().with_markers(self.epochs.iter().map(of_epoch).collect());
        let answer: WriteTxnMarkersResponse =
            client.call(&leader.endpoint, request, 1..=1, Lane::Control).await?;
        let rows: Vec<i16> = answer
            .markers
            .iter()
            .flat_map(|m| &m.topics)
            .flat_map(|t| &t.partitions)
            .map(|p| p.error_code)
            .collect();
        let subject = || format!("fence of partition {}-{}", self.topic, self.partition);
        if rows.len() != self.epochs.len() {
            return Err(ClientError::Closed(format!(
                "{}: the broker's answer does not mention it",
                subject()
            )));
        }
        match rows.into_iter().find_map(ErrorCode::of) {
            Some(code) => Err(ClientError::broker(subject(), code, None)),
            None => Ok(()),
        }
    }
}

impl Marked {
    /// Lets the partition go on, and tells who waited.
    pub(super) fn tell(self, state: &mut State) {
        let Self { fence, outcome } = self;
        let index = usize::try_from(fence.partition).unwrap_or(usize::MAX);
        if let Some(queue) = state.topics.get_mut(&fence.topic).and_then(|t| t.partitions.get_mut(index)) {
            queue.fencing = false;
            if outcome.is_ok() {
                queue.retired = None;
            }
        }
        // Who asked may be gone.
        fence.waiting.into_iter().for_each(|waiting| drop(waiting.send(outcome.clone())));
    }
}

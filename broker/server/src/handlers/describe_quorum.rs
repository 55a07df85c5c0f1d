//! DescribeQuorum (key 55), versions 0-2 (KIP-595, KIP-853): a single node is a quorum of itself.

use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_quorum_response::{
    Listener, Node, PartitionData, ReplicaState, TopicData,
};
use kafka_protocol::messages::{BrokerId, DescribeQuorumRequest, DescribeQuorumResponse};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::context::RequestContext;
use highway_types::TopicName;

fn unknown() -> StrBytes {
    StrBytes::from_static_str("This server does not host this topic-partition.")
}

/// Answers a DescribeQuorum request.
pub async fn handle(
    broker: &Arc<Broker>,
    ctx: &RequestContext,
    request: DescribeQuorumRequest,
) -> DescribeQuorumResponse {
    let offsets = broker.logs.metadata_log().offsets();
    let now = broker.clock.now().0;
    let voter = ReplicaState::default()
        .with_replica_id(BrokerId(broker.node_id.0))
        .with_log_end_offset(offsets.log_end.0)
        .with_last_fetch_timestamp(now)
        .with_last_caught_up_timestamp(now);
    let topics: Vec<TopicData> = request
        .topics
        .into_iter()
        .map(|topic| {
            let known = topic.topic_name.as_str() == TopicName::CLUSTER_METADATA;
            let partitions = topic
                .partitions
                .iter()
                .map(|p| {
                    let answer = PartitionData::default().with_partition_index(p.partition_index);
                    if !known || p.partition_index != 0 {
                        let answer = answer.with_error_code(ResponseError::UnknownTopicOrPartition.code());
                        return if ctx.version >= 2 {
                            answer.with_error_message(Some(unknown()))
                        } else {
                            answer
                        };
                    }
                    answer
                        .with_leader_id(BrokerId(broker.node_id.0))
                        .with_leader_epoch(0)
                        .with_high_watermark(offsets.high_watermark.0)
                        .with_current_voters(vec![voter.clone()])
                })
                .collect();
            TopicData::default().with_topic_name(topic.topic_name).with_partitions(partitions)
        })
        .collect();
    let known = |t: &TopicData| t.partitions.iter().all(|p| p.error_code == 0);
    let nodes = if ctx.version >= 2 && topics.iter().all(known) {
        let (host, port) = broker.advertised(ctx.connection.listener);
        let listener = Listener::default()
            .with_name(StrBytes::from_string(broker.listener_name(ctx.connection.listener)))
            .with_host(StrBytes::from_string(host))
            .with_port(port);
        vec![Node::default().with_node_id(BrokerId(broker.node_id.0)).with_listeners(vec![listener])]
    } else {
        Vec::new()
    };
    DescribeQuorumResponse::default().with_topics(topics).with_nodes(nodes)
}

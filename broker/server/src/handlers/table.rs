//! The one list of which handler answers which API.
//!
//! The router and the door for callers in the node both expand it: `answer_by_table!(key, call)` calls
//! `call.answer(handler)`, whatever answering means there. ApiVersions, Produce and Fetch are not in it: each is more than
//! one request and one response of the codec.

macro_rules! answer_by_table {
    ($key:expr, $call:expr) => {
        $crate::handlers::table::answer_by_table!(@ $key, $call, {
            ListOffsets => list_offsets,
            Metadata => metadata,
            OffsetCommit => offset_commit,
            OffsetFetch => offset_fetch,
            FindCoordinator => find_coordinator,
            JoinGroup => join_group,
            Heartbeat => heartbeat,
            LeaveGroup => leave_group,
            SyncGroup => sync_group,
            DescribeGroups => describe_groups,
            ListGroups => list_groups,
            CreateTopics => create_topics,
            DeleteTopics => delete_topics,
            DeleteRecords => delete_records,
            InitProducerId => init_producer_id,
            OffsetForLeaderEpoch => offset_for_leader_epoch,
            DescribeConfigs => describe_configs,
            AlterConfigs => alter_configs,
            DescribeLogDirs => describe_log_dirs,
            CreatePartitions => create_partitions,
            DeleteGroups => delete_groups,
            IncrementalAlterConfigs => incremental_alter_configs,
            ListPartitionReassignments => list_partition_reassignments,
            OffsetDelete => offset_delete,
            DescribeQuorum => describe_quorum,
            DescribeCluster => describe_cluster,
            DescribeProducers => describe_producers,
            DescribeTopicPartitions => describe_topic_partitions,
        })
    };
    (@ $key:expr, $call:expr, { $($api:ident => $handler:ident),* $(,)? }) => {
        match $key {
            $(ApiKey::$api => $call.answer(|b, c, r| async move { $crate::handlers::$handler::handle(&b, &c, r).await }),)*
            other => Err(format!("{other:?} has no handler").into()),
        }
    };
}

pub(crate) use answer_by_table;

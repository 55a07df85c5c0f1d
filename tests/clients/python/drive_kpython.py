"""kafka-python: each codec, a group, commits, administration."""

import sys

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka import errors as ke
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from common import *  # noqa: F403

bootstrap = sys.argv[1]
topic = name("kpython")
group = topic + "-group"
client = KafkaAdminClient(bootstrap_servers=bootstrap)

client.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})])
raises(ke.TopicAlreadyExistsError, "create twice", lambda: client.create_topics([NewTopic(topic, 1, 1)]))
raises(ke.InvalidReplicationFactorError, "replicas", lambda: client.create_topics([NewTopic(topic + "x", 1, 3)]))

written = 0
for codec in CODECS:
    with KafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec, linger_ms=5) as producer:
        futures = []
        for _ in range(PER_CODEC):
            futures.append(producer.send(topic, value(written), key(written), [("codec", codec.encode())], written % PARTITIONS, T0 + written))
            written += 1
        for future in futures:
            equal(future.get(30).topic, topic, "topic of the answer")

consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                         consumer_timeout_ms=30_000)
seen = set()
for record in consumer:
    n = int(record.key[1:])
    check(n not in seen, f"record {n} twice")
    seen.add(n)
    check_record(n, record.key, record.value, record.timestamp, record.partition, record.headers)
    if len(seen) == TOTAL:
        break
equal(len(seen), TOTAL, "records read")
consumer.commit()
partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
ends = consumer.end_offsets(partitions)
equal(sum(ends.values()), TOTAL, "sum of end offsets")
equal(set(consumer.beginning_offsets(partitions).values()), {0}, "beginning offsets")
for tp in partitions:
    equal(consumer.committed(tp), ends[tp], f"commit of {tp}")
consumer.commit({partitions[0]: OffsetAndMetadata(7, "a note", -1)})
equal(consumer.committed(partitions[0], metadata=True).metadata, "a note", "commit metadata")
found = consumer.offsets_for_times({partitions[0]: T0 + TOTAL // 2})[partitions[0]]
equal(found.offset, (TOTAL // 2 + PARTITIONS - 1) // PARTITIONS, "offset for a time")
consumer.close()

resource = ConfigResource(ConfigResourceType.TOPIC, topic)
equal(client.describe_configs([resource])["topic"][topic]["retention.ms"]["value"], "-1", "retention.ms")
resource.configs = {"max.message.bytes": "3000"}
client.alter_configs([resource])
equal(client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])["topic"][topic]["max.message.bytes"]["value"], "3000", "altered config")
described = client.describe_topics([topic])[0]
equal(len(described["partitions"]), PARTITIONS, "partitions")
equal(client.describe_groups([group])[group]["group_state"], "Empty", "state of the group")
check(group in [g["group_id"] for g in client.list_groups()], "group is listed")
equal(len(client.list_group_offsets({group: None})[group]), PARTITIONS, "committed partitions")
client.delete_records({partitions[1]: 4})
client.create_partitions({topic: NewPartitions(5)})
eventually("five partitions", lambda: len(client.describe_topics([topic])[0]["partitions"]) == 5)
check(len(client.describe_cluster()["cluster_id"]) > 10, "cluster id")
client.describe_log_dirs()
client.delete_groups([group])
client.delete_topics([topic])
eventually("topic is gone", lambda: topic not in client.list_topics())
client.close()
finish("kafka-python", kafka.__version__)

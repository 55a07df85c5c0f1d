"""confluent-kafka (librdkafka): each codec, a group, commits, administration."""

import sys

import confluent_kafka as ck
from confluent_kafka import admin as ca
from common import *  # noqa: F403

bootstrap = sys.argv[1]
topic = name("confluent")
group = topic + "-group"
client = ca.AdminClient({"bootstrap.servers": bootstrap})


def result(futures):
    for future in futures.values():
        return future.result(timeout=30)


def code(wanted):
    return lambda error: isinstance(error, ck.KafkaException) and error.args[0].code() == wanted


result(client.create_topics([ca.NewTopic(topic, PARTITIONS, 1, config={"retention.ms": "-1"})]))
raises(code(ck.KafkaError.TOPIC_ALREADY_EXISTS), "create twice", lambda: result(client.create_topics([ca.NewTopic(topic, 1, 1)])))
raises(code(ck.KafkaError.INVALID_REPLICATION_FACTOR), "replicas", lambda: result(client.create_topics([ca.NewTopic(topic + "x", 1, 3)])))

written = 0
for codec in CODECS:
    producer = ck.Producer({"bootstrap.servers": bootstrap, "compression.type": codec, "enable.idempotence": codec != "gzip", "linger.ms": 5})
    failures = []
    for _ in range(PER_CODEC):
        producer.produce(topic, value(written), key(written), written % PARTITIONS, timestamp=T0 + written,
                         headers={"codec": codec.encode()}, on_delivery=lambda e, m: failures.append(e) if e else None)
        written += 1
    equal(producer.flush(30), 0, f"records left behind with {codec}")
    equal(failures, [], f"failed deliveries with {codec}")

consumer = ck.Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe([topic])
seen = set()
while len(seen) < TOTAL:
    message = consumer.poll(30)
    check(message is not None, f"only {len(seen)} records within 30 s")
    check(message.error() is None, f"poll: {message.error()}")
    n = int(message.key()[1:])
    check(n not in seen, f"record {n} twice")
    seen.add(n)
    check_record(n, message.key(), message.value(), message.timestamp()[1], message.partition(), message.headers())
equal(len(consumer.assignment()), PARTITIONS, "assignment")
consumer.commit(asynchronous=False)
everything = [ck.TopicPartition(topic, p) for p in range(PARTITIONS)]
for tp in consumer.committed(everything, 30):
    low, high = consumer.get_watermark_offsets(tp, 30)
    equal((low, tp.offset), (0, high), f"low watermark and commit of partition {tp.partition}")
consumer.commit(offsets=[ck.TopicPartition(topic, 0, 7, metadata="a note")], asynchronous=False)
equal(consumer.committed([ck.TopicPartition(topic, 0)], 30)[0].metadata, "a note", "commit metadata")
target = T0 + TOTAL // 2
found = consumer.offsets_for_times([ck.TopicPartition(topic, 0, target)], 30)[0]
equal(found.offset, (TOTAL // 2 + PARTITIONS - 1) // PARTITIONS, "offset for a time")

metadata = client.list_topics(topic, timeout=30)
equal(len(metadata.topics[topic].partitions), PARTITIONS, "partitions")
groups = client.describe_consumer_groups([group])
equal(result(groups).state, ck.ConsumerGroupState.STABLE, "state of the group")
consumer.close()
equal(result(client.describe_consumer_groups([group])).state, ck.ConsumerGroupState.EMPTY, "state after close")
check(group in [g.group_id for g in client.list_consumer_groups().result(30).valid], "group is listed")

resource = ca.ConfigResource(ca.ResourceType.TOPIC, topic)
equal(result(client.describe_configs([resource]))["retention.ms"].value, "-1", "retention.ms")
alter = ca.ConfigResource(ca.ResourceType.TOPIC, topic, incremental_configs=[
    ca.ConfigEntry("max.message.bytes", "3000", incremental_operation=ca.AlterConfigOpType.SET)])
result(client.incremental_alter_configs([alter]))
equal(result(client.describe_configs([resource]))["max.message.bytes"].value, "3000", "altered config")
ends = client.list_offsets({tp: ca.OffsetSpec.latest() for tp in everything})
equal(sum(f.result(30).offset for f in ends.values()), TOTAL, "sum of end offsets")
result(client.delete_records([ck.TopicPartition(topic, 1, 4)]))
equal(result(client.list_offsets({ck.TopicPartition(topic, 1): ca.OffsetSpec.earliest()})).offset, 4, "earliest after DeleteRecords")
result(client.create_partitions([ca.NewPartitions(topic, 5)]))
eventually("five partitions", lambda: len(client.list_topics(topic, timeout=30).topics[topic].partitions) == 5)
equal(len(result(client.list_consumer_group_offsets([ck.ConsumerGroupTopicPartitions(group)])).topic_partitions), PARTITIONS, "committed partitions")
check(len(client.describe_cluster().result(30).cluster_id) > 10, "cluster id")
result(client.delete_consumer_groups([group]))
result(client.delete_topics([topic]))
eventually("topic is gone", lambda: topic not in client.list_topics(timeout=30).topics)
finish("confluent-kafka", f"{ck.__version__} (librdkafka {ck.libversion()[0]})")

"""aiokafka: each codec, a two-member group, commits, administration."""

import asyncio
import sys

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka import errors as ae
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from common import *  # noqa: F403

bootstrap = sys.argv[1]
topic = name("aio")
group = topic + "-group"


async def produce():
    written = 0
    for codec in CODECS:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec,
                                    enable_idempotence=codec != "lz4", linger_ms=5)
        await producer.start()
        futures = []
        for _ in range(PER_CODEC):
            futures.append(await producer.send(topic, value(written), key(written), written % PARTITIONS, T0 + written, [("codec", codec.encode())]))
            written += 1
        for future in futures:
            equal((await future).topic, topic, "topic of the answer")
        await producer.stop()


async def member(seen, done):
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        while not done.is_set():
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for r in records:
                    n = int(r.key[1:])
                    seen.setdefault(n, 0)
                    seen[n] += 1
                    check_record(n, r.key, r.value, r.timestamp, r.partition, r.headers)
                try:
                    await consumer.commit()
                except (ae.CommitFailedError, ae.IllegalStateError):
                    pass  # the other member joined in between; its partitions are read again
            if len(seen) == TOTAL:
                done.set()
        return consumer.assignment()
    finally:
        await consumer.stop()


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    made = await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})])
    equal(made.topic_errors[0][1], 0, "create")
    again = await admin.create_topics([NewTopic(topic, 1, 1)])
    equal(again.topic_errors[0][1], ae.TopicAlreadyExistsError.errno, "create twice")
    await produce()

    seen, done = {}, asyncio.Event()
    await asyncio.wait_for(asyncio.gather(member(seen, done), member(seen, done)), 60)
    equal(len(seen), TOTAL, "records read")

    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(topic, p) for p in range(PARTITIONS)]
    ends = await consumer.end_offsets(partitions)
    equal(sum(ends.values()), TOTAL, "sum of end offsets")
    equal(set((await consumer.beginning_offsets(partitions)).values()), {0}, "beginning offsets")
    found = await consumer.offsets_for_times({partitions[0]: T0 + TOTAL // 2})
    equal(found[partitions[0]].offset, (TOTAL // 2 + PARTITIONS - 1) // PARTITIONS, "offset for a time")
    consumer.assign(partitions)
    await consumer.commit({partitions[0]: (7, "a note")})
    equal(await consumer.committed(partitions[0]), 7, "committed offset")
    await consumer.stop()
    offsets = await admin.list_consumer_group_offsets(group)
    equal(offsets[partitions[0]].metadata, "a note", "commit metadata")

    resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": "3000"})
    await admin.alter_configs([resource])
    answer = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    configs = {entry[0]: entry[1] for entry in answer[0].resources[0][4]}
    equal(configs["max.message.bytes"], "3000", "altered config")
    equal((await admin.describe_consumer_groups([group]))[0].groups[0][2], "Empty", "state of the group")
    check((group, "consumer") in [g[:2] for g in await admin.list_consumer_groups()], "group is listed")
    equal((await admin.delete_records({partitions[1]: RecordsToDelete(4)}))[partitions[1]], 4, "low watermark")
    await admin.create_partitions({topic: NewPartitions(5)})
    end = asyncio.get_running_loop().time() + 30
    while len((await admin.describe_topics([topic]))[0]["partitions"]) != 5:
        check(asyncio.get_running_loop().time() < end, "partitions after increase")
    check(len((await admin.describe_cluster())["cluster_id"]) > 10, "cluster id")
    await admin.delete_topics([topic])
    end = asyncio.get_running_loop().time() + 30
    while topic in await admin.list_topics():
        check(asyncio.get_running_loop().time() < end, "topic is gone")
    await admin.close()
    finish("aiokafka", aiokafka.__version__)


asyncio.run(main())

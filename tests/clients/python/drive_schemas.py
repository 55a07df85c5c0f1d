"""Confluent's serializers for Avro, JSON Schema and Protobuf: drive_schemas.py BOOTSTRAP REGISTRY write|read|validate NOTES

`write` registers, evolves, is refused what does not fit, and produces records; what it saw goes into the file NOTES.
`read` consumes all of them with serializers of its own and finds every schema with its id.
"""

import json
import sys
import time

import confluent_kafka
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    SchemaRegistryError,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

from common import check, equal, finish

COUNT = 25
bootstrap, registry, phase, notes_file = sys.argv[1:5]
url = f"http://{registry}"

AVRO = [
    {"type": "record", "name": "Flight", "namespace": "nyc", "fields": [{"name": "tail", "type": "string"}]},
]
AVRO.append({**AVRO[0], "fields": [*AVRO[0]["fields"], {"name": "delay", "type": ["null", "int"], "default": None}]})
AVRO_BAD = {**AVRO[0], "fields": [*AVRO[0]["fields"], {"name": "delay", "type": "int"}]}
JSON = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Plane",
    "type": "object",
    "properties": {"tail": {"type": "string"}, "seats": {"type": "integer"}},
    "required": ["tail"],
    "additionalProperties": False,
}
JSON_WIDER = {**JSON, "properties": {**JSON["properties"], "year": {"type": "integer"}}}
JSON_BAD = {**JSON, "properties": {**JSON["properties"], "tail": {"type": "integer"}}}


def client():
    return SchemaRegistryClient({"url": url})


def refused(status, code, what, call):
    try:
        call()
    except SchemaRegistryError as error:
        equal((error.http_status_code, error.error_code), (status, code), what)
        return
    check(False, f"{what}: it was not refused")


def produce(topic, values, serializer):
    producer = Producer({"bootstrap.servers": bootstrap})
    failures = []
    for n, value in enumerate(values):
        headers = []
        context = SerializationContext(topic, MessageField.VALUE, headers)
        producer.produce(
            topic, serializer(value, context), key=str(n), headers=headers,
            on_delivery=lambda error, _: error and failures.append(error),
        )
    equal(producer.flush(60), 0, f"{topic}: all are sent")
    equal(failures, [], f"{topic}: all are acknowledged")


def consume(topic, deserializer, count):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"g-{time.time_ns()}", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    values, raw = [], []
    end = time.monotonic() + 60
    while len(values) < count and time.monotonic() < end:
        message = consumer.poll(1)
        if message is None:
            continue
        check(message.error() is None, f"{topic}: {message.error()}")
        context = SerializationContext(topic, MessageField.VALUE, message.headers())
        values.append(deserializer(message.value(), context))
        raw.append((message.value(), message.headers()))
    consumer.close()
    equal(len(values), count, f"{topic}: records")
    return values, raw


def avro_values():
    # The deserializer takes fewer than six bytes for no record at all, also where the id is in a header.
    return [{"tail": f"N{n}-JFK", "delay": n if n % 2 else None} for n in range(COUNT)]


def json_values():
    return [{"tail": f"N{n}", "seats": n} for n in range(COUNT)]


def message_classes():
    """Two files as `protoc` would make them: `Fleet` with `Fleet.Plane`, and `Flight`, which uses the other file."""
    kinds = descriptor_pb2.FieldDescriptorProto

    def field(message, number, name, kind, type_name=None, repeated=False):
        label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
        message.field.add(name=name, number=number, type=kind, type_name=type_name, label=label)

    fleet = descriptor_pb2.FileDescriptorProto(name="nyc/fleet.proto", package="nyc", syntax="proto3")
    outer = fleet.message_type.add(name="Fleet")
    plane = outer.nested_type.add(name="Plane")
    field(plane, 1, "tail", kinds.TYPE_STRING)
    field(plane, 2, "seats", kinds.TYPE_SINT32)
    field(outer, 1, "planes", kinds.TYPE_MESSAGE, ".nyc.Fleet.Plane", repeated=True)
    flight = descriptor_pb2.FileDescriptorProto(name="nyc/flight.proto", package="nyc", syntax="proto3")
    flight.dependency.extend(["google/protobuf/timestamp.proto", "nyc/fleet.proto"])
    message = flight.message_type.add(name="Flight")
    field(message, 1, "plane", kinds.TYPE_MESSAGE, ".nyc.Fleet.Plane")
    field(message, 2, "at", kinds.TYPE_MESSAGE, ".google.protobuf.Timestamp")
    field(message, 3, "delays", kinds.TYPE_INT64, repeated=True)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(fleet)
    pool.Add(flight)
    of = lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))  # noqa: E731
    return of("nyc.Flight"), of("nyc.Fleet.Plane")


FLIGHT, PLANE = message_classes()


def planes():
    return [PLANE(tail=f"N{n}", seats=-n) for n in range(COUNT)]


def flights():
    values = []
    for n, plane in enumerate(planes()):
        flight = FLIGHT(delays=[n, -n])
        flight.plane.tail, flight.plane.seats = plane.tail, plane.seats
        flight.at.seconds = n
        values.append(flight)
    return values


def write():
    suffix = str(time.time_ns())
    topics = {kind: f"{kind}-{suffix}" for kind in ["avro", "header", "json", "flight", "plane"]}
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([NewTopic(t, 1, 1) for t in topics.values()]).values():
        made.result(30)
    sr = client()

    # Avro: registered by use, evolved, refused.
    text = [json.dumps(schema) for schema in AVRO]
    produce(topics["avro"], [{"tail": f"N{n}"} for n in range(COUNT)], AvroSerializer(sr, text[0]))
    subject = topics["avro"] + "-value"
    first = sr.get_latest_version(subject)
    equal(first.version, 1, "the first version")
    check(sr.test_compatibility(subject, Schema(text[1], "AVRO")), "a field with a default fits")
    check(not sr.test_compatibility(subject, Schema(json.dumps(AVRO_BAD), "AVRO")), "one without does not")
    produce(topics["avro"], avro_values(), AvroSerializer(sr, text[1]))
    equal(client().get_versions(subject), [1, 2], "versions after evolution")
    refused(409, 40901, "an incompatible schema", lambda: client().register_schema(subject, Schema(json.dumps(AVRO_BAD), "AVRO")))
    refused(422, 42201, "no schema", lambda: client().register_schema(subject, Schema('{"type": "nonsense"}', "AVRO")))
    refused(404, 40401, "no subject", lambda: client().get_latest_version("nobody"))
    refused(404, 40403, "no id", lambda: client().get_schema(123456789))
    found = client().lookup_schema(subject, Schema(text[0], "AVRO"))
    equal((found.version, found.schema_id), (1, first.schema_id), "looked up")
    equal(client().get_schema(first.schema_id).schema_type, "AVRO", "by id")
    equal(client().get_schema_by_guid(first.guid).schema_str, client().get_schema(first.schema_id).schema_str, "by GUID")

    # The id in a header, as a GUID.
    in_header = AvroSerializer(sr, text[1], conf={"schema.id.serializer": header_schema_id_serializer})
    produce(topics["header"], avro_values(), in_header)

    # JSON Schema.
    produce(topics["json"], json_values(), JSONSerializer(json.dumps(JSON), sr, conf={"validate": True}))
    subject = topics["json"] + "-value"
    refused(409, 40901, "another type of a property", lambda: client().register_schema(subject, Schema(json.dumps(JSON_BAD), "JSON")))
    check(sr.test_compatibility(subject, Schema(json.dumps(JSON_WIDER), "JSON")), "a property that was forbidden may come")

    # Protobuf: a file that uses another, and a message within a message.
    produce(topics["flight"], flights(), ProtobufSerializer(FLIGHT, sr, {"use.deprecated.format": False}))
    produce(topics["plane"], planes(), ProtobufSerializer(PLANE, sr, {"use.deprecated.format": False}))
    used = client().get_latest_version(topics["flight"] + "-value").schema.references
    equal([r.name for r in used], ["nyc/fleet.proto"], "what the file uses is registered, too")
    subject = f"evolving-{suffix}"
    proto = 'syntax = "proto3"; package p; message M { string a = 1; %s }'
    sr.register_schema(subject, Schema(proto % "", "PROTOBUF"))
    sr.register_schema(subject, Schema(proto % "int32 b = 2;", "PROTOBUF"))
    refused(409, 40901, "a field of another type", lambda: client().register_schema(
        subject, Schema('syntax = "proto3"; package p; message M { int64 a = 1; }', "PROTOBUF")))
    using = f"using-{suffix}"
    sr.register_schema(using, Schema(
        'syntax = "proto3"; import "m.proto"; message U { p.M m = 1; }', "PROTOBUF",
        [SchemaReference("m.proto", subject, 2)]))
    equal(client().get_latest_version(using).schema.references[0].subject, subject, "the reference is kept")

    # Settings.
    equal(sr.set_compatibility(level="FULL").get("compatibility"), "FULL", "the level of all")
    equal(client().get_compatibility(), "FULL", "the level, read")
    sr.set_compatibility(level="BACKWARD")
    sr.set_compatibility(subject, "NONE")
    equal(client().get_compatibility(subject), "NONE", "the level of a subject")

    # Deleting.
    gone = f"gone-{suffix}"
    sr.register_schema(gone, Schema('"string"', "AVRO"))
    equal(sr.delete_subject(gone), [1], "deleted softly")
    equal(sr.delete_subject(gone, permanent=True), [1], "deleted for good")
    check(gone not in client().get_subjects(), "it is gone")

    sr = client()
    schemas = []
    for subject in sorted(sr.get_subjects()):
        for version in sr.get_versions(subject):
            one = sr.get_version(subject, version)
            schemas.append([subject, version, one.schema_id, one.guid, one.schema.schema_str])
    with open(notes_file, "w", encoding="utf-8") as file:
        json.dump({"topics": topics, "schemas": schemas, "none": f"evolving-{suffix}"}, file)


def read():
    with open(notes_file, encoding="utf-8") as file:
        notes = json.load(file)
    topics, sr = notes["topics"], client()
    for subject, version, schema_id, guid, text in notes["schemas"]:
        one = sr.get_version(subject, version)
        equal([one.schema_id, one.guid, one.schema.schema_str], [schema_id, guid, text], f"{subject} {version}")
    equal(sr.get_compatibility(notes["none"]), "NONE", "the level of a subject")

    # A client of its own: it keeps a schema in the form that it first asked for, and these ask for another.
    sr = client()
    values, raw = consume(topics["avro"], AvroDeserializer(sr), 2 * COUNT)
    equal(values, [{"tail": f"N{n}"} for n in range(COUNT)] + avro_values(), "Avro values")
    equal(raw[0][0][0], 0, "the magic byte")
    values, raw = consume(topics["header"], AvroDeserializer(sr), COUNT)
    equal(values, avro_values(), "Avro values by header")
    equal(raw[0][1][0][0], "__value_schema_id", "the header")
    values, _ = consume(topics["json"], JSONDeserializer(json.dumps(JSON), schema_registry_client=sr), COUNT)
    equal(values, json_values(), "JSON values")
    for kind, message, expected in [("flight", FLIGHT, flights()), ("plane", PLANE, planes())]:
        deserializer = ProtobufDeserializer(message, {"use.deprecated.format": False}, sr)
        values, raw = consume(topics[kind], deserializer, COUNT)
        equal(values, expected, "Protobuf values")
    equal(raw[0][0][5:8], bytes([4, 0, 0]), "the message's indexes: two of them, the first within the first")


def validate():
    """Topics that ask for schemas: what serializers write is taken, what nobody serialized is refused (a Highway and Confluent
    Server feature)."""
    suffix = str(time.time_ns())
    sr = client()
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin_configs = {
        "confluent": {"confluent.value.schema.validation": "true"},
        "redpanda": {"redpanda.value.schema.id.validation": "true"},
        "full": {"highway.value.schema.validation": "full", "confluent.key.schema.validation": "false"},
        "record": {"confluent.value.schema.validation": "true", "confluent.value.subject.name.strategy":
                   "io.confluent.kafka.serializers.subject.RecordNameStrategy"},
    }
    by_record = {"subject.name.strategy": lambda context, record: record}
    for kind, configs in admin_configs.items():
        topics = {of: f"{kind}-{of}-{suffix}" for of in ["avro", "header", "json", "flight", "plane"]}
        if kind == "record":
            topics = {"avro": f"{kind}-avro-{suffix}"}
        for made in admin.create_topics([NewTopic(t, 1, 1, config=configs) for t in topics.values()]).values():
            made.result(30)
        conf = by_record if kind == "record" else {}
        avro = AvroSerializer(sr, json.dumps(AVRO[1]), conf=conf)
        produce(topics["avro"], avro_values(), avro)
        if kind != "record":
            produce(topics["header"], avro_values(),
                    AvroSerializer(sr, json.dumps(AVRO[1]), conf={"schema.id.serializer": header_schema_id_serializer}))
            produce(topics["json"], json_values(), JSONSerializer(json.dumps(JSON), sr))
            produce(topics["flight"], flights(), ProtobufSerializer(FLIGHT, sr, {"use.deprecated.format": False}))
            produce(topics["plane"], planes(), ProtobufSerializer(PLANE, sr, {"use.deprecated.format": False}))
        good = avro(avro_values()[0], SerializationContext(topics["avro"], MessageField.VALUE, []))
        broken = {"no schema id": b"raw", "an id that nobody gave": b"\0\0\1\0\0" + good[5:]}
        if kind == "full":
            broken["bytes that are cut"] = good[:-1]
        for what, value in broken.items():
            failures = []
            producer = Producer({"bootstrap.servers": bootstrap, "message.send.max.retries": 0})
            producer.produce(topics["avro"], value, on_delivery=lambda error, _: failures.append(error))  # noqa: B023
            equal(producer.flush(60), 0, f"{kind}: {what}: it is answered")
            equal([error and error.name() for error in failures], ["INVALID_RECORD"], f"{kind}: {what}")
        raw, _ = consume(topics["avro"], lambda value, context: value, COUNT)
        check(all(value[:1] == b"\0" for value in raw), f"{kind}: only what was serialized is there")


{"write": write, "read": read, "validate": validate}[phase]()
finish("schemas", confluent_kafka.__version__, phase=phase)

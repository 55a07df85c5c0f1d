"""Senders of events that others wrote: drive_senders.py BOOTSTRAP INGEST ADMIN

The CloudEvents SDK in its three modes, OpenTelemetry's OTLP exporter (protobuf, plain and gzip), rotel between that exporter and the node,
webhooks signed by `standardwebhooks` and as GitHub, Stripe and Slack document it. What they sent is read back from the topics.
"""

import hashlib
import hmac
import importlib.metadata
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

import requests
import rotel
import standardwebhooks
from cloudevents.core.bindings import http as cloudevents_http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Consumer, TopicPartition
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from common import check, equal, eventually, finish

bootstrap, ingest, admin = sys.argv[1:4]
base = f"http://{ingest}"


def endpoint(name, **definition):
    made = requests.put(f"http://{admin}/api/v1/endpoints/{name}", json={"topic": name, **definition}, timeout=30)
    equal(made.status_code, 201, f"endpoint {name}: {made.text}")


def records(topic):
    """All records of a topic: (value as JSON, headers)."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False,
                         "enable.partition.eof": True, "auto.offset.reset": "earliest"})
    partitions = consumer.list_topics(topic, 30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    found, ended = [], set()
    while len(ended) < len(partitions):
        message = consumer.poll(30)
        check(message is not None, f"{topic}: something comes")
        if message.error():
            ended.add(message.partition())
        else:
            found.append((json.loads(message.value()), dict(message.headers() or [])))
    consumer.close()
    return found


def cloud_events():
    endpoint("cloud", dialect="cloudevents")
    events = [
        CloudEvent(
            attributes={"type": "com.example.made", "source": "/orders", "id": f"event-{n}", "subject": "Euro € 😀",
                        "time": datetime(2026, 11, 25, 12, 0, n, tzinfo=timezone.utc), "datacontenttype": "application/json",
                        "myext": f'quote " and % and {n}'},
            data={"n": n, "text": "é"},
        )
        for n in range(30)
    ]
    form = JSONFormat()
    for n, event in enumerate(events):
        make = [cloudevents_http.to_binary, cloudevents_http.to_structured][n % 2]
        message = make(event, form)
        for expected in ["stored", "duplicate"]:
            answer = requests.post(f"{base}/v1/events/cloud", data=message.body, headers=message.headers, timeout=30)
            equal((answer.status_code, answer.json().get("status")), (200, expected), answer.text)
    # Batched mode, with events that are there by now and one that is not.
    more = CloudEvent(attributes={"type": "com.example.made", "source": "/orders", "id": "event-30"}, data={"n": 30, "text": "é"})
    batch = b"[" + b",".join(form.write(event) for event in [*events, more]) + b"]"
    answer = requests.post(f"{base}/v1/events/cloud", data=batch, timeout=30,
                           headers={"content-type": "application/cloudevents-batch+json"})
    equal((answer.status_code, answer.json()["stored"], answer.json()["duplicates"]), (200, 1, 30), answer.text)
    found = records("cloud")
    equal(len(found), 31, "each event is there once")
    by_id = {value["metadata"]["id"]: value for value, _ in found}
    for n, event in enumerate(events):
        value = by_id[event.get_id()]
        equal(value["payload"], {"n": n, "text": "é"}, "payload")
        equal(value["event_name"], "com.example.made", "type")
        text = json.dumps(value["metadata"], ensure_ascii=False)
        check("Euro € 😀" in text, f"subject: {text}")
        check(json.dumps(f'quote " and % and {n}')[1:-1] in text, f"extension: {text}")


def log_over(url, name, count, compression):
    """Logs `count` lines through OpenTelemetry's SDK, and waits until all are exported."""
    provider = LoggerProvider(resource=Resource.create({"service.name": name}))
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=url, compression=compression)))
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    for n in range(count):
        logger.warning("line %d", n, extra={"number": n})
    check(provider.force_flush(30_000), f"{name}: flushed")
    provider.shutdown()


def seen(name):
    """Numbers of the lines of one service that are in the topic."""
    numbers = []
    for value, _ in records("otlp"):
        if name in json.dumps(value):
            text = json.dumps(value)
            equal(text.count("WARN") > 0, True, f"severity: {text}")
            at = text.index("line ") + len("line ")
            numbers.append(int(text[at:].split('"')[0].split("\\")[0]))
    return sorted(numbers)


def otlp():
    endpoint("otlp", dialect="otlp")
    for name, compression in [("plain-service", Compression.NoCompression), ("packed-service", Compression.Gzip)]:
        log_over(f"{base}/v1/logs", name, 500, compression)
        equal(seen(name), list(range(500)), f"{name}: each line is there once")


def free_port():
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        return at.getsockname()[1]


def through_rotel():
    grpc, http = free_port(), free_port()
    folder = tempfile.mkdtemp()
    agent = os.path.join(os.path.dirname(rotel.__file__), "rotel-agent")
    words = [agent, "start", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}",
             "--exporter", "otlp", "--otlp-exporter-endpoint", base, "--otlp-exporter-protocol", "http",
             "--pid-file", f"{folder}/pid", "--log-file", f"{folder}/log"]
    with open(f"{folder}/out", "wb") as out, subprocess.Popen(words, stdout=out, stderr=out) as running:
        try:
            def listens():
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", http)) == 0
            eventually("rotel listens", listens)
            log_over(f"http://127.0.0.1:{http}/v1/logs", "through-rotel", 300, Compression.NoCompression)
            eventually("rotel delivers", lambda: len(seen("through-rotel")) >= 300)
            equal(seen("through-rotel"), list(range(300)), "each line is there once")
        finally:
            running.terminate()


def webhooks():
    # Standard Webhooks, signed by its own library.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    endpoint("standard", dialect="webhook", auth={"signature": {"profile": "standard-webhooks", "secrets": [secret]}})
    signer = standardwebhooks.Webhook(secret)

    def standard(body, when, signed=None):
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(when.timestamp())),
                   "webhook-signature": signer.sign("msg_1", when, signed or body), "content-type": "application/json"}
        return requests.post(f"{base}/v1/webhooks/standard", data=body.encode(), headers=headers, timeout=30)

    now = datetime.now(timezone.utc)
    body = json.dumps({"type": "contact.created", "data": {"id": "1f81eb52", "name": "é"}}, ensure_ascii=False)
    for expected in ["stored", "duplicate"]:
        answer = standard(body, now)
        equal((answer.status_code, answer.json().get("status")), (200, expected), answer.text)
    equal(standard(body, now, body + " ").status_code, 401, "another body than was signed")
    equal(standard(body, now - timedelta(hours=1)).status_code, 401, "signed an hour ago")
    equal(standard(body, now + timedelta(hours=1)).status_code, 401, "signed in an hour")
    value = records("standard")
    equal((len(value), value[0][0]["event_name"], value[0][0]["metadata"]["id"]), (1, "contact.created", "msg_1"), "standard")

    def signature(key, text):
        return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

    def send(name, body, headers):
        answer = requests.post(f"{base}/v1/webhooks/{name}", data=body.encode(), timeout=30,
                               headers={"content-type": "application/json", **headers})
        return answer.status_code

    # GitHub: docs.github.com, "Validating webhook deliveries", with the example of that page.
    secret = "It's a Secret to Everybody"
    equal(signature(secret, "Hello, World!"), "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "GitHub's example")
    endpoint("github", dialect="webhook", auth={"signature": {"profile": "github", "secrets": ["old", secret]}})
    body = json.dumps({"action": "opened", "number": 7})
    head = {"x-github-event": "pull_request", "x-github-delivery": "72d3162e", "x-hub-signature-256": "sha256=" + signature(secret, body)}
    equal(send("github", body, head), 200, "GitHub")
    equal(send("github", body + " ", head), 401, "GitHub, changed")
    equal(send("github", body, {**head, "x-hub-signature-256": "sha256=" + signature("x", body)}), 401, "GitHub, another secret")
    value = records("github")
    equal((len(value), value[0][0]["event_name"], value[0][0]["metadata"]["id"]), (1, "pull_request.opened", "72d3162e"), "GitHub")

    # Stripe: `t=...,v1=...` over "t.body", several v1 while a secret is rolled.
    endpoint("stripe", dialect="webhook", auth={"signature": {"profile": "stripe", "secrets": ["whsec_new"]}})
    body = json.dumps({"id": "evt_1", "type": "charge.succeeded", "data": {"object": {"amount": 100}}})
    stamp = int(time.time())
    signed = f"t={stamp},v1={signature('whsec_old', f'{stamp}.{body}')},v1={signature('whsec_new', f'{stamp}.{body}')},v0=00"
    equal(send("stripe", body, {"stripe-signature": signed}), 200, "Stripe")
    equal(send("stripe", body, {"stripe-signature": signed.replace(str(stamp), str(stamp + 1))}), 401, "Stripe, another time")
    stale = stamp - 4000
    equal(send("stripe", body, {"stripe-signature": f"t={stale},v1={signature('whsec_new', f'{stale}.{body}')}"}), 401, "Stripe, stale")
    value = records("stripe")
    equal((len(value), value[0][0]["event_name"], value[0][0]["metadata"]["id"]), (1, "charge.succeeded", "evt_1"), "Stripe")

    # Slack: `v0=` over "v0:time:body", and the question whether the URL is ours.
    endpoint("slack", dialect="webhook", auth={"signature": {"profile": "slack", "secrets": ["8f742231b10e8888abcd99yyyzzz85a5"]}})

    def slack(body):
        stamp = str(int(time.time()))
        signed = "v0=" + signature("8f742231b10e8888abcd99yyyzzz85a5", f"v0:{stamp}:{body}")
        return {"x-slack-request-timestamp": stamp, "x-slack-signature": signed}

    question = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"})
    answer = requests.post(f"{base}/v1/webhooks/slack", data=question, headers=slack(question), timeout=30)
    equal((answer.status_code, answer.text), (200, "3eZbrw1aB"), "Slack's question")
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}})
    equal(send("slack", body, slack(body)), 200, "Slack")
    equal(send("slack", body, slack(body + " ")), 401, "Slack, changed")
    value = records("slack")
    equal((len(value), value[0][0]["event_name"], value[0][0]["metadata"]["id"]), (1, "app_mention", "Ev1"), "Slack")


cloud_events()
otlp()
through_rotel()
webhooks()
finish("senders", importlib.metadata.version("opentelemetry-exporter-otlp-proto-http"))

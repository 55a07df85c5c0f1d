"""The descriptions of our HTTP APIs against the node, by schemathesis: drive_openapi.py REGISTRY ADMIN INGEST [EXAMPLES]

No answer may be a failure of the server, or other than the description says. Each API is asked twice: with names that are
made up, and with names of things that are there.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

registry, admin, ingest = sys.argv[1:4]
examples = sys.argv[4] if len(sys.argv) > 4 else "10"
here = pathlib.Path(__file__).parent
# Whether bodies that break the description are refused is not asked: registries take members that they do not know, and
# flags that are neither true nor false.
CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method",
]


def send(method, url, body=None):
    request = urllib.request.Request(
        url, method=method, data=json.dumps(body).encode() if body else None,
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def prepare():
    """Things to ask for; gives their names, by API."""
    record = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "confluent:tags": ["PII"]}]}
    send("PUT", f"http://{registry}/config/known", {"compatibility": "NONE"})
    made = send("POST", f"http://{registry}/subjects/known/versions", {"schema": json.dumps(record)})
    for name, dialect in [("events", "auto"), ("otlp", "otlp"), ("segment", "segment"), ("proxy", "rest-proxy")]:
        send("PUT", f"http://{admin}/api/v1/endpoints/{name}", {"topic": f"t-{name}", "dialect": dialect})
    return {
        registry: {"path.subject": "known", "path.id": made["id"], "path.guid": made["guid"], "path.version": "latest"},
        admin: {"path.name": "events"},
        ingest: {"path.endpoint": "events", "path.topic": "proxy"},
    }


def ask(address, parameters, folder):
    config = pathlib.Path(folder) / "schemathesis.toml"
    lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in parameters.items()]
    config.write_text("\n".join(["[parameters]", *lines, ""]), encoding="utf-8")
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"http://{address}/openapi.json",
        "--url", f"http://{address}", "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing",
        "--max-examples", examples, "--seed", "7", "--generation-database", "none", "--continue-on-failure",
        "--no-color", "--warnings", "off", "--request-timeout", "60",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(here), "NO_PROXY": "*"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    if done.returncode != 0 or not found or found[1] != found[2]:
        sys.exit(f"{address} {parameters}:\n{done.stdout}\n{done.stderr}")
    return int(found[2])


known = prepare()
checks = 0
with tempfile.TemporaryDirectory() as folder:
    for address in [registry, admin, ingest]:
        for parameters in [{}, known[address]]:
            checks += ask(address, parameters, folder)
print(json.dumps({"client": "schemathesis", "ok": True, "checks": checks}))

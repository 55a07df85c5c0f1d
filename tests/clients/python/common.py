"""What the Python drivers share: the records they write, checks that count themselves, the closing JSON line."""

import json
import sys
import time

T0 = 1_700_000_000_000
PER_CODEC = 40
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
PARTITIONS = 3
TOTAL = PER_CODEC * len(CODECS)

_checks = 0


def check(held, what):
    """Counts a check; a failed one ends the driver with its text."""
    global _checks
    _checks += 1
    if not held:
        raise AssertionError(what)


def equal(seen, expected, what):
    check(seen == expected, f"{what}: saw {seen!r}, expected {expected!r}")


def raises(kind, what, call):
    """`call` must fail with `kind` (an exception type, or a predicate on the exception)."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - judged below
        good = isinstance(error, kind) if isinstance(kind, type) else kind(error)
        check(good, f"{what}: {error!r}")
        return
    check(False, f"{what}: no error")


def key(n):
    return f"k{n}".encode()


def value(n):
    return (f"value {n} " + "x" * 100).encode()


def name(client):
    return f"{client}-{time.time_ns()}"


def check_record(n, got_key, got_value, timestamp, partition, headers):
    """One record as read back, against what was written as number `n`."""
    equal(got_key, key(n), "key")
    equal(got_value, value(n), "value")
    equal(timestamp, T0 + n, "timestamp")
    equal(partition, n % PARTITIONS, "partition")
    equal(dict(headers), {"codec": CODECS[n // PER_CODEC].encode()}, "headers")


def eventually(what, call, seconds=30):
    """Polls `call` until it answers something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = call()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def finish(client, version, **more):
    print(json.dumps({"client": client, "version": version, "ok": True, "checks": _checks, **more}))
    sys.stdout.flush()

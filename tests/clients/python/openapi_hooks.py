"""What schemathesis does not know of our content types."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value)


@schemathesis.serializer("application/x-protobuf")
def protobuf(ctx, value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value)

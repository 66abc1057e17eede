"""What Schemathesis does not know of itself: how an artifact is sent. Any bytes are a body of that kind."""

import schemathesis


@schemathesis.serializer("application/x-tar")
def tar_serializer(ctx, value):
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "replace")

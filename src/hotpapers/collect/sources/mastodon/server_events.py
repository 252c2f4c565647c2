"""Server-sent events, the format of Mastodon's streams.

https://docs.joinmastodon.org/methods/streaming/ ·
https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_EVENT_BYTES = 4_000_000
"""Most bytes of an event; longer ones are skipped."""


class ServerEvent(NamedTuple):
    """An event; `name` is `message` if the server gave none."""

    name: str
    data: bytes


def events(lines: Iterable[bytes | None]) -> Iterator[ServerEvent | None]:
    """The events of a stream; None for a comment (a keep-alive), and after a while without data.

    An event that is unfinished when the stream ends is dropped.
    """
    name, data, size = "", list[bytes](), 0
    for line in lines:
        if not line:
            if line is None:
                yield None
            elif data and size <= MAX_EVENT_BYTES:
                yield ServerEvent(name or "message", b"\n".join(data))
            if line is not None:
                name, data, size = "", [], 0
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"":
            yield None
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            size += len(value) + 1
            if size <= MAX_EVENT_BYTES:
                data.append(value)

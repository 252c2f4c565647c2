"""Server-sent events out of the lines in which they come: pure.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

LONGEST = 4_000_000
"""Bytes of an event that is read; a longer one is passed over."""


class ServerEvent(NamedTuple):
    """An event: `message` where it has no name."""

    name: str
    data: bytes


def events(lines: Iterable[bytes | None]) -> Iterator[ServerEvent | None]:
    """The events of a stream; None for a comment, and where nothing came for a while: the server is there, or is not.

    What is begun and not ended when the stream ends is no event.
    """
    name, data, size = "", list[bytes](), 0
    for line in lines:
        if not line:
            if line is None:
                yield None
            elif data and size <= LONGEST:
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
            if size <= LONGEST:
                data.append(value)

"""Lines for what cannot be converted to Jetstream's JSON.

Such a line has the reason, which reading the line raises, so that it is quarantined.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.collect.sources.bluesky import schemas

PROBLEM = b'{"problem":"'


class _Problem(msgspec.Struct):
    problem: str


def problem_line(reason: str, **evidence: Any) -> bytes:
    """The line for what cannot be converted. `evidence`: what is known of it."""
    return msgspec.json.encode({"problem": reason.encode("utf-8", "replace").decode(), **evidence})


def event_of(line: bytes) -> schemas.StreamEvent:
    """A line's event. Raises InputError with the reason of a line without one, and what decoders raise."""
    if line.startswith(PROBLEM):
        raise InputError(msgspec.json.decode(line, type=_Problem).problem[:300])
    return schemas.event(line)

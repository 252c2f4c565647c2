"""The target of a request: a path, or a whole address, as in requests to proxies, which servers must accept (RFC 9112
§3.2.2)."""

from __future__ import annotations

import re

_ORIGIN = re.compile(r"\Ahttps?://[^/?]*/?", re.IGNORECASE)
"""The standard library's parsing would remember what strangers send."""


def is_whole_address(target: str) -> bool:
    """Whether a target is a whole address."""
    return _ORIGIN.match(target) is not None


def path_of(target: str) -> str:
    """The path in a target, without its query."""
    return _ORIGIN.sub("/", target).partition("?")[0]

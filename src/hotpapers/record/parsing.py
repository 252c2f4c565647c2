"""Parse payloads into items: a pure step between a network's response and a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hotpapers.base.errors import StoreError, TakenOver
from hotpapers.base.model import DAY, Item, RawPayload
from hotpapers.record import item_checks

Parser = Callable[[RawPayload], Iterable[Item]]
"""A source's `read`: converts a payload into items."""
KEEP_FOR = 30 * DAY
"""Microseconds for which payloads are kept raw by default."""


class ParsedPayload(NamedTuple):
    """A payload, its items, and why it could not be parsed, empty if it could. `keep_for`: microseconds for which it is
    kept raw, 0 for not at all."""

    payload: RawPayload
    items: Sequence[Item]
    problem: str
    keep_for: int


def parse_payload(parser: Parser, payload: RawPayload, keep_for: int = KEEP_FOR) -> ParsedPayload:
    """Parse a payload into items as they will be stored, to be compared with those in the record. Any exception that a
    hostile payload provokes is a reason for quarantine, but a failure of the store is not: it is raised, nothing is
    written, and the payload is read again later."""
    try:
        items = list(map(item_checks.clean_item, parser(payload)))
        for item in items:
            item_checks.check_item(item)
    except (StoreError, TakenOver):
        raise
    except Exception as problem:
        return ParsedPayload(payload, (), f"{type(problem).__name__}: {problem}", keep_for)
    return ParsedPayload(payload, items, "", keep_for)

"""Payloads with what a parser read from them: a pure step between a network's answer and a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hotpapers.errors import StoreError, TakenOver
from hotpapers.model import DAY, Item, RawPayload
from hotpapers.store import item_checks

Parser = Callable[[RawPayload], Iterable[Item]]
"""A source's `read`: what a network said into items."""
KEEP_FOR = 30 * DAY
"""Microseconds for which a payload is kept raw where nobody says otherwise."""


class ParsedPayload(NamedTuple):
    """A payload, its items, and why it cannot be read: empty where it can. `keep_for`: microseconds for which it is
    kept raw, 0 for not at all."""

    payload: RawPayload
    items: Sequence[Item]
    problem: str = ""
    keep_for: int = KEEP_FOR


def parse(parser: Parser, payload: RawPayload, keep_for: int = KEEP_FOR) -> ParsedPayload:
    """What a parser makes of a payload. Whatever a hostile one provokes is a reason for quarantine; that the store
    cannot be asked is none: nothing is written then, and the payload is read again."""
    try:
        items = list(parser(payload))
        for item in items:
            item_checks.check(item_checks.clean(item))
    except (StoreError, TakenOver):
        raise
    except Exception as problem:
        return ParsedPayload(payload, (), f"{type(problem).__name__}: {problem}", keep_for)
    return ParsedPayload(payload, items, "", keep_for)

"""Payloads as a parser reads them, for tests that hand them to a record."""

from __future__ import annotations

from collections.abc import Iterable

from hotpapers.model import RawPayload
from hotpapers.store.parsing import KEEP_FOR, ParsedPayload, Parser, parse


def parse_all(parser: Parser, payloads: Iterable[RawPayload], keep_for: int = KEEP_FOR) -> list[ParsedPayload]:
    """Each of them, in order."""
    return [parse(parser, payload, keep_for) for payload in payloads]

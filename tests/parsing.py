"""Parsed payloads, for tests that store them in a record."""

from __future__ import annotations

from collections.abc import Iterable

from hotpapers.base.model import RawPayload
from hotpapers.record.parsing import KEEP_FOR, ParsedPayload, Parser, parse_payload


def parse_all(parser: Parser, payloads: Iterable[RawPayload], keep_for: int = KEEP_FOR) -> list[ParsedPayload]:
    """All payloads, parsed, in order."""
    return [parse_payload(parser, payload, keep_for) for payload in payloads]

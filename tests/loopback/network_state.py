"""What a network knows when it answers: a script at a moment, and its own faults. Also requests and replies."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from tests.loopback.script import Account, Script

T = TypeVar("T")
NONE: Mapping[str, str] = MappingProxyType({})
JSON, XML, HTML = "application/json; charset=utf-8", "application/xml; charset=utf-8", "text/html; charset=utf-8"


class Request(NamedTuple):
    """A request. `headers`: with names in lower case."""

    path: str
    params: Mapping[str, Sequence[str]] = MappingProxyType({})
    headers: Mapping[str, str] = NONE
    method: str = "GET"
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """A parameter's first value."""
        return self.params.get(name, [default])[0]

    def number(self, name: str, default: int, maximum: int) -> int:
        """A parameter as a number from 0 to `maximum`; the default if it is not a number."""
        text = self.param(name)
        return min(int(text), maximum) if text.isascii() and text.isdigit() and len(text) < 20 else default


class Reply(NamedTuple):
    """An answer. `type`: the Content-Type; `headers`: additional ones."""

    status: int = 200
    body: bytes = b""
    type: str = JSON
    headers: Mapping[str, str] = NONE


class NetworkState(NamedTuple):
    """A script at a moment. `host`: the host that answers; `bases`: the base address of each host.

    `skew`: µs by which the network's own clock is ahead; `order`: `reversed` or `doubled` if its lists are, else empty.
    `profiles`: the current profile texts of accounts, by the networks' own ids. `lists`: lists of accounts, by
    name.
    """

    script: Script
    now: int
    host: str = ""
    bases: Mapping[str, str] = NONE
    skew: int = 0
    order: str = ""
    profiles: Mapping[str, str] = NONE
    lists: Mapping[str, Sequence[Account]] = MappingProxyType({})

    def network_time(self, at: int) -> int:
        """A moment by this network's clock, µs."""
        return at + self.skew

    def reorder(self, rows: Iterable[T]) -> list[T]:
        """Rows in the order in which this network lists them; each twice if its lists are doubled."""
        ordered = list(rows)
        if self.order == "reversed":
            ordered.reverse()
        return [row for row in ordered for _ in range(2)] if self.order == "doubled" else ordered

    @property
    def base(self) -> str:
        """The base address of this host."""
        return self.bases.get(self.host, f"http://{self.host}.invalid")


Handler = Callable[[NetworkState, Request], Reply]
"""How a network answers."""


def parse_request(target: str, headers: Mapping[str, str] = NONE, method: str = "GET", body: bytes = b"") -> Request:
    """The request for a target, which is the path and query in its first line."""
    parts = urlsplit(target)
    return Request(parts.path, parse_qs(parts.query, keep_blank_values=True), headers, method, body)


def json(value: Any, status: int = 200, **headers: str) -> Reply:
    """A reply in JSON. Write header names with underscores."""
    header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, msgspec.json.encode(value), JSON, header_fields)


def not_found() -> Reply:
    """The answer for anything that does not exist."""
    return json({"error": "Not Found"}, 404)


def utc(moment: int) -> datetime.datetime:
    """A moment, µs, as a date and time in UTC."""
    return datetime.datetime.fromtimestamp(moment / 1e6, datetime.UTC)


def iso(moment: int) -> str:
    """2026-03-02T08:15:00.000Z"""
    return f"{utc(moment):%Y-%m-%dT%H:%M:%S}.{moment // 1000 % 1000:03d}Z"

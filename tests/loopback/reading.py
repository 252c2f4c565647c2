"""Read the loopback internet with the program's own sources, with or without sockets, for tests."""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from hotpapers.base.errors import NetError, Stopped
from hotpapers.base.http import ClientLimits, HostPacer, PoliteHttpClient
from hotpapers.base.model import (
    HttpClient,
    Item,
    Mention,
    PayloadPage,
    Post,
    RawPayload,
    Snapshot,
    Source,
)
from hotpapers.collect.sources import SOURCES
from tests.base.http.server import TRUST
from tests.loopback.clock import Clock
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml

T = TypeVar("T", bound=Item)
SHORT = ClientLimits(connect=5.0, read=0.5, whole=20.0, backoff=0.0)
"""Short enough for tests to wait for a stalled server."""


def make_source(name: str, bases: Mapping[str, str], known: Container[str] = (), **changes: Any) -> Source:
    """A source that reads the loopback internet, with the settings of `settings_toml` except for `changes`."""
    table = tomllib.loads(settings_toml(bases))["source"][name] | changes
    table.pop("on", None)
    source_class, settings = SOURCES[name]
    return source_class(msgspec.convert(table, settings), known)


def client(loopback: Loopback, **settings: Any) -> PoliteHttpClient:
    """The program's client, by the loopback's clock and without pauses between requests."""
    clock: Clock = loopback.clock
    defaults: dict[str, Any] = {
        "base_addresses": [base for host, base in loopback.bases.items() if host != "trap"], "context": TRUST,
        "clock": clock.now, "sleep": lambda seconds: None, "pace": {"127.0.0.1": 0.0}, "reserve": HostPacer(),
    }  # fmt: skip
    return PoliteHttpClient("hotpapers/0 (+https://library.example/)", **(defaults | settings))


def payloads_in(pages: Iterable[PayloadPage]) -> list[RawPayload]:
    """The payloads on pages."""
    return [payload for page in pages for payload in page.payloads]


def cursor_in(pages: Iterable[PayloadPage]) -> str | None:
    """The last cursor on pages."""
    return next((page.cursor for page in reversed(list(pages)) if page.cursor is not None), None)


def items_in(source: Source, pages: Iterable[PayloadPage]) -> list[Item]:
    """The items read from pages, in order."""
    return [item for payload in payloads_in(pages) for item in source.read(payload)]


def items_of_type(item_type: type[T], items: Iterable[Item]) -> list[T]:
    """The items of a type."""
    return [item for item in items if isinstance(item, item_type)]


def posts_in(items: Iterable[Item]) -> dict[str, Post]:
    """The latest observation of each post."""
    return {post.post: post for post in items_of_type(Post, items)}


def mentions_in(items: Iterable[Item]) -> dict[str, set[str]]:
    """The papers that each post names."""
    papers: dict[str, set[str]] = {}
    for mention in items_of_type(Mention, items):
        papers.setdefault(mention.post, set()).add(mention.paper)
    return papers


def snapshots_in(items: Iterable[Item]) -> dict[str, Snapshot]:
    """The latest counts of each post."""
    return {snapshot.post: snapshot for snapshot in items_of_type(Snapshot, items)}


class TrackedKeys(set[str]):
    """The tracked posts and accounts, as a source asks for them: in these tests, everything found so far."""

    def holds(self, key: str) -> bool:
        return key in self

    def post_of(self, reaction: str) -> str | None:
        return None

    def posts_of(self, account: str) -> list[str]:
        return []

    def learn(self, items: Iterable[Item]) -> None:
        """Add posts and their accounts."""
        for post in items_of_type(Post, items):
            self.update((post.post, post.account) if post.account else ())


def read_stream(
    source: Source, http: HttpClient, cursor: str | None, until: int, tracked_keys: TrackedKeys
) -> tuple[list[Item], int]:
    """The items of a stream from a cursor to a moment, and the moment up to which it has been read.

    If a server falls silent, the stream is reopened where it ended.
    """
    items: list[Item] = []
    read_until = 0
    while read_until < until:
        for page in _until_silent(source.pages(http, cursor)):
            new_items = items_in(source, [page])
            tracked_keys.learn(new_items)
            items += new_items
            cursor = page.cursor or cursor
            read_until = max(read_until, int((page.cursor or "0").rpartition(":")[2]))
            if read_until >= until:
                break
    return items, read_until


def _until_silent(pages: Iterator[PayloadPage]) -> Iterator[PayloadPage]:
    try:
        yield from pages
    except (NetError, Stopped):
        return

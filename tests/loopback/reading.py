"""Reading the loopback internet with the program's own sources, with or without sockets, for tests."""

from __future__ import annotations

import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from hotpapers.errors import NetError, Stopped
from hotpapers.http import ClientLimits, HostPacer, PoliteHttpClient
from hotpapers.model import (
    HttpClient,
    Item,
    Mention,
    PayloadPage,
    Post,
    RawPayload,
    Snapshot,
    Source,
)
from hotpapers.sources import SOURCES
from tests.http.server import TRUST
from tests.loopback.clock import Clock
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml

T = TypeVar("T", bound=Item)
SHORT = ClientLimits(connect=5.0, read=0.5, whole=20.0, backoff=0.0)
"""Short enough for tests to wait for a stalled server."""


def make(name: str, bases: Mapping[str, str], known: Container[str] = (), **changed: Any) -> Source:
    """A source that reads the loopback internet, with the settings of `settings_toml` except `changed`."""
    table = tomllib.loads(settings_toml(bases))["source"][name] | changed
    table.pop("on", None)
    kind, settings = SOURCES[name]
    return kind(msgspec.convert(table, settings), known)


def client(loopback: Loopback, **settings: Any) -> PoliteHttpClient:
    """The program's client, by the loopback's clock and without pauses between requests."""
    clock: Clock = loopback.clock
    given: dict[str, Any] = {
        "base_addresses": [base for host, base in loopback.bases.items() if host != "trap"], "context": TRUST,
        "clock": clock.now, "sleep": lambda seconds: None, "pace": {"127.0.0.1": 0.0}, "reserve": HostPacer(),
    }  # fmt: skip
    return PoliteHttpClient("hotpapers/0 (+https://library.example/)", **(given | settings))


def seen_in(pages: Iterable[PayloadPage]) -> list[RawPayload]:
    """The payloads on pages."""
    return [seen for page in pages for seen in page.payloads]


def cursor_in(pages: Iterable[PayloadPage]) -> str | None:
    """The last cursor on pages."""
    return next((page.cursor for page in reversed(list(pages)) if page.cursor is not None), None)


def items_in(source: Source, pages: Iterable[PayloadPage]) -> list[Item]:
    """The items read from pages, in order."""
    return [item for seen in seen_in(pages) for item in source.read(seen)]


def of(kind: type[T], items: Iterable[Item]) -> list[T]:
    """The items of a kind."""
    return [item for item in items if isinstance(item, kind)]


def posts_in(items: Iterable[Item]) -> dict[str, Post]:
    """The latest observation of each post."""
    return {post.post: post for post in of(Post, items)}


def mentions_in(items: Iterable[Item]) -> dict[str, set[str]]:
    """The papers that each post names."""
    found: dict[str, set[str]] = {}
    for mention in of(Mention, items):
        found.setdefault(mention.post, set()).add(mention.paper)
    return found


def snapshots_in(items: Iterable[Item]) -> dict[str, Snapshot]:
    """The latest counts of each post."""
    return {snapshot.post: snapshot for snapshot in of(Snapshot, items)}


class Known(set[str]):
    """The tracked posts and accounts, as sources ask for them: here everything found so far."""

    def holds(self, key: str) -> bool:
        return key in self

    def post_of(self, reaction: str) -> str | None:
        return None

    def learn(self, items: Iterable[Item]) -> None:
        """Add posts and their accounts."""
        for post in of(Post, items):
            self.update((post.post, post.account) if post.account else ())


def listened(source: Source, http: HttpClient, cursor: str | None, until: int, known: Known) -> tuple[list[Item], int]:
    """The items of a stream from a cursor to a moment, and the moment up to which it was then read.

    When a server falls silent, the stream is reopened where it ended.
    """
    items: list[Item] = []
    reached = 0
    while reached < until:
        for page in _patient(source.pages(http, cursor)):
            found = items_in(source, [page])
            known.learn(found)
            items += found
            cursor = page.cursor or cursor
            reached = max(reached, int((page.cursor or "0").rpartition(":")[2]))
            if reached >= until:
                break
    return items, reached


def _patient(pages: Iterator[PayloadPage]) -> Iterator[PayloadPage]:
    try:
        yield from pages
    except (NetError, Stopped):
        return

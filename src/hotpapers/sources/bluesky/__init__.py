"""Bluesky, without a key: posts that name papers, from the public stream; counts and handles from the public view.

wire       what the network says, as far as it is needed
records    its words into ours
sift       what of the stream concerns us
firehose   the relay's CBOR as Jetstream's JSON
stream     cursors, transports, blind servers, pages
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Literal
from urllib.parse import urlencode

import msgspec

from hotpapers.errors import Gap, NetError
from hotpapers.model import HOUR, Item, Net, Page, Seen
from hotpapers.sources.bluesky import records, wire
from hotpapers.sources.bluesky.sift import Sieve
from hotpapers.sources.bluesky.stream import (
    Cursor,
    Firehose,
    Jetstream,
    Transport,
    Watch,
    listen,
    parse,
    resumes_at,
    worst,
)

__all__ = ["Bluesky", "BlueskySettings"]

BATCH = 25
"""Posts that getPosts gives at once."""


class BlueskySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`jetstream`: hosts, tried in turn. `relay`: of the firehose. `transport`: which of the two is listened to.

    `view`: where counts are asked. `mode`: `poll` hears posts alone; `stream` hears likes and reposts of tracked posts
    too. `overlap`: seconds that are heard again. `silence`, `late`: seconds after which a server is taken for blind,
    because nothing comes (0: never) or because what comes is so old and gets no younger. `remembers`: reactions
    whose withdrawal is understood. `every`: seconds until the stream is opened again.
    """

    jetstream: tuple[str, ...] = (
        "wss://jetstream1.us-east.bsky.network",
        "wss://jetstream2.us-east.bsky.network",
        "wss://jetstream1.us-west.bsky.network",
        "wss://jetstream2.us-west.bsky.network",
    )
    relay: str = "wss://bsky.network/xrpc/com.atproto.sync.subscribeRepos"
    transport: Literal["jetstream", "firehose"] = "jetstream"
    view: str = "https://public.api.bsky.app"
    mode: Literal["poll", "stream"] = "poll"
    overlap: int = 10
    silence: int = 60
    late: int = 600
    remembers: int = 100_000
    every: int = 30


class Bluesky:
    """The connector. `known`: keys of tracked posts and of their accounts."""

    name = records.NETWORK
    reach = 24 * HOUR
    """How far back Jetstream's hosts remember, in microseconds."""

    def __init__(self, settings: BlueskySettings, known: Container[str] = ()) -> None:
        self.settings, self.known = settings, known
        self.every = settings.every
        self._sieve = Sieve(known, reactions=settings.mode == "stream", remembers=settings.remembers)

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """The stream from the cursor on, from the first host that tells it, then the next. Ends by an error alone.

        Where no host has what follows the cursor, the cursor is moved to where one has, and the error tells it.
        """
        resume, problems, gaps = parse(cursor), list[NetError](), list[Gap]()
        for number in range(self._hosts()):
            transport = self._transport(number, resume)
            since = resume.time if isinstance(transport, Jetstream) else None
            watch = Watch(net.now(), since, self.settings.silence, self.settings.late)
            try:
                for page in listen(net, transport, self._sieve, watch):
                    resume = parse(page.cursor) if page.cursor else resume
                    gaps.clear()
                    yield page
            except Gap as gap:
                gaps.append(gap)
                problems.append(gap)
            except NetError as problem:
                problems.append(problem)
        if gaps:
            smallest = min(gaps, key=resumes_at)
            yield Page((), smallest.resume)
            raise smallest
        raise worst(problems)

    def _hosts(self) -> int:
        return len(self.settings.jetstream) if self.settings.transport == "jetstream" else 1

    def _transport(self, number: int, resume: Cursor) -> Transport:
        settings = self.settings
        collections = (wire.POST, wire.LIKE, wire.REPOST) if settings.mode == "stream" else (wire.POST,)
        if settings.transport == "firehose":
            return Firehose(settings.relay, collections, resume)
        return Jetstream(settings.jetstream[number], collections, resume, settings.overlap)

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """The posts as the public view has them now, 25 at once; those that it leaves out are gone."""
        uris = [key.removeprefix(f"{self.name}:") for key in keys]
        for start in range(0, len(uris), BATCH):
            yield Page(self._views(net, uris[start : start + BATCH]))

    def _views(self, net: Net, uris: Sequence[str]) -> list[Seen]:
        """A batch; where one address spoils it (400), each by itself."""
        asked = urlencode([("uris", uri) for uri in uris])
        answer = net.get(f"{self.settings.view}/xrpc/app.bsky.feed.getPosts?{asked}", accept=(400,))
        if answer.status == 400:
            return [seen for uri in uris for seen in self._views(net, [uri])] if len(uris) > 1 else []
        raw = wire.views(answer.body).posts
        found = {wire.view_uri(one).uri: bytes(one) for one in raw}
        return [
            Seen("counts", uri, found[uri], answer.at) if uri in found else Seen("gone", uri, b"null", answer.at)
            for uri in uris
        ]

    def read(self, seen: Seen) -> Iterable[Item]:
        """A post with its papers; its counts, handle and labels; a reaction or its withdrawal; what is gone."""
        return records.read(seen)

"""Bluesky, without a key: posts that name papers, from the public stream; counts and handles from the public view.

schemas         the network's formats, as far as needed
parser          reads them into items
stream_filter   picks the relevant events of the stream
jetstream       cursors, stalled servers, pages
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Literal
from urllib.parse import urlencode

import msgspec

from hotpapers.base.errors import NetError, StreamGap
from hotpapers.base.ids.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.model import HOUR, HttpClient, Item, PayloadPage, RawPayload
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.collect.sources.bluesky import parser, schemas
from hotpapers.collect.sources.bluesky.jetstream import StallDetector, listen, parse, subscription
from hotpapers.collect.sources.bluesky.stream_filter import EventFilter
from hotpapers.collect.sources.decoding import decode_or_none, decode_response, unreadable_key
from hotpapers.collect.sources.endpoint_rotation import soonest_retry
from hotpapers.collect.sources.removals import RemovalCheck

__all__ = ["BlueskySettings", "BlueskySource"]

BATCH = 25
"""Most posts per getPosts request."""
UNREADABLE_REQUEST = (400, 414, 431)
"""Statuses of a request that the view cannot read, or that is too long: a post's address may have 2,000 bytes."""


class BlueskySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`jetstream`: hosts, tried in turn.

    `view`: where counts are read. `mode`: `poll` reads only posts; `stream` also likes and reposts of tracked posts.
    `overlap`: seconds that are read again. `silence`, `late`: seconds after which a server counts as stalled, because
    nothing comes (0: never) or because its events are that old and don't catch up. `remembers`: reactions whose
    withdrawal is resolved without asking the record. `every`: seconds until the stream is reopened.
    """

    jetstream: tuple[str, ...] = (
        "wss://jetstream1.us-east.bsky.network",
        "wss://jetstream2.us-east.bsky.network",
        "wss://jetstream1.us-west.bsky.network",
        "wss://jetstream2.us-west.bsky.network",
    )
    view: str = "https://public.api.bsky.app"
    mode: Literal["poll", "stream"] = "poll"
    overlap: int = 10
    silence: int = 60
    late: int = 600
    remembers: int = 100_000
    every: AtLeastOne = 30


EDGE = HOUR // 6
"""Microseconds: events this close to the end of the hosts' memory may be gone before they are sent."""


class BlueskySource:
    """The connector. `known`: keys of tracked posts and of their accounts; a PostTracker is also asked about withdrawn
    reactions. `names`: the names of known papers."""

    name = parser.NETWORK
    reach = 24 * HOUR
    """How far back Jetstream's hosts remember, in microseconds."""

    def __init__(self, settings: BlueskySettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = settings.every
        reactions = settings.mode == "stream"
        self._event_filter = EventFilter(known, reactions=reactions, remembers=settings.remembers, names=names)
        self._removal_check = RemovalCheck(BATCH)

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """The stream from the cursor on, from the first host that has it, then the next. Ends only with an error.

        If no host that answers has what follows the cursor, the cursor moves to where one does, and the error says so,
        and what is missing if that is known. Without a cursor, it is set to now before any host is contacted: if hours
        pass until one answers, those are read too, or reported as missing.
        """
        resume = self._moment(http, cursor)
        if resume is None:
            resume = http.now()
            yield PayloadPage((), str(resume))
        yield from self._listen(http, resume)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Iterator[PayloadPage]:
        """The stream from a moment on, or from where the first host that answers has it: on the first reading, earlier
        events do not count as missing."""
        resume = self._moment(http, cursor)
        if resume is None:
            resume = max(since, http.now() - self.reach + EDGE)
            yield PayloadPage((), str(resume))
        yield from self._listen(http, resume, is_first=True)

    def _moment(self, http: HttpClient, cursor: str | None) -> int | None:
        """Where to resume, but not after now: a server whose clock was ahead may have given a time in the future."""
        moment = parse(cursor)
        return None if moment is None else min(moment, http.now())

    def _listen(self, http: HttpClient, resume: int, *, is_first: bool = False) -> Iterator[PayloadPage]:
        """The hosts' events, one host after the other. `is_first`: whatever the first host has counts as everything;
        the page after its first event says since when."""
        settings, since, problems, gaps = self.settings, resume, list[NetError](), list[StreamGap]()
        collections = (schemas.POST, schemas.LIKE, schemas.REPOST) if settings.mode == "stream" else (schemas.POST,)
        for host in settings.jetstream:
            start = None if is_first else resume
            detector = StallDetector(http.now(), start, settings.silence, settings.late, resume)
            url = subscription(host, collections, resume, settings.overlap)
            try:
                for page in listen(http, url, resume, self._event_filter, detector):
                    resume = parse(page.cursor) or resume
                    gaps.clear()
                    if is_first and detector.first_commit_at is not None:
                        is_first, first_commit_at = False, detector.first_commit_at
                        page = page._replace(since=max(since, first_commit_at))
                    yield page
            except StreamGap as gap:
                gaps.append(gap)
                problems.append(gap)
            except NetError as problem:
                problems.append(problem)
        if gaps:
            smallest = min(gaps, key=lambda gap: parse(gap.resume) or 0)
            yield PayloadPage((), smallest.resume)
            raise smallest
        raise soonest_retry(problems)

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """The posts as the public view has them now, 25 at a time; those that it leaves out are gone, if it still has
        others."""
        uris = [key.removeprefix(f"{self.name}:") for key in keys]
        return self._removal_check.pages(uris, lambda uris: self._view_pages(http, uris))

    def _view_pages(self, http: HttpClient, uris: Sequence[str]) -> Iterator[PayloadPage]:
        for start in range(0, len(uris), BATCH):
            yield PayloadPage(self._views(http, uris[start : start + BATCH]))

    def _views(self, http: HttpClient, uris: Sequence[str]) -> list[RawPayload]:
        """A batch of posts; if one address makes it fail, or all of them are too long together, each post by itself."""
        text = urlencode([("uris", uri) for uri in uris])
        response = http.get(f"{self.settings.view}/xrpc/app.bsky.feed.getPosts?{text}", accept=UNREADABLE_REQUEST)
        if response.status in UNREADABLE_REQUEST:
            return [payloads for uri in uris for payloads in self._views(http, [uri])] if len(uris) > 1 else []
        entries = [
            (decode_or_none(post, schemas.AppViewPostUri), bytes(post))
            for post in decode_response(response, schemas.AppViewPosts).posts
        ]
        bodies = {entry.uri: body for entry, body in entries if entry}
        broken = [
            RawPayload("counts", unreadable_key(body), body, response.at) for entry, body in entries if entry is None
        ]
        payloads = [RawPayload("counts", uri, bodies[uri], response.at) for uri in uris if uri in bodies]
        missing = [RawPayload("gone", uri, b"null", response.at) for uri in uris if uri not in bodies]
        return [*payloads, *broken] if broken else [*payloads, *missing]  # a broken entry may be a missing post

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a post with its papers; its counts, handle and labels; a reaction or its withdrawal; or a removal."""
        return parser.read(payload, self.names)

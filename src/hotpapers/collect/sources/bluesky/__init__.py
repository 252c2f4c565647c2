"""Bluesky, without a key: posts that name papers, from the public stream; counts and handles from the public view.

schemas         the network's formats, as far as needed
stream_hosts    the hosts of both versions of the stream
parser          reads them into items
stream_filter   picks the relevant events of the stream

Here: `BlueskySource`, the connector, which follows the stream and asks for counts and for the answers to a post.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import NetError, StreamGap
from hotpapers.base.model import HOUR, HttpClient, Item, Pages, PayloadPage, RawPayload, Response, ThreadPayloads
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.collect.sources.batched_requests import PostSource, soonest_retry
from hotpapers.collect.sources.bluesky import parser, schemas
from hotpapers.collect.sources.bluesky.schemas import AppViewPostUri
from hotpapers.collect.sources.bluesky.stream_filter import UNREADABLE, EventFilter
from hotpapers.collect.sources.bluesky.stream_hosts import FIRST_MOMENT, SECOND_VERSION, host_messages, sequence_cursor
from hotpapers.collect.sources.decoding import decode_entries, decode_or_none, decode_response, unreadable_key
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, gap_payload

__all__ = ["BlueskySettings", "BlueskySource"]

BATCH = 25
"""Most posts per getPosts request."""
UNREADABLE_REQUEST = (400, 414, 431)
"""Statuses of a request that the view cannot read, or that is too long: a post's address may have 2,000 bytes."""


class BlueskySettings(SettingsStruct):
    """`jetstream`: hosts, tried in turn: those of the second version with its whole address.

    `view`: where counts are read. `mode`: `poll` reads only posts; `stream` also likes and reposts of tracked posts.
    `overlap`: seconds that are read again. `silence`, `late`: seconds after which a server counts as stalled, because
    nothing comes (0: never) or because its events are that old and don't catch up. `remembers`: reactions whose
    withdrawal is resolved without asking the record. `every`: seconds until the stream is reopened.
    """

    jetstream: tuple[str, ...] = (
        f"wss://jetstream.us-east.bsky.network{SECOND_VERSION}",
        f"wss://jetstream.us-west.bsky.network{SECOND_VERSION}",
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


class BlueskySource(PostSource[BlueskySettings]):
    """The connector. A `known` that is a PostTracker is also asked about withdrawn reactions."""

    name = parser.NETWORK
    reach = 24 * HOUR
    """How far back Jetstream's hosts remember, in microseconds."""
    remembered = BATCH

    def _set_up(self) -> None:
        has_reactions = self.settings.mode == "stream"
        remembers = self.settings.remembers
        self._event_filter = EventFilter(self.known, reactions=has_reactions, remembers=remembers, names=self.names)

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The stream from the cursor on, from the first host that has it, then the next. Ends only with an error.

        If no host that answers has what follows the cursor, the cursor moves to where one does, and the error says so,
        and what is missing if that is known. Without a cursor, it is set to now before any host is contacted: if hours
        pass until one answers, those are read too, or reported as missing.
        """
        return self._listen(http, cursor, http.now(), is_first=False)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The stream from a moment on, or from where the first host that answers has it: on the first reading, earlier
        events do not count as missing."""
        return self._listen(http, cursor, max(since, http.now() - self.reach + EDGE), is_first=True)

    def _listen(self, http: HttpClient, cursor: str | None, start: int, *, is_first: bool) -> Pages:
        """The hosts' events, one host after the other, from the cursor on; without one, from `start`. `is_first`:
        whatever the first host has counts as everything; the page after its first event says since when."""
        settings = self.settings
        moment = parse_cursor(cursor)
        if moment is None:
            yield PayloadPage((), str(start))
            moment = start
        elif moment < FIRST_MOMENT:  # a number of some relay's
            moment = http.now() - self.reach + EDGE
        # a server whose clock was ahead may have given a time in the future
        since = resume = min(moment, http.now())
        problems = list[NetError]()
        gaps = list[StreamGap]()
        collections = (schemas.POST, schemas.LIKE, schemas.REPOST) if settings.mode == "stream" else (schemas.POST,)
        for host in settings.jetstream:
            detector = StallDetector(http.now(), None if is_first else resume, settings.silence, settings.late, resume)
            overlapping = resume - settings.overlap * SECOND  # which is read again
            stream = host_messages(http, host, collections, cursor, overlapping)
            try:
                for page in stream_pages(http, host, stream, resume, self._event_filter, detector):
                    cursor = page.cursor
                    resume = parse_cursor(cursor) or resume
                    gaps.clear()
                    if is_first and detector.first_commit_at is not None:
                        is_first = False
                        page = page._replace(since=max(since, detector.first_commit_at))
                    yield page
            except StreamGap as gap:
                gaps.append(gap)
            except NetError as problem:
                problems.append(problem)
        if gaps:
            smallest = min(gaps, key=lambda gap: parse_cursor(gap.resume) or 0)
            yield PayloadPage((), smallest.resume)
            raise smallest
        raise soonest_retry(problems)

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """The posts as the public view has them now, 25 at a time; those that it leaves out are gone, if it still has
        others."""
        uris = [key.removeprefix(f"{self.name}:") for key in keys]

        def views(uris: Sequence[str]) -> Pages:
            for start in range(0, len(uris), BATCH):
                payloads = self._views(http, uris[start : start + BATCH])
                yield PayloadPage(payloads)

        return self._removal_check.pages(uris, views)

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads:
        """The answers to a post and what quotes it; none if the view does not have it."""
        uri = post.removeprefix(f"{self.name}:")
        text = urlencode({"uri": uri, "depth": DEPTH, "parentHeight": 0})
        response = http.get(f"{self.settings.view}/xrpc/app.bsky.feed.getPostThread?{text}", accept=UNREADABLE_REQUEST)
        if response.status in UNREADABLE_REQUEST:
            return [None]
        thread = decode_response(response, ThreadAnswer).thread
        text = urlencode({"uri": uri, "limit": QUOTATIONS})
        quotes = http.get(f"{self.settings.view}/xrpc/app.bsky.feed.getQuotes?{text}")
        quotations = (payload for _, payload in _entries(quotes, REPLY))
        return [*reply_payloads(thread, uri, response.at), *quotations]

    def _views(self, http: HttpClient, uris: Sequence[str]) -> list[RawPayload]:
        """A batch of posts; if one address makes it fail, or all of them are too long together, each post by itself."""
        text = urlencode([("uris", uri) for uri in uris])
        response = http.get(f"{self.settings.view}/xrpc/app.bsky.feed.getPosts?{text}", accept=UNREADABLE_REQUEST)
        if response.status in UNREADABLE_REQUEST:
            if len(uris) > 1:
                return [payloads for uri in uris for payloads in self._views(http, [uri])]
            return []
        entries = _entries(response, "counts")
        views = {entry.uri: payload for entry, payload in entries if entry}
        broken = [payload for entry, payload in entries if entry is None]
        payloads = [views[uri] for uri in uris if uri in views]
        missing = [RawPayload("gone", uri, b"null", response.at) for uri in uris if uri not in views]
        return [*payloads, *broken] if broken else [*payloads, *missing]  # a broken entry may be a missing post

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a post with its papers; its counts, handle and labels; a reaction or its withdrawal; or a removal."""
        return parser.read_payload(payload, self.names)


def _entries(response: Response, kind: str) -> list[tuple[schemas.AppViewPostUri | None, RawPayload]]:
    """The posts in a response of the view, as payloads of a kind."""
    posts = decode_response(response, schemas.AppViewPosts).posts
    return decode_entries(posts, schemas.AppViewPostUri, lambda post: post.uri, kind, response.at)


# ---- Jetstream ----------------------------------------------------------------------------------------

# Where to resume, when to give up on a silent server, and turning messages into pages. A cursor ends with the time of
# the newest event, in µs, which is valid on any host. https://github.com/bluesky-social/jetstream

SECOND = 1_000_000
HEARTBEAT = 30 * SECOND
MAX_SEEN_POSTS = 500
MAX_UNREADABLE_MESSAGES = 100
"""Unreadable messages in a row after which a server is given up."""
CHECK_LAG = 60 * SECOND


def parse_cursor(text: str | None) -> int | None:
    """A cursor's moment, µs UTC; None, from now on, for an invalid one. It is the last part, after a host and its own
    number; of a relay's, as earlier versions kept, that is a number, too."""
    moment = (text or "").rpartition(":")[2]
    if moment.isascii() and moment.isdigit() and len(moment) < 20:
        return int(moment)
    return None


class StallDetector:
    """Notices a stalled server: it sends no commits, or only old ones without catching up.

    `silence`: most seconds without a commit, 0 for no limit. `late`: the age in seconds beyond which events must be
    catching up. `since`: the moment from which on everything should be received, if it is a moment; `read_until`: up to
    when the network was read before. `last_commit_at`: when the last commit came; `is_first`: none has come yet;
    `is_clamped`: the server said that it no longer has `since`; `first_commit_at`: the first commit's time.
    """

    def __init__(self, now: int, since: int | None, silence: int, late: int, read_until: int) -> None:
        self._silence = silence * SECOND
        self._late = late * SECOND
        self._since = since
        self.is_first = True
        self.is_clamped = False
        self.first_commit_at: int | None = None
        self._read_until = min(read_until, now)
        self.last_commit_at = self._last_check_at = now
        self._lag: int | None = None

    def note(self, now: int, event: schemas.StreamEvent) -> None:
        """Note an event. Raises StreamGap, and NetError for an error that the server tells."""
        if event.kind == "error":
            raise NetError(f"the server ended the stream: {event.notice}")
        self.is_clamped |= event.kind == "info"
        if event.commit is not None:
            self.last_commit_at = now
            if self.is_first:
                self.note_first(now, event.time_us)

    def note_first(self, now: int, time: int) -> None:
        """Note the first commit. Raises StreamGap if it is much newer than what was requested. A commit in the future
        only shows that the server's clock is ahead, not that anything is missing."""
        is_ahead = time > now + self._late
        is_late = self._silence and self._since is not None and time - self._since > self._late
        if self._since is not None and (is_late or (self.is_clamped and time > self._since)) and not is_ahead:
            gap = format_duration((time - self._since) / SECOND)
            reason = f"the server no longer has the next events: {gap} are missing"
            raise StreamGap(reason, str(time), (self._since, time))
        self.is_first = False
        self.first_commit_at = min(time, now)

    def until(self, now: int, newest: int | None, *, quiet: bool) -> int:
        """Up to when the network was read: the newest event's time, or now if silence is normal here. `quiet`: nothing
        came for half a minute."""
        if quiet and not self._silence:
            return now
        self._read_until = max(self._read_until, newest or 0)
        return self._read_until

    def check(self, now: int, newest: int | None) -> None:
        """Raises NetError if the server seems stalled."""
        if self._silence and now - self.last_commit_at >= self._silence:
            raise NetError(f"no event for {format_duration((now - self.last_commit_at) / SECOND)}")
        if newest is None or now - self._last_check_at < CHECK_LAG:
            return
        lag = now - newest
        before = self._lag
        elapsed = now - self._last_check_at
        if lag > self._late and before is not None and before - lag < elapsed // 2:
            late = format_duration(lag / SECOND)
            raise NetError(f"events are {late} late and don't catch up, or this machine's clock is wrong")
        self._lag = lag
        self._last_check_at = now


def stream_pages(
    http: HttpClient,
    url: str,
    stream: Iterable[bytes | None],
    since: int,
    event_filter: EventFilter,
    detector: StallDetector,
) -> Pages:
    """Pages from a server's stream: at most one a second, or 500 payloads; an empty one every 30 s. Ends by error only.

    Their cursors are never before `since`, where the stream was resumed: the overlap at its start is older, and a
    process killed there must not resume earlier each time.
    """
    payloads: list[RawPayload] = []
    newest: int | None = None
    unreadable = last_check_at = seq = 0
    event_filter.fresh.clear()
    last_page_at = http.now()
    for message in stream:
        now = http.now()
        if message is not None:
            try:
                event = schemas.read_event(message)
                detector.note(now, event)
                seq = event.seq or seq
                if newest is None or event.time_us > newest:
                    newest = event.time_us if event.time_us < now else now
                payloads += event_filter.payloads(event, message, now)
                unreadable = 0
            except UNREADABLE as problem:
                unreadable += 1
                if unreadable > MAX_UNREADABLE_MESSAGES:
                    raise NetError(f"{url}: {unreadable} unreadable messages in a row: {problem}") from None
                payloads.append(RawPayload("unreadable", unreadable_key(message), message, now))
        elapsed = now - last_page_at
        if (payloads and (elapsed >= SECOND or len(payloads) >= MAX_SEEN_POSTS)) or elapsed >= HEARTBEAT:
            until = detector.until(now, newest, quiet=message is None)
            yield PayloadPage(payloads, sequence_cursor(url, seq, max(newest or 0, since)), until)
            payloads = []
            last_page_at = http.now()
            event_filter.fresh.clear()
        if now - last_check_at >= SECOND:  # not for every message: there are hundreds per second
            detector.check(now, newest)
            last_check_at = now
    raise NetError(f"{urlsplit(url).netloc} ended the stream")


# ---- the answers to a post ---------------------------------------------------------------------------

# From one request for its thread (lexicon app.bsky.feed.getPostThread). The view leaves out answers that are deleted or
# against the author's rules, those between accounts that block each other, and all below them. Gaps are those that the
# author of the first post has hidden.

DEPTH, QUOTATIONS = 40, 100
"""Answers to answers, and quotations, that are requested."""


class _HiddenReplies(msgspec.Struct, rename="camel"):
    hidden_replies: list[str] = []


class _Restriction(msgspec.Struct):
    record: _HiddenReplies | None = None


class _RestrictedPost(msgspec.Struct):
    threadgate: _Restriction | None = None


class ThreadTree(msgspec.Struct):
    """A post with the answers to it; without `post`, one that the view does not show."""

    uri: str = ""
    post: msgspec.Raw = msgspec.Raw(b"null")
    replies: list[msgspec.Raw] | None = None


class ThreadAnswer(msgspec.Struct):
    """The response of getPostThread."""

    thread: ThreadTree


def reply_payloads(thread: ThreadTree, uri: str, at: int) -> Iterator[RawPayload | None]:
    """The answers in the thread of a post, the nearest first. None if there may be others: of a post too far down, or
    that is not shown, the view says nothing about answers."""
    root = decode_or_none(thread.post, _RestrictedPost)
    restriction = root and root.threadgate and root.threadgate.record
    hidden = frozenset(restriction.hidden_replies if restriction else ())
    waiting = [(uri, reply) for reply in thread.replies or ()]
    if thread.replies is None:
        yield None
    for number, (parent, raw) in enumerate(waiting):
        view = decode_or_none(raw, ThreadTree)
        if number == MAX_REPLIES or view is None:
            yield None
            return
        if view.replies is None:
            yield None
        known = decode_or_none(view.post, AppViewPostUri)
        name = known.uri if known else view.uri
        if not name:
            continue
        is_shown = known is not None and name not in hidden
        yield RawPayload(REPLY, name, bytes(view.post), at) if is_shown else gap_payload(name, parent, at)
        waiting += [(name, reply) for reply in view.replies or ()]

"""Listening to the stream: where to resume, when to give up on a silent server, and turning messages into pages.

cursor                                    where the stream resumes
1783175888112407                          Jetstream: the time of the newest event, in µs; valid on any host
firehose:bsky.network:31527015322:178…    the relay: its own number of the newest event, and its time
firehose:bsky.network::178…               the relay: from its newest event on, because it did not know our number
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from hotpapers.base.durations import duration
from hotpapers.base.errors import FutureCursor, NetError, OutdatedCursor, StreamGap
from hotpapers.base.model import HttpClient, PayloadPage, RawPayload
from hotpapers.collect.sources.bluesky import firehose, schemas
from hotpapers.collect.sources.bluesky.stream_filter import UNREADABLE, EventFilter
from hotpapers.collect.sources.decoding import unreadable_key

SECOND = 1_000_000
HEARTBEAT = 30 * SECOND
MAX_SEEN_POSTS = 500
MAX_UNREADABLE_MESSAGES = 100
"""Unreadable messages in a row after which a server is given up."""
CHECK_LAG = 60 * SECOND


def resumes_at(gap: StreamGap) -> int:
    """The moment from which on a server has everything, 0 if unknown."""
    return parse(gap.resume).time or 0


class StreamCursor(NamedTuple):
    """`time`: µs, None for from now on. `relay`, `seq`: a relay and its number; `seq` None for from its newest on."""

    time: int | None = None
    relay: str = ""
    seq: int | None = None

    def no_later_than(self, now: int) -> StreamCursor:
        """The same, but no later than now: a server whose clock was ahead may have given a time in the future."""
        return self if self.time is None or self.time <= now else self._replace(time=now)

    def after_gap(self, now: int) -> StreamCursor:
        """The same after events up to now were reported missing: without a `seq`, it resumes from now on."""
        return self if self.seq is not None else self._replace(time=now)

    def __str__(self) -> str:
        if not self.relay:
            return str(self.time or "")
        return f"firehose:{self.relay}:{'' if self.seq is None else self.seq}:{self.time or ''}"


def parse(text: str | None) -> StreamCursor:
    """A cursor from its text; an invalid one means from now on."""
    kind, _, rest = (text or "").partition(":")
    if kind != "firehose":
        return StreamCursor(_number(kind))
    relay, seq, time = [*rest.rsplit(":", 2), "", ""][:3]
    return StreamCursor(_number(time), relay, _number(seq))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


class StreamTransport(Protocol):
    """One way to receive the stream, from one server. `since`: the moment from which on everything should be received,
    None if the server has its own numbering."""

    url: str
    since: int | None

    def events(self, message: bytes) -> Sequence[bytes]:
        """A message's events as Jetstream's JSON. Raises the decoder's errors for invalid messages, NetError,
        StreamGap."""

    def cursor(self, time: int | None) -> StreamCursor:
        """Where to resume after the last message. `time`: the newest event's."""


class JetstreamTransport:
    """JSON over a websocket; the server sends only the requested collections."""

    def __init__(self, host: str, collections: Collection[str], cursor: StreamCursor, overlap: int) -> None:
        self._resume_time, self.since = cursor.time or 0, cursor.time
        params = [("wantedCollections", collection) for collection in collections]
        if cursor.time is not None:
            params.append(("cursor", str(max(cursor.time - overlap * SECOND, 0))))
        self.url = f"{host.rstrip('/')}/subscribe?{urlencode(params)}"

    def events(self, message: bytes) -> Sequence[bytes]:
        return (message,)

    def cursor(self, time: int | None) -> StreamCursor:
        """A time, which is valid on every host. Never earlier than where the stream was resumed: the overlap at the
        start is older, and a process killed there must not resume earlier each time."""
        return StreamCursor(max(time or 0, self._resume_time) or None)


class FirehoseTransport:
    """All events of the network, signed and in CBOR, from a relay with its own numbering."""

    def __init__(self, relay: str, collections: Collection[str], cursor: StreamCursor) -> None:
        self._relay, self._collections = urlsplit(relay).netloc, collections
        self._seq = cursor.seq if cursor.relay == self._relay else None
        self.since = cursor.time if self._seq is None else None
        self._time, self._resume_seq = cursor.time, self._seq
        self.url = relay if self._seq is None else f"{relay}?cursor={self._seq}"

    def events(self, message: bytes) -> Sequence[bytes]:
        try:
            frame = firehose.frame(message)
        except FutureCursor as problem:
            raise StreamGap(str(problem), str(StreamCursor(self._time, self._relay))) from None
        except OutdatedCursor as problem:
            if self._resume_seq == 0:
                return ()
            raise StreamGap(str(problem), str(StreamCursor(self._time, self._relay, 0))) from None
        self._seq = frame.seq or self._seq
        return firehose.events(frame, self._collections)

    def cursor(self, time: int | None) -> StreamCursor:
        """The relay's number for the last frame."""
        self._time = time or self._time
        return StreamCursor(self._time, self._relay, self._seq)


class StallDetector:
    """Notices a stalled server: it sends no commits, or only old ones without catching up.

    `silence`: most seconds without a commit, 0 for no limit. `late`: the age in seconds beyond which events must be
    catching up. `since`: the moment from which on everything should be received, if it is a moment; `read_until`: up to
    when the network was read before. `last_commit_at`: when the last commit came; `is_first`: none has come yet;
    `first_commit_at`: the first commit's time.
    """

    def __init__(self, now: int, since: int | None, silence: int, late: int, read_until: int | None = None) -> None:
        self._silence, self._late = silence * SECOND, late * SECOND
        self._since, self.is_first = since, True
        self.first_commit_at: int | None = None
        self._read_until = now if read_until is None else min(read_until, now)
        self.last_commit_at = self._last_check_at = now
        self._lag: int | None = None

    def note_first(self, now: int, time: int) -> None:
        """Note the first commit; for later ones, set `last_commit_at`. Raises StreamGap if it is much newer than what
        was requested. A commit in the future only shows that the server's clock is ahead, not that anything is missing.
        """
        is_ahead = time > now + self._late
        if self._silence and self._since is not None and time - self._since > self._late and not is_ahead:
            gap = duration((time - self._since) / SECOND)
            reason = f"the server no longer has the next events: {gap} are missing"
            raise StreamGap(reason, str(time), (self._since, time))
        self.is_first, self.first_commit_at = False, min(time, now)

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
            raise NetError(f"no event for {duration((now - self.last_commit_at) / SECOND)}")
        if newest is None or now - self._last_check_at < CHECK_LAG:
            return
        lag, before, elapsed = now - newest, self._lag, now - self._last_check_at
        if lag > self._late and before is not None and before - lag < elapsed // 2:
            late = duration(lag / SECOND)
            raise NetError(f"events are {late} late and don't catch up, or this machine's clock is wrong")
        self._lag, self._last_check_at = lag, now


def listen(
    http: HttpClient, transport: StreamTransport, event_filter: EventFilter, detector: StallDetector
) -> Iterator[PayloadPage]:
    """Pages from one server: at most one a second, or 500 payloads; an empty one every 30 s. Ends by error only."""
    payloads: list[RawPayload] = []
    newest: int | None = None
    unreadable = last_check_at = 0
    event_filter.fresh.clear()
    last_page_at = http.now()
    for message in http.messages(transport.url):
        now = http.now()
        if message is not None:
            try:
                for body in transport.events(message):
                    event = schemas.event(body)
                    if newest is None or event.time_us > newest:
                        newest = event.time_us if event.time_us < now else now
                    if event.commit is not None:
                        detector.last_commit_at = now
                        if detector.is_first:
                            detector.note_first(now, event.time_us)
                    payloads += event_filter.payloads(event, body, now)
                unreadable = 0
            except UNREADABLE as problem:
                unreadable += 1
                if unreadable > MAX_UNREADABLE_MESSAGES:
                    raise NetError(f"{transport.url}: {unreadable} unreadable messages in a row: {problem}") from None
                payloads.append(RawPayload("unreadable", unreadable_key(message), message, now))
        elapsed = now - last_page_at
        if (payloads and (elapsed >= SECOND or len(payloads) >= MAX_SEEN_POSTS)) or elapsed >= HEARTBEAT:
            until = detector.until(now, newest, quiet=message is None)
            yield PayloadPage(payloads, str(transport.cursor(newest)) or None, until)
            payloads, last_page_at = [], http.now()
            event_filter.fresh.clear()
        if now - last_check_at >= SECOND:  # not for every message: there are hundreds per second
            detector.check(now, newest)
            last_check_at = now
    raise NetError(f"{urlsplit(transport.url).netloc} ended the stream")

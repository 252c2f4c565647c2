"""Listening to the stream: from where, for how long without a word, and what is made of it.

cursor                                    from where the stream is resumed
1783175888112407                          Jetstream: the moment of the newest event, in µs; any host has the same
firehose:bsky.network:31527015322:178…    the relay: its own number of the newest event, and its moment
firehose:bsky.network::178…               the relay: from its newest on, because our number meant nothing to it
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from hotpapers.errors import FutureCursor, NetError, OutdatedCursor, StreamGap
from hotpapers.model import HttpClient, PayloadPage, RawPayload
from hotpapers.sources.bluesky import firehose, schemas
from hotpapers.sources.bluesky.stream_filter import UNREADABLE, EventFilter
from hotpapers.sources.paper_matching import unreadable_key

SECOND = 1_000_000
HEARTBEAT = 30 * SECOND
MOST_SEEN = 500
MOST_UNREADABLE = 100
"""Unreadable messages in a row after which a server is not believed to be one."""
CHECK_LAG = 60 * SECOND


def resumes_at(gap: StreamGap) -> int:
    """The moment from which on a server has everything, 0 where that is not known."""
    return parse(gap.resume).time or 0


class StreamCursor(NamedTuple):
    """`time`: µs, None from now on. `relay`, `seq`: whose number it is; seq None from its newest on."""

    time: int | None = None
    relay: str = ""
    seq: int | None = None

    def no_later_than(self, now: int) -> StreamCursor:
        """The same, no later than now: a server whose clock was ahead may have told of a moment that is to come."""
        return self if self.time is None or self.time <= now else self._replace(time=now)

    def after_gap(self, now: int) -> StreamCursor:
        """The same where what is missing until now was told: what is heard from its newest on, is so from now on."""
        return self if self.seq is not None else self._replace(time=now)

    def __str__(self) -> str:
        if not self.relay:
            return str(self.time or "")
        return f"firehose:{self.relay}:{'' if self.seq is None else self.seq}:{self.time or ''}"


def parse(text: str | None) -> StreamCursor:
    """A cursor from its text; nonsense means from now on."""
    kind, _, rest = (text or "").partition(":")
    if kind != "firehose":
        return StreamCursor(_number(kind))
    relay, seq, time = [*rest.rsplit(":", 2), "", ""][:3]
    return StreamCursor(_number(time), relay, _number(seq))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


class StreamTransport(Protocol):
    """One way to hear the stream, from one server. `headers`: what is said to the server. `since`: the moment from
    which on all should be heard, None where the server counts by numbers of its own."""

    url: str
    since: int | None
    headers: Mapping[str, str]

    def events(self, message: bytes) -> Sequence[bytes]:
        """A message's events as Jetstream's JSON. Raises what decoders raise for nonsense, NetError, StreamGap."""

    def cursor(self, time: int | None) -> StreamCursor:
        """Where to resume after the message that was given last. `time`: of the newest event."""


Decompress = Callable[[bytes], bytes]
"""A packed message as it was. Raises InputError."""


class JetstreamTransport:
    """JSON over a websocket; the server leaves out the collections that were not asked for.

    `decompress`: what undoes Jetstream's own compression; without it, none is asked for.
    """

    def __init__(
        self,
        host: str,
        collections: Collection[str],
        cursor: StreamCursor,
        overlap: int,
        decompress: Decompress | None = None,
    ) -> None:
        self._resume_time, self.since = cursor.time or 0, cursor.time
        params = [("wantedCollections", collection) for collection in collections]
        if cursor.time is not None:
            params.append(("cursor", str(max(cursor.time - overlap * SECOND, 0))))
        self.url = f"{host.rstrip('/')}/subscribe?{urlencode(params)}"
        self.headers: Mapping[str, str] = {"socket-encoding": "zstd"} if decompress else {}
        self._decompress = decompress

    def events(self, message: bytes) -> Sequence[bytes]:
        return (self._decompress(message) if self._decompress else message,)

    def cursor(self, time: int | None) -> StreamCursor:
        """The moment means the same to every host. Never earlier than where it was resumed: what is heard again at
        first is older, and who is killed then must not begin earlier each time."""
        return StreamCursor(max(time or 0, self._resume_time) or None)


class FirehoseTransport:
    """Everything that happens on the network, signed and in CBOR, from a relay. Its numbers are its own."""

    def __init__(self, relay: str, collections: Collection[str], cursor: StreamCursor) -> None:
        self._relay, self._collections = urlsplit(relay).netloc, collections
        self._seq = cursor.seq if cursor.relay == self._relay else None
        self.since = cursor.time if self._seq is None else None
        self._time, self._resume_seq = cursor.time, self._seq
        self.url = relay if self._seq is None else f"{relay}?cursor={self._seq}"
        self.headers: Mapping[str, str] = {}

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
        """The relay's number of the last frame."""
        self._time = time or self._time
        return StreamCursor(self._time, self._relay, self._seq)


class StallDetector:
    """Notices a server that is blind: it tells of no commits, or only what is long past and gets no younger.

    `silence`: seconds without an event, 0 for ever. `late`: seconds that events may be old without becoming younger.
    `since`: the moment from which on all should be heard, where that is one; `read_until`: up to which moment the
    network was read before. `last_commit_at`: when the last commit came; `is_first`: none has come yet;
    `first_commit_at`: the moment of the first.
    """

    def __init__(self, now: int, since: int | None, silence: int, late: int, read_until: int | None = None) -> None:
        self._silence, self._late = silence * SECOND, late * SECOND
        self._since, self.is_first = since, True
        self.first_commit_at: int | None = None
        self._read_until = now if read_until is None else min(read_until, now)
        self.last_commit_at = self._last_check_at = now
        self._lag: int | None = None

    def note_first(self, now: int, time: int) -> None:
        """The first commit came; of others `last_commit_at` is set. Raises StreamGap when it is much younger than what
        was asked for; one that is still to come says that the server's clock is ahead, and nothing of what it has."""
        is_ahead = time > now + self._late
        if self._silence and self._since is not None and time - self._since > self._late and not is_ahead:
            seconds_missing = (time - self._since) // SECOND
            reason = f"the server no longer has what came next: {seconds_missing} s are missing"
            raise StreamGap(reason, str(time), (self._since, time))
        self.is_first, self.first_commit_at = False, min(time, now)

    def until(self, now: int, newest: int | None, *, quiet: bool) -> int:
        """Up to which moment the network was read: its newest event's, while a backlog is told or a silence lasts that
        is not usual here. `quiet`: nothing came for half a minute."""
        if quiet and not self._silence:
            return now
        self._read_until = max(self._read_until, newest or 0)
        return self._read_until

    def check(self, now: int, newest: int | None) -> None:
        """Raises NetError when the server seems blind."""
        if self._silence and now - self.last_commit_at >= self._silence:
            raise NetError(f"no event for {(now - self.last_commit_at) // SECOND} s")
        if newest is None or now - self._last_check_at < CHECK_LAG:
            return
        lag, before, elapsed = now - newest, self._lag, now - self._last_check_at
        if lag > self._late and before is not None and before - lag < elapsed // 2:
            raise NetError(f"events are {lag // SECOND} s old and get no younger; or this machine's clock is wrong")
        self._lag, self._last_check_at = lag, now


def listen(
    http: HttpClient, transport: StreamTransport, event_filter: EventFilter, detector: StallDetector
) -> Iterator[PayloadPage]:
    """Pages from one server: at most one a second, or 500 seen; an empty one every 30 s. Ends by an error alone."""
    payloads: list[RawPayload] = []
    newest: int | None = None
    unreadable = last_check_at = 0
    event_filter.fresh.clear()
    last_page_at = http.now()
    for message in http.messages(transport.url, headers=transport.headers):
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
                if unreadable > MOST_UNREADABLE:
                    raise NetError(
                        f"{transport.url}: {unreadable} messages in a row make no sense: {problem}"
                    ) from None
                payloads.append(RawPayload("unreadable", unreadable_key(message), message, now))
        elapsed = now - last_page_at
        if (payloads and (elapsed >= SECOND or len(payloads) >= MOST_SEEN)) or elapsed >= HEARTBEAT:
            until = detector.until(now, newest, quiet=message is None)
            yield PayloadPage(payloads, str(transport.cursor(newest)) or None, until)
            payloads, last_page_at = [], http.now()
            event_filter.fresh.clear()
        if now - last_check_at >= SECOND:  # messages come faster than that
            detector.check(now, newest)
            last_check_at = now
    raise NetError(f"{urlsplit(transport.url).netloc} ended the stream")

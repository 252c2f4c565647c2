"""Listening to the stream: from where, for how long without a word, and what is made of it.

cursor                                    from where the stream is resumed
1783175888112407                          Jetstream: the moment of the newest event, in µs; any host has the same
firehose:bsky.network:31527015322:178…    the relay: its own number of the newest event, and its moment
firehose:bsky.network::178…               the relay: from its newest on, because our number meant nothing to it
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from hotpapers.errors import FutureCursor, Gap, NetError, OutdatedCursor, Refused, Wait
from hotpapers.model import Net, Page, Seen
from hotpapers.sources.bluesky import firehose, wire
from hotpapers.sources.bluesky.sift import UNREADABLE, Sieve

SECOND = 1_000_000
HEARTBEAT = 30 * SECOND
MOST_SEEN = 500
MOST_UNREADABLE = 100
"""Unreadable messages in a row after which a server is not believed to be one."""
CHECK_LAG = 60 * SECOND


def resumes_at(gap: Gap) -> int:
    """The moment from which on a server has everything, 0 where that is not known."""
    return parse(gap.resume).time or 0


class Cursor(NamedTuple):
    """`time`: µs, None from now on. `relay`, `seq`: whose number it is; seq None from its newest on."""

    time: int | None = None
    relay: str = ""
    seq: int | None = None

    def __str__(self) -> str:
        if not self.relay:
            return str(self.time or "")
        return f"firehose:{self.relay}:{'' if self.seq is None else self.seq}:{self.time or ''}"


def parse(text: str | None) -> Cursor:
    """A cursor from its text; nonsense means from now on."""
    kind, _, rest = (text or "").partition(":")
    if kind != "firehose":
        return Cursor(_number(kind))
    relay, seq, time = [*rest.rsplit(":", 2), "", ""][:3]
    return Cursor(_number(time), relay, _number(seq))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


class Transport(Protocol):
    """One way to hear the stream, from one server."""

    url: str

    def events(self, message: bytes) -> Sequence[bytes]:
        """A message's events as Jetstream's JSON. Raises what decoders raise for nonsense, NetError, Gap."""

    def cursor(self, time: int | None) -> Cursor:
        """Where to resume after the message that was given last. `time`: of the newest event."""


class Jetstream:
    """JSON over a websocket; the server leaves out the collections that were not asked for."""

    def __init__(self, host: str, collections: Collection[str], cursor: Cursor, overlap: int) -> None:
        asked = [("wantedCollections", collection) for collection in collections]
        if cursor.time is not None:
            asked.append(("cursor", str(max(cursor.time - overlap * SECOND, 0))))
        self.url = f"{host.rstrip('/')}/subscribe?{urlencode(asked)}"

    def events(self, message: bytes) -> Sequence[bytes]:
        """The message is the event."""
        return (message,)

    def cursor(self, time: int | None) -> Cursor:
        """The moment means the same to every host."""
        return Cursor(time)


class Firehose:
    """Everything that happens on the network, signed and in CBOR, from a relay. Its numbers are its own."""

    def __init__(self, relay: str, collections: Collection[str], cursor: Cursor) -> None:
        self._relay, self._collections = urlsplit(relay).netloc, collections
        self._seq = cursor.seq if cursor.relay == self._relay else None
        self._time, self._asked = cursor.time, self._seq
        self.url = relay if self._seq is None else f"{relay}?cursor={self._seq}"

    def events(self, message: bytes) -> Sequence[bytes]:
        """The events that a frame brings."""
        try:
            frame = firehose.frame(message)
        except FutureCursor as problem:
            raise Gap(str(problem), str(Cursor(self._time, self._relay))) from None
        except OutdatedCursor as problem:
            if self._asked == 0:
                return ()
            raise Gap(str(problem), str(Cursor(self._time, self._relay, 0))) from None
        self._seq = frame.seq or self._seq
        return firehose.events(frame, self._collections)

    def cursor(self, time: int | None) -> Cursor:
        """The relay's number of the last frame."""
        self._time = time or self._time
        return Cursor(self._time, self._relay, self._seq)


class Watch:
    """Notices a server that is blind: it tells of no commits, or only what is long past and gets no younger.

    `silence`: seconds without an event, 0 for ever. `late`: seconds that events may be old without becoming younger.
    """

    def __init__(self, now: int, since: int | None, silence: int, late: int) -> None:
        self._silence, self._late = silence * SECOND, late * SECOND
        self._since, self._first = since, True
        self._heard = self._checked = now
        self._lag: int | None = None

    def event(self, now: int, time: int) -> None:
        """A commit came. Raises Gap when the first one is much younger than what was asked for."""
        self._heard = now
        if self._first and self._silence and self._since is not None and time - self._since > self._late:
            away = (time - self._since) // SECOND
            raise Gap(f"the server no longer has what came next: {away} s are missing", str(time))
        self._first = False

    def check(self, now: int, newest: int | None) -> None:
        """Raises NetError when the server seems blind."""
        if self._silence and now - self._heard >= self._silence:
            raise NetError(f"no event for {(now - self._heard) // SECOND} s")
        if newest is None or now - self._checked < CHECK_LAG:
            return
        lag, before, passed = now - newest, self._lag, now - self._checked
        if lag > self._late and before is not None and before - lag < passed // 2:
            raise NetError(f"events are {lag // SECOND} s old and get no younger; or this machine's clock is wrong")
        self._lag, self._checked = lag, now


def listen(net: Net, transport: Transport, sieve: Sieve, watch: Watch) -> Iterator[Page]:
    """Pages from one server: at most one a second, or 500 seen; an empty one every 30 s. Ends by an error alone."""
    seen: list[Seen] = []
    newest: int | None = None
    unreadable = 0
    sieve.fresh.clear()
    paged = net.now()
    for message in net.messages(transport.url):
        now = net.now()
        if message is not None:
            try:
                for body in transport.events(message):
                    event = wire.event(body)
                    if newest is None or event.time_us > newest:
                        newest = min(event.time_us, now)
                    if event.commit is not None:
                        watch.event(now, event.time_us)
                    found = sieve.seen(event, body, now)
                    if found is not None:
                        seen.append(found)
                unreadable = 0
            except UNREADABLE as problem:
                unreadable += 1
                if unreadable > MOST_UNREADABLE:
                    raise NetError(
                        f"{transport.url}: {unreadable} messages in a row make no sense: {problem}"
                    ) from None
                seen.append(Seen("unreadable", "", message, now))
        passed = now - paged
        if (seen and (passed >= SECOND or len(seen) >= MOST_SEEN)) or passed >= HEARTBEAT:
            yield Page(seen, str(transport.cursor(newest)) or None)
            seen, paged = [], net.now()
            sieve.fresh.clear()
        watch.check(now, newest)
    raise NetError(f"{urlsplit(transport.url).netloc} ended the stream")


def worst(problems: Sequence[NetError]) -> NetError:
    """Of what several servers said, that which is soonest tried again: down, then busy, then refused."""
    return min(problems, key=lambda problem: 2 if isinstance(problem, Refused) else int(isinstance(problem, Wait)))

"""Listening to Jetstream: where to resume, when to give up on a silent server, and turning messages into pages.

A cursor is the time of the newest event, in µs, and valid on any host.
https://github.com/bluesky-social/jetstream
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode, urlsplit

from hotpapers.base.durations import duration
from hotpapers.base.errors import NetError, StreamGap
from hotpapers.base.model import HttpClient, PayloadPage, RawPayload
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.bluesky.stream_filter import UNREADABLE, EventFilter
from hotpapers.collect.sources.decoding import unreadable_key

SECOND = 1_000_000
HEARTBEAT = 30 * SECOND
MAX_SEEN_POSTS = 500
MAX_UNREADABLE_MESSAGES = 100
"""Unreadable messages in a row after which a server is given up."""
CHECK_LAG = 60 * SECOND


def parse(text: str | None) -> int | None:
    """A cursor's moment, µs UTC; None, from now on, for an invalid one. Of a relay's, as earlier versions kept, it is
    the last part."""
    moment = (text or "").rpartition(":")[2]
    return int(moment) if moment.isascii() and moment.isdigit() and len(moment) < 20 else None


def subscription(host: str, collections: Iterable[str], since: int, overlap: int) -> str:
    """The address of a host's stream of some collections. `since`: µs UTC; `overlap`: seconds before that are sent
    again."""
    params = [("wantedCollections", collection) for collection in collections]
    params.append(("cursor", str(max(since - overlap * SECOND, 0))))
    return f"{host.rstrip('/')}/subscribe?{urlencode(params)}"


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
    http: HttpClient, url: str, since: int, event_filter: EventFilter, detector: StallDetector
) -> Iterator[PayloadPage]:
    """Pages from one server: at most one a second, or 500 payloads; an empty one every 30 s. Ends by error only.

    Their cursors are never before `since`, where the stream was resumed: the overlap at its start is older, and a
    process killed there must not resume earlier each time.
    """
    payloads: list[RawPayload] = []
    newest: int | None = None
    unreadable = last_check_at = 0
    event_filter.fresh.clear()
    last_page_at = http.now()
    for message in http.messages(url):
        now = http.now()
        if message is not None:
            try:
                event = schemas.event(message)
                if newest is None or event.time_us > newest:
                    newest = event.time_us if event.time_us < now else now
                if event.commit is not None:
                    detector.last_commit_at = now
                    if detector.is_first:
                        detector.note_first(now, event.time_us)
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
            yield PayloadPage(payloads, str(max(newest or 0, since)), until)
            payloads, last_page_at = [], http.now()
            event_filter.fresh.clear()
        if now - last_check_at >= SECOND:  # not for every message: there are hundreds per second
            detector.check(now, newest)
            last_check_at = now
    raise NetError(f"{urlsplit(url).netloc} ended the stream")

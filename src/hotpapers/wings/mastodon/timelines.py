"""Reading a server's timelines: forward from the newest post read, or back from the newest page."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import HOUR, MAX_INTEGER, HttpClient, Pages, PayloadPage, RawPayload
from hotpapers.collect.sources.batched_requests import check_overlap
from hotpapers.collect.sources.decoding import decode_or_none, decode_response
from hotpapers.wings.mastodon.settings import MastodonServer
from hotpapers.wings.mastodon.status_parser import TimelineEntry, moment_of

PAGE = 40
MAX_PAGES = 50
MAX_PAGES_AGAIN = MAX_PAGES // 2
"""Of these, pages that are read again at most."""
CATCH_UP = 60.0
"""Seconds until reading continues on a timeline that had more pages than a round reads."""
LATE = HOUR
"""Microseconds that are read again for hashtags: posts of other servers arrive late."""
OVERLAP = LATE // 1000 << 16
"""That time in Mastodon's identifiers, which begin with a time in ms."""
CLOSE = 24 * HOUR
"""How far a post's creation is from the time in its identifier at most, µs, if that is one of Mastodon's."""
_SNOWFLAKE = re.compile(r"[0-9]{17,19}")
_MOMENT = re.compile(r"[0-9]{16}")

Parse = Callable[[TimelineEntry | None, bytes, int], Sequence[RawPayload]]
"""The payloads of an entry, given its bytes and when it came."""


class _TimelinePage(NamedTuple):
    """How many entries a page has, those with a readable id, and the payloads of all."""

    size: int
    entries: list[TimelineEntry]
    payloads: list[RawPayload]

    @property
    def times(self) -> list[int]:
        """When its entries were created; not its boosts, which some servers date like the original."""
        return [time for entry in self.entries if (time := _created_at(entry)) != MAX_INTEGER]

    @property
    def is_of_mastodon(self) -> bool:
        """Whether its identifiers are Mastodon's, so that they say when posts were created."""
        return all(map(_has_snowflake, self.entries))


class Timeline(NamedTuple):
    """One timeline. `newest`: for each timeline, what the cursor keeps of its newest entry: the millisecond in
    Mastodon's identifier, or the moment of its creation in µs on servers with other identifiers; earlier versions kept
    the identifier there. So no cursor names a post."""

    http: HttpClient
    server: MastodonServer
    path: str
    newest: dict[str, str]
    parse: Parse

    @property
    def name(self) -> str:
        return f"{self.server.base}/{self.path}"

    def new_pages(self) -> Pages:
        """Yields the pages that are new since the last reading; the first time only the newest page."""
        last = self.newest.get(self.name, "")
        if not last:
            page = self._page()
            self._note(page)
            yield PayloadPage(page.payloads, self.cursor())
        elif not (_SNOWFLAKE.fullmatch(last) and (yield from self._pages_after(last))):
            # of earlier versions' cursors only the identifier is known, which may look like one of Mastodon's
            moment = _moment_of(last)
            read_to = moment if moment and moment <= self.http.now() + CLOSE else None
            again = LATE if self._reads_again else 0
            complete_from = yield from self.pages_back(last if read_to is None else read_to - again)
            if complete_from is not None and (read_to is None or read_to < complete_from):
                reason = f"{self.name}: more than {MAX_PAGES} pages since it was last read"
                leaves = PartiallyRead(reason, lost_until=complete_from)
                yield PayloadPage((), self.cursor(), leaves=leaves)
                raise leaves
            yield PayloadPage((), self.cursor())

    def _pages_after(self, last: str) -> Generator[PayloadPage, None, bool]:
        """The pages after the newest entry read, until one brings nothing newer. Returns whether the server pages like
        Mastodon: False if there is nothing, not even that entry, or if identifiers are other ones.

        A short page is not the end: servers have their own limits, and leave out what they hide.
        """
        if self._reads_again:
            after = str(max(1, int(last) - OVERLAP))
        else:
            after = last
        for number in range(MAX_PAGES):
            if number == MAX_PAGES_AGAIN:
                after = max(after, last, key=_id_order)
            page = self._page({"min_id": after})
            if not page.is_of_mastodon or (not number and not page.size):
                return False
            ids = (entry.id for entry in page.entries)
            newest_id = max([after, *ids], key=_id_order)
            self._note(page)
            yield PayloadPage(page.payloads, self.cursor())
            if not page.size or newest_id == after:
                return True
            after = newest_id
        raise PartiallyRead(f"{self.name}: more than {MAX_PAGES} pages since it was last read", again=CATCH_UP)

    def pages_back(self, since: int | str) -> Generator[PayloadPage, None, int | None]:
        """The pages from the newest back to a moment (µs), or to an identifier. Returns None, or if there were too many
        pages the moment from which all are read. The cursor is noted, to be stored afterwards.

        A page ends it only if nothing on it is newer: servers that list posts as they arrive list late ones first.
        """
        before = ""
        pages = list[_TimelinePage]()
        oldest = self.http.now()
        complete_from = None
        while len(pages) < MAX_PAGES:
            page = self._page({"max_id": before} if before else {})
            if not pages and not page.size:
                last = self.newest.get(self.name, "")
                last_at = _moment_of(last) or (self.http.now() if last else None)
                check_overlap(self.name, last_at, self.http.now())
            pages.append(page._replace(payloads=[]))
            yield PayloadPage(page.payloads)
            oldest = min([oldest, *page.times])
            ids = [before, *(entry.id for entry in page.entries)]
            next_id = min(filter(None, ids), key=_id_order, default="")
            if isinstance(since, int):
                is_reached = bool(page.times) and max(page.times) < since
            else:
                is_reached = any(_id_order(entry.id) <= _id_order(since) for entry in page.entries)
            if not page.size or next_id == before or is_reached:
                break
            before = next_id
        else:
            complete_from = oldest
        for page in pages:
            self._note(page)
        return complete_from

    @property
    def _reads_again(self) -> bool:
        return self.path != "public"

    def _page(self, more_params: Mapping[str, str] | None = None) -> _TimelinePage:
        params = {"limit": str(PAGE), **(more_params or {})}
        url = f"{self.server.base}/api/v1/timelines/{self.path}"
        response = self.http.get(url, params=params, headers=self.server.headers)
        raw_statuses = decode_response(response, list[msgspec.Raw])
        bodies = [bytes(raw) for raw in raw_statuses]
        entries = [decode_or_none(body, TimelineEntry) for body in bodies]
        payloads = [
            payload
            for entry, body in zip(entries, bodies, strict=True)
            for payload in self.parse(entry, body, response.at)
        ]
        return _TimelinePage(len(entries), [entry for entry in entries if entry], payloads)

    def _note(self, page: _TimelinePage) -> None:
        """Keeps the newest entry: never an earlier one than before."""
        last = self.newest.get(self.name, "")
        if page.entries and page.is_of_mastodon:
            marks = [str(int(entry.id) >> 16 << 16) for entry in page.entries]
            self.newest[self.name] = max([*marks, last if _SNOWFLAKE.fullmatch(last) else ""], key=_id_order)
        elif page.times:
            moments = [min(time, self.http.now()) for time in page.times]
            self.newest[self.name] = str(max([*moments, int(last) if _MOMENT.fullmatch(last) else 0]))

    def cursor(self) -> str:
        """The cursor of all timelines."""
        return msgspec.json.encode(self.newest).decode()


def _id_order(id: str) -> tuple[int, str]:
    """Sort key of ascending identifiers: numbers on Mastodon, elsewhere texts of equal length."""
    return len(id), id


def _created_at(entry: TimelineEntry) -> int:
    """When a timeline's entry was created; MAX_INTEGER for boosts and entries without a date."""
    created_at = None if entry.boosted else moment_of(entry.created_at)
    return MAX_INTEGER if created_at is None else created_at


def _has_snowflake(entry: TimelineEntry) -> bool:
    created_at = _created_at(entry)
    moment = _moment_of(entry.id) if _SNOWFLAKE.fullmatch(entry.id) else None
    if moment is None:
        return False
    return created_at == MAX_INTEGER or abs(moment - created_at) <= CLOSE


def _moment_of(last: str) -> int | None:
    """The moment in a cursor's entry, µs; None if that is another server's identifier."""
    if _SNOWFLAKE.fullmatch(last):
        return (int(last) >> 16) * 1000
    return int(last) if _MOMENT.fullmatch(last) else None

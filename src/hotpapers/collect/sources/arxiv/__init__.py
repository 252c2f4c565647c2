"""arXiv itself: each day's announcements in every archive, with metadata; no posts.

    settings       what an operator may set
    polling        which requests are made, in which order; cursor_state: how far the reading has come
    listing        its pages; finds what a feed lacked, and what it has of another day
    formats        daily feeds, the API and OAI-PMH; xml, paper_items, withdrawn: shared by these

Some eighty requests every working day, one every three seconds: twenty feeds, their papers from the API a hundred at a
time, and twenty listing pages. The listings show a missed day for a week; after that it is harvested by OAI-PMH.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import HOUR, HttpClient, Item, Pages, PayloadPage, RawPayload
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources.arxiv import cursor_state, formats, xml
from hotpapers.collect.sources.arxiv.cursor_state import ArxivCursor
from hotpapers.collect.sources.arxiv.polling import ArxivPoll
from hotpapers.collect.sources.arxiv.settings import ARCHIVES, ArxivSettings
from hotpapers.collect.sources.batched_requests import PostSource

__all__ = ["ARCHIVES", "ArxivSettings", "ArxivSource"]

TURN = 5 * 60 * 1_000_000
"""Microseconds after midnight in New York at which the day's feeds are first read."""
OWED_AGAIN = 2 * HOUR
"""Microseconds until the API is asked again for versions that it has not described yet."""


class ArxivSource(PostSource[ArxivSettings]):
    """The source. `pages` ends after one round; its last page says when the next one is due."""

    name = "arxiv"

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """One round from a cursor on. Raises RetryLater, RequestRefused or NetError; earlier pages stay valid."""
        return self._round(ArxivPoll(self.settings, http, cursor_state.parse_cursor(cursor), is_first=False))

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """One round, plus the days announced since a moment: by their listings, and by OAI-PMH for earlier ones."""
        first = days.date_at(since).isoformat()
        settings = msgspec.structs.replace(self.settings, since=min(self.settings.since or first, first))
        return self._round(ArxivPoll(settings, http, cursor_state.parse_cursor(cursor), is_first=True))

    def _round(self, poll: ArxivPoll) -> Pages:
        yield from poll.pages()
        yield PayloadPage(next_at=self.next_due(poll.http.now(), poll.cursor))

    def next_due(self, now: int, at: ArxivCursor) -> int:
        """When to read again after a successful round: soon while a day is open or due, else when the next one begins.

        Holidays are read too: the table may be wrong, and a feed is only up for a day.
        """
        soon = now + self.settings.every * 1_000_000
        if at.open or at.stamp or not at.day or (at.stale and at.day == days.latest_label(now)):
            return soon
        due = days.closes_at(days.next_label(at.day)) + TURN
        if at.owed or at.overdue:
            due = min(due, now + OWED_AGAIN)
        return due if due > now else soon

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads papers, announcements, and how complete a day is. Raises InputError or ValueError."""
        if payload.kind == "listed":
            return [formats.read_announcement(payload.body, payload.at)]
        if payload.kind == "day":
            return [formats.read_coverage(payload.body, payload.at)]
        tree, context = xml.unwrap(payload.body)
        match payload.kind:
            case "announcement":
                return formats.read_feed_item(tree, context.get("feed", ""), payload.at)
            case "paper":
                return [formats.read_api(tree, payload.at)]
            case "record":
                return formats.read_oai(tree, context, payload.at)
        raise InputError(f"arxiv: unknown kind {payload.kind[:40]!r}")

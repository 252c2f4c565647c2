"""Harvests what was missed before the listings begin, by OAI-PMH, one datestamp after another up to today."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any

import msgspec

from hotpapers import announcement_days as days
from hotpapers.errors import RequestRefused, RetryLater
from hotpapers.ids import timestamps
from hotpapers.model import HttpClient, PayloadPage, RawPayload
from hotpapers.sources.arxiv import cursor_state, oai_records, page_facts, xml
from hotpapers.sources.arxiv.cursor_state import ArxivCursor
from hotpapers.sources.arxiv.settings import ArxivSettings


class OaiHarvest:
    """Closes a cursor's gap, a page at a time; does nothing without a gap. Raises RetryLater if a new day begins."""

    def __init__(self, settings: ArxivSettings, http: HttpClient, ask: Callable[..., Any], start: ArxivCursor) -> None:
        self.settings, self.http, self.cursor, self._ask = settings, http, start, ask
        self._holidays: Container[str] = frozenset(settings.holidays)
        self._restarted_stamp = ""
        self._tokens = {start.token}

    def _page(self, payloads: Sequence[RawPayload] = ()) -> PayloadPage:
        return PayloadPage(payloads, cursor_state.encode(self.cursor))

    def pages(self) -> Iterator[PayloadPage]:
        today = timestamps.day_of(self.http.now())
        while self.cursor.stamp:
            if self.cursor.stamp > today:
                yield self._close_gap()
                return
            yield self._part()
            if self.cursor.day < days.current(self.http.now()):  # its feeds are only up for a day
                raise RetryLater(self.settings.every, "arXiv: a new day comes before the rest of the missed ones")

    def _part(self) -> PayloadPage:
        first = {"metadataPrefix": "arXivRaw", "from": self.cursor.stamp, "until": self.cursor.stamp}
        params = {"resumptionToken": self.cursor.token} if self.cursor.token else first
        part, at = self._ask(oai_records.parse, self.settings.oai, verb="ListRecords", **params)
        is_restarted = self.cursor.stamp == self._restarted_stamp  # again in this round would never end
        if part.error == oai_records.STALE and self.cursor.token and not is_restarted:
            self._restarted_stamp = self.cursor.stamp
            self._tokens.clear()
            self.cursor = msgspec.structs.replace(self.cursor, token="")
            return self._page()
        if part.error not in ("", oai_records.NOTHING):
            raise RequestRefused(f"{self.settings.oai}: {part.error}: {part.message}")
        if part.token and part.token in self._tokens:  # would never end
            raise RequestRefused(f"{self.settings.oai}: sends a part of its list again")
        self._tokens.add(part.token)
        context = oai_records.MissedDays(
            *self.cursor.gap, self.cursor.after, self.cursor.before, ",".join(self.settings.holidays)
        )
        payloads = [RawPayload("record", key, xml.wrap(body, **context._asdict()), at) for key, body in part.records]
        self.cursor = cursor_state.with_token(self.cursor, part.token)
        return self._page(payloads)

    def _close_gap(self) -> PayloadPage:
        first, last = self.cursor.gap
        before_first = days.previous_day(first, self._holidays)
        harvested_days = days.between(before_first, days.following(last), self._holidays)
        payloads = [page_facts.day_payload(day, "harvested", (), self.http.now()) for day in harvested_days]
        self.cursor = cursor_state.without_gap(self.cursor)
        return self._page(payloads)

"""One round of reading arXiv: today's feeds; then the listings' counts and missing papers; then missed days.

The feeds come first: they bring a day's announcements into the record. Each is compared with its listing before that,
as it may have another day's items; if the listing fails, only its numbers can show that. Failures don't hold the feeds
up, and every page's cursor says how far the round has come, so the next one continues there.

A feed has neither a paper's comment nor its dates. So papers are described by the API, and by the feed only if they are
new and the API does not have them yet; otherwise the feed would hide what was known before.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import msgspec

from hotpapers.base import announcement_days as days
from hotpapers.base.categories import KNOWN
from hotpapers.base.errors import InputError, NetError, RequestRefused, RetryLater
from hotpapers.base.ids import timestamps
from hotpapers.base.model import HOUR, HttpClient, PayloadPage, RawPayload
from hotpapers.collect.sources.arxiv import (
    api,
    cursor_state,
    daily_feeds,
    feed_comparison,
    oai_records,
    page_facts,
    xml,
)
from hotpapers.collect.sources.arxiv.completeness import CompletenessChecks
from hotpapers.collect.sources.arxiv.cursor_state import ArxivCursor
from hotpapers.collect.sources.arxiv.daily_feeds import DailyFeed, DailyFeedEntry
from hotpapers.collect.sources.arxiv.feed_comparison import FeedComparison
from hotpapers.collect.sources.arxiv.listing import ListingCount
from hotpapers.collect.sources.arxiv.settings import ArxivSettings
from hotpapers.collect.sources.decoding import refuse_page


class MetadataFetcher:
    """Fetches papers as long as the API answers. At times the API lags behind the announcements, by hours or a day.

    `described`: versions that it has described, such as `2101.04869v2`; `known_ids`: these, their bare identifiers,
    and what others add. `failed`: the API did not answer.
    """

    def __init__(self, settings: ArxivSettings, ask: Callable[..., Any]) -> None:
        self.settings, self._ask = settings, ask
        self.described: set[str] = set()
        self.known_ids: set[str] = set()
        self.failed = False

    def ask_for(self, identifiers: Sequence[str]) -> Iterator[list[RawPayload]]:
        """The API's entries for these versions, a list per request, until a request returns none."""
        remaining = [identifier for identifier in dict.fromkeys(identifiers) if identifier not in self.described]
        for start in range(0, len(remaining), self.settings.batch):
            payloads = None if self.failed else self._batch(remaining[start : start + self.settings.batch])
            if payloads is None:
                return
            yield payloads

    def _batch(self, identifiers: Sequence[str]) -> list[RawPayload] | None:
        """Fetch a batch; None if the API has none of it. Errors don't fail the round: a later round asks again, also
        for papers that the API gives incompletely: they must not hide what the feed says."""
        ids = list(dict.fromkeys(identifier.rpartition("v")[0] for identifier in identifiers))
        try:
            papers, at = self._ask(api.parse, self.settings.api, id_list=",".join(ids), max_results=str(len(ids)))
        except NetError:
            self.failed = True
            return None
        if not papers:
            return None
        papers = [paper for paper in papers if paper.is_complete]
        latest = {paper.id: paper.version for paper in papers}
        self.described |= {identifier for identifier in identifiers if _is_described(identifier, latest)}
        self.known_ids |= self.described | latest.keys()
        return [RawPayload("paper", paper.id, paper.body, at) for paper in papers]


def _is_described(versioned_id: str, latest: dict[str, int | None]) -> bool:
    """Whether the API's version of a paper is the announced one or a later one."""
    id, _, version = versioned_id.rpartition("v")
    return id in latest and (not version.isdigit() or (latest[id] or 0) >= int(version))


Parsed = TypeVar("Parsed")


class _Part(NamedTuple):
    """A feed, the archive or category it belongs to, and when it was read."""

    name: str
    feed: DailyFeed
    at: int


class ArxivPoll:
    """Reads on from a cursor, a page at a time. `is_first`: nothing was read before, so don't wait for the next feed
    on a weekend, when there is none."""

    def __init__(self, settings: ArxivSettings, http: HttpClient, start: ArxivCursor, *, is_first: bool) -> None:
        self.settings, self.http, self.cursor, self._is_first = settings, http, start, is_first
        self._holidays: Container[str] = frozenset(settings.holidays)
        self._fetcher = MetadataFetcher(settings, self._ask)
        self._known_ids = self._fetcher.known_ids
        self._feed_ids: dict[str, frozenset[str]] = {}
        self._checks: CompletenessChecks | None = None
        self._start = start
        self._restarted_stamp = ""
        self._tokens = {start.token}

    def pages(self) -> Iterator[PayloadPage]:
        yield from self._describe([*self.cursor.overdue, *self.cursor.owed])
        yield from self._read_feeds()
        if self._is_first and not (self.cursor.open or self.cursor.day):
            # Start with the last day that had feeds: the listings show it and those before
            opened = cursor_state.open_day(self.cursor, days.current(self.http.now()), self.settings.since)
            self.cursor = msgspec.structs.replace(opened, fed=self.settings.archives)
            self._feed_ids = dict.fromkeys(self.settings.archives, frozenset())
        if self.cursor.open and not self._days_without_feed():
            if self.cursor.items or self._is_surely_empty():
                yield from self._finish_day()
            else:
                self.cursor = cursor_state.open_day(self.cursor, self.cursor.open)
                yield self._page()
        yield from self._reread_feeds()
        yield from self._harvest()

    def _page(self, payloads: Sequence[RawPayload] = ()) -> PayloadPage:
        return PayloadPage(payloads, cursor_state.encode(self.cursor))

    def _ask(self, parse: Callable[[bytes], Parsed], url: str, **params: str) -> tuple[Parsed, int]:
        """A server's parsed response, and when it came. Raises NetError if unreadable: the server is at fault."""
        response = self.http.get(url, params=params)
        try:
            return parse(response.body), response.at
        except InputError as problem:
            refuse_page(response.body, response.url)
            raise NetError(f"{response.url}: {problem}") from problem

    # ---- the day's feeds -----------------------------------------------------------------------------

    def _days_without_feed(self) -> list[str]:
        return [archive for archive in self.settings.archives if archive not in self.cursor.fed]

    def _read_feeds(self) -> Iterator[PayloadPage]:
        if self.cursor.open != days.current(self.http.now()):
            self.cursor = msgspec.structs.replace(self.cursor, open="", fed=())
        for archive in self._days_without_feed():
            feed, at = self._feed(archive)
            if not self._is_open(feed):
                return
            checks = self._open_checks()
            parts, comparison = self._of_day(archive, feed, at, checks, self.cursor.last)
            yield from self._describe([entry.versioned_id for part in parts for entry in part.feed.items])
            payloads = [payload for part in parts for payload in self._entries(part)]
            new = [entry.id for entry in parts[0].feed.items if entry.type == "new"]
            listed = self._listed(archive, checks).get(checks.day, ListingCount()) if comparison.is_stale else None
            count = len(parts[0].feed.items) or (listed.total if listed else 0)
            self.cursor = cursor_state.add_feed(self.cursor, archive, count, new)
            self._note(archive, comparison)
            yield self._page(payloads)

    def _reread_feeds(self) -> Iterator[PayloadPage]:
        """Feeds that had another day's items when their day was closed, as long as that is the current day."""
        day = self.cursor.day
        if self._start.day != day or self.cursor.open or day != days.current(self.http.now()):
            return
        checks = CompletenessChecks(self.settings, self._ask, day, (), self._known_ids)
        for archive in self.cursor.stale:
            try:
                feed, at = self._feed(archive)
            except NetError:  # they are read again in the next round
                return
            parts, comparison = self._of_day(archive, feed, at, checks, "")
            if feed.date.isoformat() != day or comparison.is_stale or not self._listed(archive, checks).get(day):
                continue
            yield from self._describe([entry.versioned_id for part in parts for entry in part.feed.items])
            self.cursor = cursor_state.with_feed_reread(self.cursor, archive)
            self._note(archive, comparison)
            payloads = [payload for part in parts for payload in self._entries(part)]
            yield self._page([*payloads, self._day_payload(day, "checked")])

    def _feed(self, name: str) -> tuple[DailyFeed, int]:
        return self._ask(daily_feeds.parse, f"{self.settings.feeds}/rss/{name}")

    def _is_open(self, feed: DailyFeed) -> bool:
        """Whether a feed belongs to the day being read; a new day's first feed opens that day. Raises NetError for a
        day to come: opening it would pass over the days before."""
        day = feed.date.isoformat()
        if feed.date > days.date_at(self.http.now()):
            raise NetError(f"arXiv's feed is from the future, {day}, or this machine's clock is wrong")
        if not self.cursor.open and day > self.cursor.day and feed.date.weekday() < 5:
            self.cursor = cursor_state.open_day(
                self.cursor, day, self.settings.since, api_answers=not self._fetcher.failed
            )
        return day == self.cursor.open

    def _open_checks(self) -> CompletenessChecks:
        """The comparison with the listings, which are asked for once a round."""
        if self._checks is None or self._checks.day != self.cursor.open:
            self._checks = CompletenessChecks(
                self.settings, self._ask, self.cursor.open, self._unsure_days(), self._known_ids
            )
        return self._checks

    def _listed(self, archive: str, checks: CompletenessChecks) -> Mapping[str, ListingCount]:
        """An archive's listing by day; empty if it cannot be read now."""
        try:
            return checks.listing(archive)[0] if self.settings.listing else {}
        except NetError:
            return {}

    def _of_day(
        self, archive: str, feed: DailyFeed, at: int, checks: CompletenessChecks, last: str
    ) -> tuple[list[_Part], FeedComparison]:
        """A feed without items of other days."""
        parts = list(self._parts(archive, feed, at))
        items = [entry for part in parts for entry in part.feed.items]
        comparison = self._compare(archive, items, checks, last)
        kept = [
            part._replace(feed=part.feed._replace(items=tuple(filter(comparison.accepts, part.feed.items))))
            for part in parts
        ]
        self._feed_ids[archive] = frozenset(entry.id for entry in kept[0].feed.items)
        return kept, comparison

    def _compare(
        self, archive: str, items: Sequence[DailyFeedEntry], checks: CompletenessChecks, last: str
    ) -> FeedComparison:
        listing = self._listed(archive, checks) if items else {}
        return feed_comparison.compare(items, archive, checks.day, listing, last, partial(checks.replaced, archive))

    def _note(self, archive: str, comparison: FeedComparison) -> None:
        """Note that a feed had another day's items, if that leaves something unknown."""
        cursor = self.cursor
        if comparison.is_stale and archive not in cursor.stale:
            self.cursor = msgspec.structs.replace(cursor, stale=(*cursor.stale, archive))
        lack = (cursor.open or cursor.day, f"{archive}: {page_facts.STALE_FEED}")
        if comparison.is_unsure and lack not in cursor.lacks:
            self.cursor = msgspec.structs.replace(cursor, lacks=(*cursor.lacks, lack))

    def _parts(self, archive: str, feed: DailyFeed, at: int) -> Iterator[_Part]:
        """A feed; if it was cut, also the other items of its categories' feeds."""
        yield _Part(archive, feed, at)
        feed_ids = frozenset(entry.id for entry in feed.items)
        if len(feed.items) + len(feed.unreadable) >= daily_feeds.FULL:
            for category in sorted(name for name in KNOWN if name.startswith(f"{archive}.")):
                part, at = self._feed(category)
                other_entries = tuple(entry for entry in part.items if entry.id not in feed_ids)
                yield _Part(category, part._replace(items=other_entries), at)

    def _describe(self, identifiers: Sequence[str]) -> Iterator[PayloadPage]:
        """The papers that the API has, a page per request; the others are owed."""
        for payloads in self._fetcher.ask_for(identifiers):
            self.cursor = cursor_state.mark_described(self.cursor, identifiers, self._fetcher.described)
            yield self._page(payloads)
        self.cursor = cursor_state.mark_described(self.cursor, identifiers, self._fetcher.described)

    def _entries(self, part: _Part) -> Iterator[RawPayload]:
        for entry in part.feed.items:
            yield self._entry(part.name, entry, part.at)
        for body in part.feed.unreadable:  # `read` will raise the reason, and the item goes to quarantine
            yield RawPayload("announcement", f"{part.name}/unread", xml.wrap(body, feed=part.name), part.at)

    def _entry(self, name: str, entry: DailyFeedEntry, at: int) -> RawPayload:
        """The whole item if nothing else describes its paper; otherwise only the fact that it is listed."""
        if entry.versioned_id in self._known_ids or not self._is_first_word(entry):
            fact = page_facts.ListedFact(
                paper=entry.id, version=entry.version, category=name, day=entry.day, type=entry.type
            )
            return page_facts.listing_payload(fact, at)
        self._known_ids |= {entry.versioned_id, entry.id}
        return RawPayload("announcement", f"{name}/{entry.versioned_id}", xml.wrap(entry.body, feed=name), at)

    def _is_first_word(self, entry: DailyFeedEntry) -> bool:
        """Whether the feed is the best description of a paper: it is new, and its number is new too or the API does not
        have it."""
        has_new_number = cursor_state.rank(entry.id) > cursor_state.rank(self.cursor.last)
        return entry.type == "new" and (has_new_number or not self._fetcher.failed)

    # ---- closing the day -------------------------------------------------------------------------------

    def _is_surely_empty(self) -> bool:
        """Whether empty feeds mean that nothing was announced: on a holiday, or once it is no longer early."""
        day = self.cursor.open
        is_early = self.http.now() < days.closes_at(day) + self.settings.patience * HOUR
        return not (is_early and days.expected(day, self._holidays))

    def _unsure_days(self) -> list[str]:
        """The missed days, after one that is doubted, if there is one."""
        doubtful_days = [self.cursor.doubt] if self.cursor.doubt else []
        return [*doubtful_days, *cursor_state.missed_days(self.cursor, self._holidays)]

    def _finish_day(self) -> Iterator[PayloadPage]:
        missed, unsure_days = cursor_state.missed_days(self.cursor, self._holidays), self._unsure_days()
        if self.settings.listing:
            if self.cursor.items and not self.cursor.checked:
                yield self._page([page_facts.day_payload(self.cursor.open, "read", (), self.http.now())])
            yield from self._check()
        else:
            missed = unsure_days
        payloads = list(self._day_payloads(unsure_days))
        is_empty = not self.cursor.items and days.expected(self.cursor.open, self._holidays)
        self.cursor = cursor_state.close_day(self.cursor, missed, doubt=self.cursor.open if is_empty else "")
        yield self._page(payloads)

    def _day_payloads(self, missed: Sequence[str]) -> Iterator[RawPayload]:
        """The completeness of the open day, and of the missed days that the listings show."""
        for day in [*missed, self.cursor.open]:
            if day >= self.cursor.exact:
                is_empty = day == self.cursor.open and not (self.cursor.items or self.cursor.stale)
                yield self._day_payload(day, "empty" if is_empty else "checked" if self.settings.listing else "read")

    def _day_payload(self, day: str, state: page_facts.State) -> RawPayload:
        lacks = [reason for lacking_day, reason in self.cursor.lacks if lacking_day == day]
        if day == (self.cursor.open or self.cursor.day):
            lacks += [f"{archive}: {page_facts.STALE_FEED}" for archive in self.cursor.stale]
        return page_facts.day_payload(day, state, lacks, self.http.now())

    def _check(self) -> Iterator[PayloadPage]:
        checks = self._open_checks()
        for archive in self.settings.archives:
            if archive in self.cursor.checked:
                continue
            if archive not in self._feed_ids:  # another process began the round
                feed, _ = self._feed(archive)
                items = [entry for entry in feed.items if entry.day == self.cursor.open]
                comparison = self._compare(archive, items, checks, self.cursor.last)
                self._feed_ids[archive] = frozenset(entry.id for entry in filter(comparison.accepts, items))
                self._note(archive, comparison)
            result = checks.check(archive, self._feed_ids[archive])
            self.cursor = msgspec.structs.replace(
                self.cursor,
                checked=(*self.cursor.checked, archive),
                items=self.cursor.items + result.added,
                lacks=(*self.cursor.lacks, *result.lacks),
                least=(*self.cursor.least, *result.least),
                exact=result.exact if not self.cursor.checked else max(self.cursor.exact, result.exact),
            )
            self.cursor = cursor_state.mark_described(self.cursor, result.incomplete, self._fetcher.described)
            yield self._page(result.payloads)

    # ---- missed days, by OAI-PMH -------------------------------------------------------------------------

    def _harvest(self) -> Iterator[PayloadPage]:
        """Closes the cursor's gap before the listings begin, one datestamp after another up to today. Raises RetryLater
        if a new day begins."""
        today = timestamps.day_of(self.http.now())
        while self.cursor.stamp:
            if self.cursor.stamp > today:
                yield self._close_gap()
                return
            yield self._records()
            if self.cursor.day < days.current(self.http.now()):  # its feeds are only up for a day
                raise RetryLater(self.settings.every, "arXiv: a new day comes before the rest of the missed ones")

    def _records(self) -> PayloadPage:
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

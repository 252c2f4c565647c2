"""One round of reading arXiv: today's feeds; then the listings' counts and missing papers; then missed days.

The feeds come first: they bring a day's announcements into the record. Each is compared with its listing before that,
as it may have another day's items; if the listing fails, only its numbers can show that. Failures don't hold the feeds
up, and every page's cursor says how far the round has come, so the next one continues there.

A feed has neither a paper's comment nor its dates. So papers are described by the API, and by the feed only if they are
new and the API does not have them yet; otherwise the feed would hide what was known before.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Sequence
from typing import TypeVar

from hotpapers.base.errors import InputError, NetError, RequestRefused, RetryLater
from hotpapers.base.model import HOUR, HttpClient, Pages, PayloadPage, RawPayload
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.papers.arxiv.taxonomy import KNOWN
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.arxiv import formats, xml
from hotpapers.collect.sources.arxiv.cursor_state import ArxivCursor, encode_cursor, id_rank
from hotpapers.collect.sources.arxiv.formats import DailyFeed, DailyFeedEntry
from hotpapers.collect.sources.arxiv.listing import CompletenessChecks, FeedComparison, ListingCount
from hotpapers.collect.sources.arxiv.settings import ArxivSettings
from hotpapers.collect.sources.decoding import refuse_page

Parsed = TypeVar("Parsed")


class ArxivPoll:
    """Reads on from a cursor, a page at a time. `is_first`: nothing was read before, so don't wait for the next feed
    on a weekend, when there is none.

    `_described`: versions that the API has described, such as `2101.04869v2`; `_known_ids`: these, their bare
    identifiers, and those in feeds.
    """

    def __init__(self, settings: ArxivSettings, http: HttpClient, start: ArxivCursor, *, is_first: bool) -> None:
        self.settings = settings
        self.http = http
        self.cursor = start
        self._is_first = is_first
        self._holidays: Container[str] = frozenset(settings.holidays)
        self._described = set[str]()
        self._known_ids = set[str]()
        self._api_fails = False
        self._feed_ids: dict[str, frozenset[str]] = {}
        self._checks: CompletenessChecks | None = None
        self._start = start
        self._restarted_stamp = ""
        self._tokens = {start.token}

    def pages(self) -> Pages:
        yield from self._describe([*self.cursor.overdue, *self.cursor.owed])
        yield from self._read_feeds()
        if self._is_first and not (self.cursor.open or self.cursor.day):
            # Start with the last day that had feeds: the listings show it and those before
            opened = self.cursor.open_day(days.latest_label(self.http.now()), self.settings.since)
            self.cursor = opened.replace(fed=self.settings.archives)
            self._feed_ids = dict.fromkeys(self.settings.archives, frozenset())
        if self.cursor.open and not self._days_without_feed():
            day = self.cursor.open
            # empty feeds mean that nothing was announced: on a holiday, or once it is no longer early
            is_early = self.http.now() < days.closes_at(day) + self.settings.patience * HOUR
            if self.cursor.items or not (is_early and days.has_announcement(day, self._holidays)):
                yield from self._finish_day()
            else:
                self.cursor = self.cursor.open_day(self.cursor.open)
                yield self._page()
        yield from self._reread_feeds()
        yield from self._harvest()

    def _page(self, payloads: Sequence[RawPayload] = ()) -> PayloadPage:
        return PayloadPage(payloads, encode_cursor(self.cursor))

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

    def _read_feeds(self) -> Pages:
        if self.cursor.open != days.latest_label(self.http.now()):
            self.cursor = self.cursor.replace(open="", fed=())
        for archive in self._days_without_feed():
            feed = self._feed(archive)
            if not self._is_open(feed):
                return
            checks = self._checks_of(self.cursor.open, self._unsure_days())
            parts, comparison = self._of_day(feed, checks, self.cursor.last)
            payloads = yield from self._entries(parts)
            new = [entry.id for entry in parts[0].items if entry.type == "new"]
            if comparison.is_stale:
                listed = checks.listed(archive).get(checks.day, ListingCount())
            else:
                listed = None
            items = len(parts[0].items) or (listed.total if listed else 0)
            self.cursor = self.cursor.add_feed(archive, items, new)
            self._note(archive, comparison)
            yield self._page(payloads)

    def _reread_feeds(self) -> Pages:
        """Feeds that had another day's items when their day was closed, as long as that is the current day."""
        day = self.cursor.day
        if self._start.day != day or self.cursor.open or day != days.latest_label(self.http.now()):
            return
        checks = self._checks_of(day, ())
        for archive in self.cursor.stale:
            try:
                feed = self._feed(archive)
            except NetError:  # they are read again in the next round
                return
            parts, comparison = self._of_day(feed, checks, "")
            if feed.date.isoformat() != day or comparison.is_stale or not checks.listed(archive).get(day):
                continue
            payloads = yield from self._entries(parts)
            self.cursor = self.cursor.with_feed_reread(archive)
            self._note(archive, comparison)
            yield self._page([*payloads, self._day_payload(day, "checked")])

    def _feed(self, name: str) -> DailyFeed:
        url = f"{self.settings.feeds}/rss/{name}"
        feed, at = self._ask(formats.parse_feed, url)
        return feed._replace(name=name, at=at)

    def _is_open(self, feed: DailyFeed) -> bool:
        """Whether a feed belongs to the day being read; a new day's first feed opens that day. Raises NetError for a
        day to come: opening it would pass over the days before."""
        day = feed.date.isoformat()
        if feed.date > days.date_at(self.http.now()):
            raise NetError(f"arXiv's feed is from the future, {day}, or this machine's clock is wrong")
        if not self.cursor.open and day > self.cursor.day and feed.date.weekday() < 5:
            self.cursor = self.cursor.open_day(day, self.settings.since, api_answers=not self._api_fails)
        return day == self.cursor.open

    def _checks_of(self, day: str, missed: Sequence[str]) -> CompletenessChecks:
        """The comparison of a day with the listings, which are asked for once a round."""
        if self._checks is None or self._checks.day != day:
            self._checks = CompletenessChecks(self.settings, self._ask, day, missed, self._known_ids)
        return self._checks

    def _of_day(self, feed: DailyFeed, checks: CompletenessChecks, last: str) -> tuple[list[DailyFeed], FeedComparison]:
        """A feed without items of other days; if it was cut, also those of its categories."""
        parts = [feed]
        if len(feed.items) + len(feed.unreadable) >= formats.FULL_FEED:
            feed_ids = frozenset(entry.id for entry in feed.items)
            for category in sorted(name for name in KNOWN if name.startswith(f"{feed.name}.")):
                part = self._feed(category)
                entries = (entry for entry in part.items if entry.id not in feed_ids)
                parts.append(part._replace(items=tuple(entries)))
        items = [entry for part in parts for entry in part.items]
        comparison = checks.of_feed(feed.name, items, last)
        kept = [part._replace(items=tuple(filter(comparison.accepts, part.items))) for part in parts]
        ids = (entry.id for entry in kept[0].items)
        self._feed_ids[feed.name] = frozenset(ids)
        return kept, comparison

    def _note(self, archive: str, comparison: FeedComparison) -> None:
        """Note that a feed had another day's items, if that leaves something unknown."""
        cursor = self.cursor
        if comparison.is_stale and archive not in cursor.stale:
            self.cursor = cursor.replace(stale=(*cursor.stale, archive))
        lack = (cursor.open or cursor.day, f"{archive}: {formats.STALE_FEED}")
        if comparison.is_unsure and lack not in cursor.lacks:
            self.cursor = cursor.replace(lacks=(*cursor.lacks, lack))

    def _describe(self, identifiers: Sequence[str]) -> Pages:
        """The papers that the API has, a page per request until one returns none; the others are owed: at times the API
        lags behind, by hours or a day. Errors don't fail the round: a later round asks again, also for papers that the
        API gives incompletely: they must not hide what the feed says."""
        remaining = [identifier for identifier in dict.fromkeys(identifiers) if identifier not in self._described]
        for start in range(0, 0 if self._api_fails else len(remaining), self.settings.batch):
            batch = remaining[start : start + self.settings.batch]
            ids = dict.fromkeys(identifier.rpartition("v")[0] for identifier in batch)
            try:
                papers, at = self._ask(formats.parse_api, self.settings.api, **formats.api_params(ids))
            except NetError:
                self._api_fails = True
                break
            if not papers:
                break
            papers = [paper for paper in papers if paper.is_complete]
            latest = {paper.id: paper.version for paper in papers}
            for identifier in batch:
                id, _, version = identifier.rpartition("v")
                if id in latest and (not version.isdigit() or (latest[id] or 0) >= int(version)):
                    self._described.add(identifier)  # the API has this version or a later one
            self._known_ids |= self._described | latest.keys()
            self.cursor = self.cursor.mark_described(identifiers, self._described)
            raw_payloads = [RawPayload("paper", paper.id, paper.body, at) for paper in papers]
            yield self._page(raw_payloads)
        self.cursor = self.cursor.mark_described(identifiers, self._described)

    def _entries(self, feeds: Sequence[DailyFeed]) -> Generator[PayloadPage, None, list[RawPayload]]:
        """Has the papers in feeds described, and returns the feeds' own payloads."""
        yield from self._describe([entry.versioned_id for feed in feeds for entry in feed.items])
        payloads = list[RawPayload]()
        for feed in feeds:
            payloads += [self._entry(feed.name, entry, feed.at) for entry in feed.items]
            payloads += [  # `read` will raise the reason, and the item goes to quarantine
                RawPayload("announcement", f"{feed.name}/unread", xml.wrap(body, feed=feed.name), feed.at)
                for body in feed.unreadable
            ]
        return payloads

    def _entry(self, name: str, entry: DailyFeedEntry, at: int) -> RawPayload:
        """The whole item if nothing else describes its paper better: it is new, and its number is new too or the API
        does not have it. Otherwise only the fact that it is listed."""
        has_new_number = id_rank(entry.id) > id_rank(self.cursor.last)
        is_first_word = entry.type == "new" and (has_new_number or not self._api_fails)
        if entry.versioned_id in self._known_ids or not is_first_word:
            fact = formats.ListedFact(
                paper=entry.id, version=entry.version, category=name, day=entry.day, type=entry.type
            )
            return formats.listing_payload(fact, at)
        self._known_ids |= {entry.versioned_id, entry.id}
        body = xml.wrap(entry.body, feed=name)
        return RawPayload("announcement", f"{name}/{entry.versioned_id}", body, at)

    # ---- closing the day -------------------------------------------------------------------------------

    def _unsure_days(self) -> list[str]:
        """The missed days, after one that is doubted, if there is one."""
        doubtful_days = [self.cursor.doubt] if self.cursor.doubt else []
        return [*doubtful_days, *self.cursor.missed_days(self._holidays)]

    def _finish_day(self) -> Pages:
        missed = self.cursor.missed_days(self._holidays)
        unsure_days = self._unsure_days()
        if self.settings.listing:
            if self.cursor.items and not self.cursor.checked:
                yield self._page([formats.day_payload(self.cursor.open, "read", (), self.http.now())])
            yield from self._check()
        else:
            missed = unsure_days
        payloads = []
        for day in [*unsure_days, self.cursor.open]:
            if day >= self.cursor.exact:
                is_empty = day == self.cursor.open and not (self.cursor.items or self.cursor.stale)
                state: formats.State = "checked" if self.settings.listing else "read"
                if is_empty:
                    state = "empty"
                payloads.append(self._day_payload(day, state))
        is_doubtful = not self.cursor.items and days.has_announcement(self.cursor.open, self._holidays)
        doubt = self.cursor.open if is_doubtful else ""
        self.cursor = self.cursor.close_day(missed, doubt=doubt)
        yield self._page(payloads)

    def _day_payload(self, day: str, state: formats.State) -> RawPayload:
        lacks = [reason for lacking_day, reason in self.cursor.lacks if lacking_day == day]
        if day == (self.cursor.open or self.cursor.day):
            lacks += [f"{archive}: {formats.STALE_FEED}" for archive in self.cursor.stale]
        return formats.day_payload(day, state, lacks, self.http.now())

    def _check(self) -> Pages:
        checks = self._checks_of(self.cursor.open, self._unsure_days())
        for archive in self.settings.archives:
            if archive in self.cursor.checked:
                continue
            if archive not in self._feed_ids:  # another process began the round
                feed = self._feed(archive)
                items = [entry for entry in feed.items if entry.day == self.cursor.open]
                comparison = checks.of_feed(archive, items, self.cursor.last)
                entries = filter(comparison.accepts, items)
                self._feed_ids[archive] = frozenset(entry.id for entry in entries)
                self._note(archive, comparison)
            payloads, self.cursor = checks.check(archive, self._feed_ids[archive], self.cursor)
            incomplete = [f"{id}v{None}" for id in sorted(checks.incomplete)]
            self.cursor = self.cursor.mark_described(incomplete, self._described)
            yield self._page(payloads)

    # ---- missed days, by OAI-PMH -------------------------------------------------------------------------

    def _harvest(self) -> Pages:
        """Closes the cursor's gap before the listings begin, one datestamp after another up to today. Raises RetryLater
        if a new day begins."""
        today = timestamps.day_of(self.http.now())
        while self.cursor.stamp:
            if self.cursor.stamp > today:
                first, last = self.cursor.gap
                before_first = days.previous_day(first, self._holidays)
                harvested_days = days.labels_between(before_first, days.next_label(last), self._holidays)
                payloads = [formats.day_payload(day, "harvested", (), self.http.now()) for day in harvested_days]
                self.cursor = self.cursor.without_gap()
                yield self._page(payloads)
                return
            yield self._records()
            if self.cursor.day < days.latest_label(self.http.now()):  # its feeds are only up for a day
                raise RetryLater(self.settings.every, "arXiv: a new day comes before the rest of the missed ones")

    def _records(self) -> PayloadPage:
        first = {"metadataPrefix": "arXivRaw", "from": self.cursor.stamp, "until": self.cursor.stamp}
        params = {"resumptionToken": self.cursor.token} if self.cursor.token else first
        part, at = self._ask(formats.parse_oai, self.settings.oai, verb="ListRecords", **params)
        is_restarted = self.cursor.stamp == self._restarted_stamp  # again in this round would never end
        if part.error == formats.STALE and self.cursor.token and not is_restarted:
            self._restarted_stamp = self.cursor.stamp
            self._tokens.clear()
            self.cursor = self.cursor.replace(token="")
            return self._page()
        if part.error not in ("", formats.NOTHING):
            raise RequestRefused(f"{self.settings.oai}: {part.error}: {part.message}")
        if part.token and part.token in self._tokens:  # would never end
            raise RequestRefused(f"{self.settings.oai}: sends a part of its list again")
        self._tokens.add(part.token)
        context = formats.MissedDays(
            *self.cursor.gap, self.cursor.after, self.cursor.before, ",".join(self.settings.holidays)
        )
        payloads = [RawPayload("record", key, xml.wrap(body, **context._asdict()), at) for key, body in part.records]
        self.cursor = self.cursor.with_token(part.token)
        return self._page(payloads)

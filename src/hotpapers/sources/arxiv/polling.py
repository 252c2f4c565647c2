"""One round of asking arXiv: today's feeds; then the listing's count and what is missing; then what was missed.

The feeds go first: with them a day's announcements are in the record. What fails later holds up nothing of it, and
every page's cursor says how far the round came, so that the next one goes on there.

A feed says less of a paper than the API: neither comment nor dates. So it is the API that describes what a feed names,
and the feed itself only what is new and the API does not have yet; else it would hide what was known before.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from hotpapers import announcement_days as days
from hotpapers.categories import KNOWN
from hotpapers.errors import InputError, NetError
from hotpapers.model import HOUR, HttpClient, PayloadPage, RawPayload
from hotpapers.sources.arxiv import api, cursor_state, daily_feeds, page_facts, xml
from hotpapers.sources.arxiv.completeness import CompletenessChecks
from hotpapers.sources.arxiv.cursor_state import ArxivCursor
from hotpapers.sources.arxiv.daily_feeds import DailyFeed, DailyFeedEntry
from hotpapers.sources.arxiv.oai_harvest import OaiHarvest
from hotpapers.sources.arxiv.settings import ArxivSettings


class MetadataFetcher:
    """Asks for papers as long as the API answers. It lags behind the announcements now and then, by hours or a day.

    `given`: versions that it has described, such as `2101.04869v2`; `told`: these and their bare identifiers, and what
    others add. `failed`: it did not answer.
    """

    def __init__(self, settings: ArxivSettings, ask: Callable[..., Any]) -> None:
        self.settings, self._ask = settings, ask
        self.given: set[str] = set()
        self.told: set[str] = set()
        self.failed = False

    def ask_for(self, identifiers: Sequence[str]) -> Iterator[list[RawPayload]]:
        """What it says of these versions, a list a request, up to a request in which it has nothing of them."""
        left = [fromkey for fromkey in dict.fromkeys(identifiers) if fromkey not in self.given]
        for start in range(0, len(left), self.settings.batch):
            payloads = [] if self.failed else self._batch(left[start : start + self.settings.batch])
            if not payloads:
                return
            yield payloads

    def _batch(self, identifiers: Sequence[str]) -> list[RawPayload]:
        """A batch. What fails is no failure of the round: it is asked for again in a later one."""
        ids = list(dict.fromkeys(identifier.rpartition("v")[0] for identifier in identifiers))
        try:
            papers, at = self._ask(api.parse, self.settings.api, id_list=",".join(ids), max_results=str(len(ids)))
        except NetError:
            self.failed = True
            return []
        latest = {paper.id: paper.version for paper in papers}
        self.given |= {identifier for identifier in identifiers if _is_described(identifier, latest)}
        self.told |= self.given | latest.keys()
        return [RawPayload("paper", paper.id, paper.body, at) for paper in papers]


def _is_described(named: str, latest: dict[str, int | None]) -> bool:
    """Whether the API's version of a paper is the announced one or a later one."""
    id, _, version = named.rpartition("v")
    return id in latest and (not version.isdigit() or (latest[id] or 0) >= int(version))


Parsed = TypeVar("Parsed")


class _Part(NamedTuple):
    """A feed that was read, whose it is, and when."""

    name: str
    feed: DailyFeed
    at: int


class ArxivPoll:
    """Reads on from a place, a page at a time. `at_first`: nothing was read before, so that a weekend, on which no feed
    is out, is no reason to wait."""

    def __init__(
        self, settings: ArxivSettings, http: HttpClient, start: ArxivCursor, *, at_first: bool = False
    ) -> None:
        self.settings, self.http, self.place, self._at_first = settings, http, start, at_first
        self._holidays: Container[str] = frozenset(settings.holidays)
        self._describer = MetadataFetcher(settings, self._ask)
        self._told = self._describer.told
        self._fed: dict[str, frozenset[str]] = {}

    def pages(self) -> Iterator[PayloadPage]:
        yield from self._describe([*self.place.overdue, *self.place.owed])
        yield from self._read_feeds()
        if self._at_first and not (self.place.open or self.place.day):
            self._open_latest()
        if self.place.open and not self._days_without_feed():
            if self.place.items or self._emptiness_is_sure():
                yield from self._finish_day()
            else:
                self.place = cursor_state.open_day(self.place, self.place.open)
                yield self._page()
        harvest = OaiHarvest(self.settings, self.http, self._ask, self.place)
        yield from harvest.pages()
        self.place = harvest.place

    def _page(self, payloads: Sequence[RawPayload] = ()) -> PayloadPage:
        return PayloadPage(payloads, cursor_state.text(self.place))

    def _ask(self, parse: Callable[[bytes], Parsed], url: str, **params: str) -> tuple[Parsed, int]:
        """What a server answers, read, and when. What cannot be read at all is the server's mistake, not ours."""
        answer = self.http.get(url, params=params)
        try:
            return parse(answer.body), answer.at
        except InputError as problem:
            raise NetError(f"{answer.url}: {problem}") from problem

    # ---- the day's feeds -----------------------------------------------------------------------------

    def _days_without_feed(self) -> list[str]:
        return [archive for archive in self.settings.archives if archive not in self.place.fed]

    def _read_feeds(self) -> Iterator[PayloadPage]:
        if self.place.open != days.current(self.http.now()):
            self.place = msgspec.structs.replace(self.place, open="", fed=())
        for archive in self._days_without_feed():
            feed, at = self._feed(archive)
            if not self._is_open(feed):
                return
            parts = list(self._parts(archive, feed, at))
            yield from self._describe([entry.named for part in parts for entry in part.feed.items])
            payloads = [payload for part in parts for payload in self._entries(part)]
            new = [entry.id for entry in feed.items if entry.type == "new"]
            self.place = cursor_state.fed(self.place, archive, len(feed.items), new)
            yield self._page(payloads)

    def _feed(self, name: str) -> tuple[DailyFeed, int]:
        return self._ask(daily_feeds.parse, f"{self.settings.feeds}/rss/{name}")

    def _is_open(self, feed: DailyFeed) -> bool:
        """Whether a feed is of the day that is being read; the first one of a new day opens it."""
        day = feed.date.isoformat()
        if not self.place.open and day > self.place.day and feed.date.weekday() < 5:
            self.place = cursor_state.open_day(
                self.place, day, self.settings.since, api_answers=not self._describer.failed
            )
        return day == self.place.open

    def _open_latest(self) -> None:
        """Begins with the last day whose feeds were out: the listings tell of it, and of those before."""
        opened = cursor_state.open_day(self.place, days.current(self.http.now()), self.settings.since)
        self.place = msgspec.structs.replace(opened, fed=self.settings.archives)
        self._fed = dict.fromkeys(self.settings.archives, frozenset())

    def _parts(self, archive: str, feed: DailyFeed, at: int) -> Iterator[_Part]:
        """A feed; where it was cut, also what the feeds of its categories have besides."""
        yield _Part(archive, feed, at)
        known = frozenset(entry.id for entry in feed.items)
        self._fed[archive] = known
        if len(feed.items) >= daily_feeds.FULL:
            for category in sorted(name for name in KNOWN if name.startswith(f"{archive}.")):
                part, at = self._feed(category)
                rest = tuple(entry for entry in part.items if entry.id not in known)
                yield _Part(category, part._replace(items=rest), at)

    def _describe(self, identifiers: Sequence[str]) -> Iterator[PayloadPage]:
        """The papers that the API has, a page a request; the others are owed."""
        for payload in self._describer.ask_for(identifiers):
            yield self._page(payload)
        self.place = cursor_state.described(self.place, identifiers, self._describer.given)

    def _entries(self, part: _Part) -> Iterator[RawPayload]:
        for entry in part.feed.items:
            yield self._entry(part.name, entry, part.at)
        for body in part.feed.unread:  # the reader says why, and it is kept in quarantine
            yield RawPayload("announcement", f"{part.name}/unread", xml.within(body, feed=part.name), part.at)

    def _entry(self, name: str, entry: DailyFeedEntry, at: int) -> RawPayload:
        """An item whole where it alone describes its paper; else only that it stands there."""
        if entry.named in self._told or not self._is_first_word(entry):
            fact = page_facts.ListedFact(
                paper=entry.id, version=entry.version, category=name, day=entry.day, type=entry.type
            )  # fmt: skip
            return page_facts.listed_seen(fact, at)
        self._told |= {entry.named, entry.id}
        return RawPayload("announcement", f"{name}/{entry.named}", xml.within(entry.body, feed=name), at)

    def _is_first_word(self, entry: DailyFeedEntry) -> bool:
        """Whether nothing better can be known of a paper: it is new, and the API does not have it, or it has a number
        that none had before."""
        unheard = cursor_state.rank(entry.id) > cursor_state.rank(self.place.last)
        return entry.type == "new" and (unheard or not self._describer.failed)

    # ---- closing the day -------------------------------------------------------------------------------

    def _emptiness_is_sure(self) -> bool:
        """Whether empty feeds mean that nothing was announced: on a holiday, and where it is no longer early."""
        day = self.place.open
        early = self.http.now() < days.closes_at(day) + self.settings.patience * HOUR
        return not (early and days.expected(day, self._holidays))

    def _finish_day(self) -> Iterator[PayloadPage]:
        missed = cursor_state.missed(self.place, self._holidays)
        doubted = [self.place.doubt] if self.place.doubt else []
        if not self.settings.listing:
            missed = [*doubted, *missed]
        else:
            if self.place.items and not self.place.checked:
                yield self._page([page_facts.day_seen(self.place.open, "read", (), self.http.now())])
            yield from self._check([*doubted, *missed])
        payloads = list(self._completeness([*doubted, *missed]))
        empty = not self.place.items and days.expected(self.place.open, self._holidays)
        self.place = cursor_state.close_day(self.place, missed, doubt=self.place.open if empty else "")
        yield self._page(payloads)

    def _completeness(self, missed: Sequence[str]) -> Iterator[RawPayload]:
        """What is known of the open day, and of the missed ones that the listings told of."""
        for day in [*missed, self.place.open]:
            if day >= self.place.exact:
                lacks = [words for of, words in self.place.lacks if of == day]
                state: page_facts.State = "checked" if self.settings.listing else "read"
                empty = day == self.place.open and not self.place.items
                yield page_facts.day_seen(day, "empty" if empty else state, lacks, self.http.now())

    def _check(self, missed: Sequence[str]) -> Iterator[PayloadPage]:
        checks = CompletenessChecks(self.settings, self._ask, self.place.open, missed, self._told)
        for archive in self.settings.archives:
            if archive in self.place.checked:
                continue
            if archive not in self._fed:  # the round was begun by another process
                feed, _ = self._feed(archive)
                self._fed[archive] = frozenset(entry.id for entry in feed.items if entry.day == self.place.open)
            result = checks.of(archive, self._fed[archive])
            self.place = msgspec.structs.replace(
                self.place,
                checked=(*self.place.checked, archive),
                items=self.place.items + result.more,
                lacks=(*self.place.lacks, *result.lacks),
                least=(*self.place.least, *result.least),
                exact=result.exact if not self.place.checked else max(self.place.exact, result.exact),
            )
            yield self._page(result.payloads)

"""arXiv's listing pages: which papers it announced, day by day, and how many.

`/list/<archive>/recent` has the last five announcement days, new papers and cross-lists in one section per day;
`/list/<archive>/new` has the last day with its replacements. Headings give the size of the whole section, which shows
whether it continues on the next page. Only identifiers, types and counts are read.

Archives' feeds are compared with their listings: missing papers are fetched from the API, and the rest is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from hotpapers.base.errors import InputError, NetError, RequestRefused
from hotpapers.base.model import AnnouncementType, RawPayload
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources.arxiv import formats
from hotpapers.collect.sources.arxiv.cursor_state import ArxivCursor, Lack, id_rank
from hotpapers.collect.sources.arxiv.formats import DailyFeedEntry
from hotpapers.collect.sources.arxiv.settings import ArxivSettings

MAX_PAGE_PAPERS = 2000
"""Most papers that arXiv shows on a page."""

# Headings contain no other elements; an entry identifies itself in its first lines.
_HEADING_OR_ENTRY = re.compile(r"<h3>([^<]{0,300})</h3>|<dt>", re.ASCII)
_DATE = re.compile(r"[A-Z][a-z]{2,8}, (\d{1,2}) ([A-Z][a-z]{2})[a-z]{0,6} (\d{4})", re.ASCII)
_COUNT = re.compile(r"\d{1,6} of (\d{1,6}) entries", re.ASCII)
_ID = re.compile(r'href ?= ?"/abs/([^"]{5,40})"', re.ASCII)
_LIST = re.compile(r"<dl id='articles'>|No updates for this time period|<h3>Showing new listings for", re.ASCII)
_ENTRY = 2000
"""An entry names its paper within this many characters."""


Ids = frozenset[str]
"""Identifiers of papers."""


class ListingCount(NamedTuple):
    """arXiv's new and cross-listed papers of a day: their number, and those that a page shows, with their type."""

    total: int = 0
    papers: Mapping[str, AnnouncementType] = MappingProxyType({})


def parse_listing(data: bytes) -> dict[str, ListingCount]:
    """Parses a listing page into counts by the day's label, newest first. Raises InputError if the page is not a
    listing."""
    result: dict[str, ListingCount] = {}
    for day, heading, count in _counts(data):
        if day and not heading.startswith("Replacement"):
            earlier = result.get(day, ListingCount())
            total = earlier.total + count.total
            result[day] = ListingCount(total, {**earlier.papers, **count.papers})
    return result


def parse_replacements(data: bytes) -> dict[str, Ids]:
    """The papers that a page `/list/<archive>/new` lists as replaced, by the day's label; nothing if it shows only some
    of them, or has no such section. Raises InputError if the page is not a listing."""
    is_new_page = False
    result = dict[str, Ids]()
    for day, heading, count in _counts(data):
        is_new_page = is_new_page or heading.startswith("Showing new listings for")
        if is_new_page and day:
            result.setdefault(day, frozenset())
        if day and heading.startswith("Replacement"):
            if count.total > len(count.papers):
                return {}
            result[day] = frozenset(count.papers)
    return result if is_new_page else {}


def _counts(data: bytes) -> Iterator[tuple[str, str, ListingCount]]:
    """A page's headings, each with the day that it or an earlier one names, empty if none does, and with the count
    below it."""
    html = data.decode("utf-8", "replace")
    if not _LIST.search(html):
        raise InputError("not arXiv's listing")
    day = ""
    for heading, entries in _sections(html):
        day = _day(heading) or day
        kind: AnnouncementType = "cross" if heading.startswith("Cross") else "new"
        total = _COUNT.search(heading)
        papers = dict(filter(None, (_paper(entry, kind) for entry in entries)))
        listing_count = ListingCount(int(total[1]) if total else 0, papers)
        yield day, heading, listing_count


def _sections(html: str) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with the beginnings of the entries below it."""
    heading = ""
    entries: list[str] = []
    for match in _HEADING_OR_ENTRY.finditer(html):
        if match[1] is None:
            if len(entries) == MAX_PAGE_PAPERS:
                raise InputError(f"not arXiv's listing: more than {MAX_PAGE_PAPERS} entries")
            rest = html[match.end() : match.end() + _ENTRY]
            entries.append(rest.partition("</dt>")[0])
        else:
            yield heading, entries
            heading = match[1].strip()
            entries = []
    yield heading, entries


def _day(heading: str) -> str:
    date = _DATE.search(heading)
    try:
        if date:
            return days.label_of(datetime.strptime(" ".join(date.groups()), "%d %b %Y").date())
        return ""
    except ValueError:
        return ""


def _paper(entry: str, kind: AnnouncementType) -> tuple[str, AnnouncementType] | None:
    id_link = _ID.search(entry)
    try:
        if id_link:
            return (arxiv.parse(id_link[1]).id, "cross" if "(cross-list from" in entry else kind)
        return None
    except InputError:
        return None


# ---- what a feed lacks --------------------------------------------------------------------------------

NAMED = 20
"""How many missing papers are named per archive and day; the rest are only counted."""
MAX_PAGES = 10


class CompletenessChecks:
    """Compares archives for the open day, and recovers missed days as far back as the listings go. `incomplete`: the
    papers that the API gave incompletely, to be asked for again."""

    def __init__(
        self, settings: ArxivSettings, ask: Callable[..., Any], day: str, missed: Sequence[str], known_ids: set[str]
    ) -> None:
        self.settings = settings
        self._ask = ask
        self.day = day
        self._missed = missed
        self._known_ids = known_ids
        self._refused = False
        self.incomplete = set[str]()
        self._listings: dict[str, tuple[dict[str, ListingCount], int] | NetError] = {}

    def check(self, archive: str, feed_ids: Ids, cursor: ArxivCursor) -> tuple[list[RawPayload], ArxivCursor]:
        """Check one archive; `feed_ids`: the papers in its feed. Returns the payloads and the cursor after them. A
        refusal is noted as a lack; RetryLater is raised."""
        try:
            counts_by_day, at = self.listing(archive)
        except RequestRefused as refusal:
            lack = f"{archive}: {formats.NOT_COMPARED} ({refusal.reason})"[:200]
            return [], cursor.add_check(archive, 0, [(self.day, lack)], self.day)
        payloads = list[RawPayload]()
        lacks = list[Lack]()
        added = 0
        for day in [day for day in (*self._missed, self.day) if day in counts_by_day]:
            listed = counts_by_day[day]
            lacking = {id: kind for id, kind in listed.papers.items() if day != self.day or id not in feed_ids}
            for id, kind in lacking.items():
                listed_fact = formats.ListedFact(paper=id, category=archive, day=day, type=kind)
                payloads.append(formats.listing_payload(listed_fact, at))
            unknown = [id for id in lacking if id not in self._known_ids]
            missing = self._fetch(unknown, payloads)
            added += len(lacking) if day == self.day else 0
            if missing:
                if len(missing) > NAMED:
                    ending = f" and {len(missing) - NAMED} more"
                else:
                    ending = ""
                lacks.append((day, f"{archive}: {', '.join(missing[:NAMED])}{ending} missing"))
            if (unnamed := listed.total - len(listed.papers)) > 0:
                lacks.append((day, f"{archive}: {unnamed} listed without a name"))
        if feed_ids and self.day not in counts_by_day:
            lacks.append((self.day, f"{archive}: arXiv's listing has not come so far"))
        least = [
            (day, min(new, key=id_rank))
            for day in self._missed
            if (new := [id for id, kind in counts_by_day.get(day, ListingCount()).papers.items() if kind == "new"])
        ]
        exact = self._exact(counts_by_day)
        return payloads, cursor.add_check(archive, added, lacks, exact, least)

    def listing(self, archive: str) -> tuple[dict[str, ListingCount], int]:
        """Returns the listings of an archive, back to the first missed day or as far as its pages go, and when they
        were read. Requests them only once. Raises NetError, and for later calls the same one again."""
        if archive not in self._listings:
            try:
                self._listings[archive] = self._whole_listing(archive)
            except NetError as problem:
                self._listings[archive] = problem
        result = self._listings[archive]
        if isinstance(result, NetError):
            raise result
        return result

    def listed(self, archive: str) -> Mapping[str, ListingCount]:
        """The same by day; empty if it cannot be read now."""
        try:
            return self.listing(archive)[0] if self.settings.listing else {}
        except NetError:
            return {}

    def of_feed(self, archive: str, items: Sequence[DailyFeedEntry], last: str) -> FeedComparison:
        """Which of a feed's items are the day's: see `compare_feed`."""
        listing = self.listed(archive) if items else {}
        return compare_feed(items, archive, self.day, listing, last, partial(self.replaced, archive))

    def replaced(self, archive: str) -> Ids | None:
        """The papers that arXiv lists as replaced on the day; None if it cannot be asked, or names only some."""
        try:
            page, _ = self._ask(
                parse_replacements, f"{self.settings.listing}/{archive}/new", skip="0", show=str(MAX_PAGE_PAPERS)
            )
        except NetError:
            return None
        replaced: Ids | None = page.get(self.day)
        return replaced

    def _whole_listing(self, archive: str) -> tuple[dict[str, ListingCount], int]:
        url = f"{self.settings.listing}/{archive}/recent"
        result: dict[str, ListingCount] = {}
        first = self._missed[0] if self._missed else self.day
        at = 0
        for skip in range(0, MAX_PAGES * MAX_PAGE_PAPERS, MAX_PAGE_PAPERS):
            page, at = self._ask(parse_listing, url, skip=str(skip), show=str(MAX_PAGE_PAPERS))
            for day, part in page.items():
                earlier = result.get(day, ListingCount())  # whose heading gave the same total
                total = max(earlier.total, part.total)
                result[day] = ListingCount(total, {**earlier.papers, **part.papers})
            if sum(len(part.papers) for part in page.values()) < MAX_PAGE_PAPERS or min(page) < first:
                break
        return result, at

    def _fetch(self, ids: Sequence[str], payloads: list[RawPayload]) -> list[str]:
        """Fetch papers into `payloads`; returns the identifiers that the API does not have."""
        missing = []
        for start in range(0, len(ids), self.settings.batch):
            batch = ids[start : start + self.settings.batch]
            try:
                papers, at = self._ask(formats.parse_api, self.settings.api, **formats.api_params(batch))
            except RequestRefused:
                self._refused = True
                papers = []
                at = 0
            complete = [paper for paper in papers if paper.is_complete]
            payloads += [RawPayload("paper", paper.id, paper.body, at) for paper in complete]
            self._known_ids.update(paper.id for paper in complete)
            self.incomplete |= {paper.id for paper in papers if not paper.is_complete}
            missing += [id for id in batch if id not in self._known_ids]
        return missing

    def _exact(self, counts_by_day: Mapping[str, ListingCount]) -> str:
        """The first missed day from which on the listing is complete; the open day if there is none."""
        first = self.day
        for day in reversed(self._missed):
            if self._refused or day not in counts_by_day or counts_by_day[day].total > len(counts_by_day[day].papers):
                return first
            first = day
        return first


# ---- which of a feed's items are the day's ------------------------------------------------------------

# Which items of a day's feed are that day's, by the listing. arXiv has served feeds with the items of the day before
# under the day's date; and items are withdrawn again, or are of another archive. Pure.
#
# arXiv's feeds and listings come from the same table. Only two things are in a feed and rightly not in the listing's
# section of the day: replacements; and cross-lists within an archive of papers that the listing has on an earlier day.

MIN_NEW_PAPERS = 5
"""As many new papers, none with a number newer than those of the days before, are a feed of an earlier day: one of them
alone may have been held back."""

ItemId = tuple[str, AnnouncementType]


class FeedComparison(NamedTuple):
    """`accepted`: the items that are the day's. `is_stale`: the feed is another day's, at least in part, and lacks some
    of the day. `is_unsure`: the day's replacements could not be distinguished from another day's."""

    accepted: frozenset[ItemId]
    is_stale: bool = False
    is_unsure: bool = False

    def accepts(self, item: DailyFeedEntry) -> bool:
        return (item.id, item.type) in self.accepted


def compare_feed(
    items: Sequence[DailyFeedEntry],
    archive: str,
    day: str,
    listing: Mapping[str, ListingCount],
    last: str,
    replaced: Callable[[], Ids | None],
) -> FeedComparison:
    """Compare an archive's feed with its listing by day, which is empty if there is none. `last`: the greatest
    identifier announced before. `replaced`: asks for the papers that arXiv lists as replaced that day, None if it
    does not say; only called if the feed has items of another day."""
    every = frozenset((item.id, item.type) for item in items)
    announced = frozenset(item.id for item in items if item.type != "replacement")
    own_crosses = frozenset(  # of papers whose primary category is within the archive
        item.id
        for item in items
        if item.type == "cross" and any(f"{primary}.".startswith(f"{archive}.") for primary in item.categories[:1])
    )
    listed = listing.get(day)
    others = _others(announced, day, listing) - own_crosses
    lacks = listed is not None and not announced.issuperset(listed.papers)
    is_stale = bool(others) and (lacks or others == announced - own_crosses)
    if listed is None and not others:
        new = [item.id for item in items if item.type == "new"]  # many, but none has a new number
        is_stale = bool(last) and len(new) >= MIN_NEW_PAPERS and all(id_rank(id) <= id_rank(last) for id in new)
        others = announced if is_stale else others
    elif lacks and not announced:
        is_stale = bool(items)
    if not others and not is_stale:
        return FeedComparison(every)
    in_listing = frozenset(listed.papers) if listed else Ids()
    others |= own_crosses - in_listing if is_stale else frozenset()
    confirmed = replaced()

    def is_accepted(id: str, kind: str) -> bool:
        if kind != "replacement":
            return id not in others
        return not is_stale if confirmed is None else id in confirmed

    accepted = frozenset((id, kind) for id, kind in every if is_accepted(id, kind))
    return FeedComparison(accepted, is_stale, is_unsure=confirmed is None and not is_stale)


def _others(announced: Ids, day: str, listing: Mapping[str, ListingCount]) -> Ids:
    """The papers that the listing does not have on a day; if it has not come so far or names only some, those that it
    has on other days."""
    listed = listing.get(day)
    if listed is not None and listed.total <= len(listed.papers):
        return announced.difference(listed.papers)
    named = frozenset(listed.papers) if listed else Ids()
    elsewhere = frozenset(id for label, part in listing.items() if label != day for id in part.papers)
    return (announced & elsewhere) - named

"""Compares an archive's feed with arXiv's listing, fetches missing papers from the API, and names the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.model import RawPayload
from hotpapers.collect.sources.arxiv import api, listing, page_facts
from hotpapers.collect.sources.arxiv.cursor_state import rank
from hotpapers.collect.sources.arxiv.listing import MAX_PAGE_PAPERS, ListingCount
from hotpapers.collect.sources.arxiv.settings import ArxivSettings

NAMED = 20
"""How many missing papers are named per archive and day; the rest are only counted."""
MAX_PAGES = 10


class CheckResult(NamedTuple):
    """What a check found: its payloads, how many papers the open day's feed lacked, what is still missing by day, the
    first day that the listing shows in full, the least new identifier of each missed day, and the papers that the API
    gave incompletely, to be asked for again."""

    payloads: list[RawPayload]
    added: int
    lacks: tuple[tuple[str, str], ...]
    exact: str
    least: tuple[tuple[str, str], ...] = ()
    incomplete: tuple[str, ...] = ()


class CompletenessChecks:
    """Compares archives for the open day, and recovers missed days as far back as the listings go."""

    def __init__(
        self, settings: ArxivSettings, ask: Callable[..., Any], day: str, missed: Sequence[str], known_ids: set[str]
    ) -> None:
        self.settings, self._ask = settings, ask
        self.day, self._missed, self._known_ids = day, missed, known_ids
        self._refused = False
        self._incomplete: set[str] = set()
        self._listings: dict[str, tuple[dict[str, ListingCount], int] | NetError] = {}

    def check(self, archive: str, feed_ids: frozenset[str]) -> CheckResult:
        """Check one archive; `feed_ids`: the papers in its feed. A refusal is noted as a lack; RetryLater is raised."""
        try:
            counts_by_day, at = self.listing(archive)
        except RequestRefused as refusal:
            return CheckResult(
                [], 0, ((self.day, f"{archive}: {page_facts.NOT_COMPARED} ({refusal.reason})"[:200]),), self.day
            )
        payloads: list[RawPayload] = []
        lacks: list[tuple[str, str]] = []
        added = 0
        for day in [day for day in (*self._missed, self.day) if day in counts_by_day]:
            listed = counts_by_day[day]
            in_feed = feed_ids if day == self.day else frozenset[str]()
            lacking = {id: kind for id, kind in listed.papers.items() if id not in in_feed}
            for id, kind in lacking.items():
                fact = page_facts.ListedFact(paper=id, category=archive, day=day, type=kind)
                payloads.append(page_facts.listing_payload(fact, at))
            missing = self._fetch([id for id in lacking if id not in self._known_ids], payloads)
            added += len(lacking) if day == self.day else 0
            unnamed = max(0, listed.total - len(listed.papers))
            lacks += [(day, f"{archive}: {reason}") for reason in _describe_missing(missing, unnamed)]
        if feed_ids and self.day not in counts_by_day:
            lacks.append((self.day, f"{archive}: arXiv's listing has not come so far"))
        return CheckResult(
            payloads,
            added,
            tuple(lacks),
            self._exact(counts_by_day),
            tuple(self._least(counts_by_day)),
            tuple(f"{id}v{None}" for id in sorted(self._incomplete)),
        )

    def listing(self, archive: str) -> tuple[dict[str, ListingCount], int]:
        """What an archive's pages list, back to the first missed day or as far as they go, and when they were read.
        Asks once. Raises NetError, and then the same one again."""
        if archive not in self._listings:
            try:
                self._listings[archive] = self._listing(archive)
            except NetError as problem:
                self._listings[archive] = problem
        result = self._listings[archive]
        if isinstance(result, NetError):
            raise result
        return result

    def replaced(self, archive: str) -> frozenset[str] | None:
        """The papers that arXiv lists as replaced on the day; None if it cannot be asked, or names only some."""
        try:
            page, _ = self._ask(
                listing.parse_replacements,
                f"{self.settings.listing}/{archive}/new",
                skip="0",
                show=str(MAX_PAGE_PAPERS),
            )
        except NetError:
            return None
        replaced: frozenset[str] | None = page.get(self.day)
        return replaced

    def _listing(self, archive: str) -> tuple[dict[str, ListingCount], int]:
        url = f"{self.settings.listing}/{archive}/recent"
        result: dict[str, ListingCount] = {}
        first = self._missed[0] if self._missed else self.day
        at = 0
        for skip in range(0, MAX_PAGES * MAX_PAGE_PAPERS, MAX_PAGE_PAPERS):
            page, at = self._ask(listing.parse, url, skip=str(skip), show=str(MAX_PAGE_PAPERS))
            for day, part in page.items():
                result[day] = result.get(day, ListingCount()).with_next_page(part)
            listed_papers = sum(len(part.papers) for part in page.values())
            if listed_papers < MAX_PAGE_PAPERS or min(page) < first:
                break
        return result, at

    def _fetch(self, ids: Sequence[str], payloads: list[RawPayload]) -> list[str]:
        """Fetch papers into `payloads`; returns the identifiers that the API does not have."""
        missing: list[str] = []
        for start in range(0, len(ids), self.settings.batch):
            batch = ids[start : start + self.settings.batch]
            try:
                papers, at = self._ask(
                    api.parse, self.settings.api, id_list=",".join(batch), max_results=str(len(batch))
                )
            except RequestRefused:
                self._refused, papers, at = True, [], 0
            complete = [paper for paper in papers if paper.is_complete]
            payloads += [RawPayload("paper", paper.id, paper.body, at) for paper in complete]
            self._known_ids.update(paper.id for paper in complete)
            self._incomplete |= {paper.id for paper in papers if not paper.is_complete}
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

    def _least(self, counts_by_day: Mapping[str, ListingCount]) -> Iterator[tuple[str, str]]:
        for day in self._missed:
            new = [id for id, kind in counts_by_day.get(day, ListingCount()).papers.items() if kind == "new"]
            if new:
                yield day, min(new, key=rank)


def _describe_missing(missing: Sequence[str], unnamed: int) -> Iterator[str]:
    if missing:
        ending = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        yield f"{', '.join(missing[:NAMED])}{ending} missing"
    if unnamed:
        yield f"{unnamed} listed without a name"

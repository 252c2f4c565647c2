"""A published site, read as any visitor can: its issues, its papers, and a search. Without a store, without a key.

It reads what the site's own search pages load; `publish.render.html.search_index` describes these files. All of them
are a stranger's: they are checked against their types, which bound every list and text, nothing may be in them twice,
and only paths made here are requested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hotpapers.base.errors import InputError, NotAnArxivId, NotFound, Stopped
from hotpapers.base.untrusted_json import PaperId, decode_json
from hotpapers.keep.search.query_parser import parse_query
from hotpapers.publish.query.session import paper_key
from hotpapers.publish.render.html.search_index import part_of
from hotpapers.publish.view import phrases, site_paths
from hotpapers.wings.mcp.hot_papers import HotPaper, PaperFigures, file_path
from hotpapers.wings.mcp.site_files import MAX_FILE_BYTES, UNLIMITED, Fetch, FileCache, Question, require_once
from hotpapers.wings.mcp.site_search import MAX_PAPERS, Name, QuarterIndex, is_part_within, scores_of

T = TypeVar("T")
Rows = TypeVar("Rows", bound="tuple[_ShownPaper | PaperFigures, ...]")
MAX_INDEX_PARTS = 40
"""Quarters that a search covers, from the latest on."""
MAX_PARTS = 400
"""Quarters of a site."""
Part = Annotated[str, Meta(pattern=r"^[0-9]{4}-q[1-4]\Z")]
Text = Annotated[str, Meta(max_length=20_000)]
Names = Annotated[tuple[Name, ...], Meta(max_length=1_000)]


class _ShownPaper(msgspec.Struct, frozen=True, array_like=True):
    """A paper in the file of an issue."""

    paper: PaperId
    title: Text
    authors: Names
    categories: Names
    text: Text
    place: int


ShownPapers = Annotated[tuple[_ShownPaper, ...], Meta(max_length=MAX_PAPERS)]
AllFigures = Annotated[tuple[PaperFigures, ...], Meta(max_length=MAX_PAPERS)]


class _SearchIndex(msgspec.Struct, frozen=True):
    parts: Annotated[tuple[Part, ...], Meta(max_length=MAX_PARTS)]

    def __post_init__(self) -> None:
        require_once(self.parts, "a quarter")


class PublishedSite:
    """A site, by its files. `address`: where readers find its pages; empty for a folder. `question`: what may be taken
    of it; `cache`: files that other questions read."""

    def __init__(
        self, fetch: Fetch, address: str = "", question: Question = UNLIMITED, cache: FileCache | None = None
    ) -> None:
        self._fetch = fetch
        self.address = address
        self.question = question
        self._cache = FileCache() if cache is None else cache

    def days(self) -> Iterator[str]:
        """The days of its issues, the latest first. Raises NotFound, NetError, InputError."""
        for part in self._parts():
            quarter = self._quarter(part)
            yield from sorted((day for day, _ in quarter.issues), reverse=True)

    def issue(self, day: str = "latest") -> tuple[HotPaper, ...]:
        """The papers of an issue, in order. Raises NotFound, InputError."""
        latest = next(self.days(), "")
        if not latest:
            raise NotFound("the site has no issue yet")
        chosen = latest if day == "latest" else day
        try:
            return tuple(self._answer(chosen, shown) for shown in self._shown(chosen))
        except NotFound:
            raise NotFound(phrases.no_issue(chosen, latest)) from None

    def hot(self, day: str) -> tuple[HotPaper, ...]:
        """The entries of an issue, with scores, counts and links to discussions. Raises NotFound, InputError."""
        papers = self.issue(day)
        figures = self._figures(papers[0].day) if papers else {}
        none = PaperFigures(paper="", score=None, counts=())
        pairs = ((paper, figures.get(paper.paper, none)) for paper in papers)
        return tuple(
            msgspec.structs.replace(paper, score=of.score, counts=of.counts) for paper, of in pairs if not of.further
        )

    def _figures(self, day: str) -> Mapping[str, PaperFigures]:
        """By paper; none if an earlier version wrote the site."""
        with suppress(NotFound):
            return {site_paths.id_of_name(figures.paper): figures for figures in self._rows(file_path(day), AllFigures)}
        return {}

    def _shown(self, day: str) -> tuple[_ShownPaper, ...]:
        return self._rows(f"search/papers/{day}.json", ShownPapers)

    def _answer(self, day: str, shown: _ShownPaper) -> HotPaper:
        paper = site_paths.id_of_name(shown.paper)
        try:
            page = site_paths.paper_url(self.address, paper_key(paper))
        except NotAnArxivId as problem:
            raise InputError(f"{self.address}search/papers/{day}.json: {problem}") from problem
        return HotPaper(
            paper=paper,
            title=shown.title,
            authors=shown.authors,
            categories=shown.categories,
            text=shown.text,
            place=shown.place,
            day=day,
            page=page,
            score=None,
            counts=(),
        )

    def appearances(self, paper: str) -> list[HotPaper]:
        """A paper in each issue that has it, the latest first. Raises NotFound, InputError."""
        all_found = [
            shown
            for part in self._parts()
            for number, known in self.question.within(enumerate(self._quarter(part).ids))
            if site_paths.id_of_name(known) == paper and (shown := self._numbered(part, number))
        ]
        if not all_found:
            raise NotFound(f"{paper}: in no issue of this site")
        return sorted(all_found, key=lambda shown: shown.day, reverse=True)

    def days_of(self, papers: Collection[str]) -> dict[str, str]:
        """The day of the latest issue with each of some papers; without those that are in none."""
        days: dict[str, str] = {}
        for part in self._parts()[:MAX_INDEX_PARTS]:
            quarter = self._quarter(part)
            for number, name in self.question.within(enumerate(quarter.ids)):
                if (paper := site_paths.id_of_name(name)) in papers:
                    day = quarter.day_of(number)
                    days[paper] = max(days.get(paper, ""), day)
        return days

    def search(self, text: str, limit: int) -> list[HotPaper]:
        """The papers that a query selects, best first, each in its latest issue. Raises InputError."""
        query = parse_query(text)
        if query.mistake:
            raise InputError(query.mistake)
        if not query.asks:
            raise InputError("the query has no word")
        scores: dict[str, tuple[int, str, int]] = {}
        for part in islice((part for part in self._parts() if is_part_within(part, query)), MAX_INDEX_PARTS):
            quarter = self._quarter(part)
            for number, score in scores_of(self.file, self.question, quarter, part, query).items():
                paper = quarter.ids[number]
                earlier = scores.get(paper, (-1, "", 0))
                scores[paper] = max(earlier, (score, part, number))
        best = sorted(scores.values(), reverse=True)  # of equal scores the latest
        best_scores = best[:limit]
        hits = (self._numbered(part, number) for _, part, number in best_scores)
        return [hit for hit in hits if hit]

    # ---- files ---------------------------------------------------------------------------------------

    def _parts(self) -> list[str]:
        return sorted(self._read("search/index.json", _SearchIndex).parts, reverse=True)

    def _quarter(self, part: str) -> QuarterIndex:
        path = f"search/{part}/index.json"
        quarter = self._read(path, QuarterIndex)
        if any(part_of(day) != part for day, _ in quarter.issues):
            raise InputError(f"{self.address}{path}: has an issue of another quarter")
        return quarter

    def _numbered(self, part: str, number: int) -> HotPaper | None:
        quarter = self._quarter(part)
        day = quarter.day_of(number)
        papers = self._shown(day)
        return next((self._answer(day, shown) for shown in papers if shown.paper == quarter.ids[number]), None)

    def _read(self, path: str, kind: type[T]) -> T:
        try:
            return decode_json(self.file(path), kind)
        except InputError as problem:
            raise InputError(f"{self.address}{path}: {problem}") from None

    def _rows(self, path: str, kind: type[Rows]) -> Rows:
        """Rows of which each is about another paper."""
        rows = self._read(path, kind)
        require_once([row.paper for row in rows], f"{self.address}{path}: a paper")
        return rows

    def file(self, path: str) -> bytes:
        """The bytes of a file of the site. Raises NotFound, NetError, InputError, Stopped."""
        self.question.check()
        body = self._cache.get(path)
        if body is None:
            try:
                body = self._fetch(path)
            except Stopped:
                self.question.check()  # tells of the time, if it is up
                raise
            if len(body) > MAX_FILE_BYTES:
                raise InputError(f"{self.address}{path}: larger than {MAX_FILE_BYTES:,} bytes")
            self._cache.put(path, body)
        return body

"""A published site, read as any visitor can: its issues, its papers, and a search. Without a store, without a key.

It reads what the site's own search pages load; `publish.render.html.search_index` describes these files. All of them
are a stranger's: they are checked against their types, and only paths made here are requested.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from msgspec import Meta

from hotpapers.base.errors import InputError, NotAnArxivId, NotFound
from hotpapers.base.untrusted_json import decode_json
from hotpapers.keep.search.query_parser import parse
from hotpapers.publish.query import schemas
from hotpapers.publish.query.session import paper_key
from hotpapers.publish.view import phrases
from hotpapers.publish.view.site_paths import paper_url
from hotpapers.wings.mcp.hot_papers import HotPaper, PaperFigures, file_path
from hotpapers.wings.mcp.site_search import is_part_within, scores_of

if TYPE_CHECKING:
    from hotpapers.base.http import PoliteHttpClient

T = TypeVar("T")
FRESH = 300.0
"""Seconds for which a file is kept."""
KEPT_FILES = 200
MAX_FILE_BYTES = 5_000_000
MAX_INDEX_PARTS = 40
"""Quarters that a search covers, from the latest on."""
Part = Annotated[str, Meta(pattern=r"^[0-9]{4}-q[1-4]$")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Fetch = Callable[[str], bytes]
"""The bytes of a file at a path of the site. Raises NotFound, NetError."""


class _ShownPaper(msgspec.Struct, frozen=True, array_like=True):
    """A paper in the file of an issue."""

    paper: Annotated[str, Meta(max_length=40)]
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    text: str
    place: int


class _SearchIndex(msgspec.Struct, frozen=True):
    parts: tuple[Part, ...]


class QuarterIndex(msgspec.Struct, frozen=True, rename={"first_words": "from"}):
    """The index of a quarter: days with their number of papers, the papers, and the first word of each word file."""

    issues: tuple[tuple[Day, Annotated[int, Meta(ge=0, le=100_000)]], ...]
    ids: tuple[str, ...]
    first_words: tuple[str, ...]

    def day_of(self, number: int) -> str:
        """The issue with a paper's number; empty if there is none."""
        for day, count in self.issues:
            if number < count:
                return day
            number -= count
        return ""


def folder_files(folder: Path) -> Fetch:
    """The files of a site in a folder."""

    def fetch(path: str) -> bytes:
        try:
            with (folder / path).open("rb") as file:
                return file.read(MAX_FILE_BYTES + 1)
        except OSError as problem:
            raise NotFound(f"{folder / path}: {problem.strerror}; is this a site of Hot Papers?") from None

    return fetch


def web_files(http: PoliteHttpClient, address: str) -> Fetch:
    """The files of a site at an address that ends with a slash."""

    def fetch(path: str) -> bytes:
        response = http.get(f"{address}{path}", accept=(404, 410))
        if response.status != 200:
            raise NotFound(
                f"{address}{path}: not there; is this a site of Hot Papers, from files? One that `hotpapers serve` "
                "serves has its tools at /mcp"
            )
        return response.body

    return fetch


class PublishedSite:
    """A site, by its files. `address`: where readers find its pages; empty for a folder."""

    def __init__(self, fetch: Fetch, address: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self.address, self._clock = fetch, address, clock
        self._files: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def days(self) -> Iterator[str]:
        """The days of its issues, the latest first. Raises NotFound, NetError, InputError."""
        for part in self._parts():
            yield from (day for day, _ in reversed(self._quarter(part).issues))

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

    def hot(self, day: str = "latest") -> tuple[HotPaper, ...]:
        """The papers of an issue, with scores, counts and links to discussions. Raises NotFound, InputError."""
        papers = self.issue(day)
        figures = self._figures(papers[0].day) if papers else {}
        none = PaperFigures(paper="", score=None, counts=())
        pairs = ((paper, figures.get(paper.paper, none)) for paper in papers)
        return tuple(msgspec.structs.replace(paper, score=of.score, counts=of.counts) for paper, of in pairs)

    def _figures(self, day: str) -> Mapping[str, PaperFigures]:
        """By paper; none if an earlier version wrote the site."""
        with suppress(NotFound):
            return {figures.paper: figures for figures in self._read(file_path(day), tuple[PaperFigures, ...])}
        return {}

    def _shown(self, day: str) -> tuple[_ShownPaper, ...]:
        return self._read(f"search/papers/{day}.json", tuple[_ShownPaper, ...])

    def _answer(self, day: str, shown: _ShownPaper) -> HotPaper:
        try:
            page = paper_url(self.address, paper_key(shown.paper))
        except NotAnArxivId as problem:
            raise InputError(f"{self.address}search/papers/{day}.json: {problem}") from problem
        return schemas.answer_of(HotPaper, shown, day=day, page=page, score=None, counts=())

    def appearances(self, paper: str) -> list[HotPaper]:
        """A paper in each issue that has it, the latest first. Raises NotFound, InputError."""
        all_found = [
            shown
            for part in self._parts()
            for number, known in enumerate(self._quarter(part).ids)
            if known == paper and (shown := self._numbered(part, number))
        ]
        if not all_found:
            raise NotFound(f"{paper}: in no issue of this site")
        return sorted(all_found, key=lambda shown: shown.day, reverse=True)

    def days_of(self, papers: Collection[str]) -> dict[str, str]:
        """The day of the latest issue with each of some papers; without those that are in none."""
        days: dict[str, str] = {}
        for part in self._parts()[:MAX_INDEX_PARTS]:
            quarter = self._quarter(part)
            for number, paper in enumerate(quarter.ids):
                if paper in papers:
                    days[paper] = max(days.get(paper, ""), quarter.day_of(number))
        return days

    def search(self, text: str, limit: int) -> list[HotPaper]:
        """The papers that a query selects, best first, each in its latest issue. Raises InputError."""
        query = parse(text)
        if not query.asks:
            raise InputError("the query has no word")
        scores: dict[str, tuple[int, str, int]] = {}
        for part in islice((part for part in self._parts() if is_part_within(part, query)), MAX_INDEX_PARTS):
            quarter = self._quarter(part)
            for number, score in scores_of(self, part, quarter, query).items():
                paper = quarter.ids[number]
                scores[paper] = max(scores.get(paper, (-1, "", 0)), (score, part, number))
        best = sorted(scores.values(), reverse=True)  # of equal scores the latest
        hits = (self._numbered(part, number) for _, part, number in best[:limit])
        return [hit for hit in hits if hit]

    # ---- files ---------------------------------------------------------------------------------------

    def _parts(self) -> list[str]:
        return sorted(self._read("search/index.json", _SearchIndex).parts, reverse=True)

    def _quarter(self, part: str) -> QuarterIndex:
        return self._read(f"search/{part}/index.json", QuarterIndex)

    def _numbered(self, part: str, number: int) -> HotPaper | None:
        quarter = self._quarter(part)
        day = quarter.day_of(number)
        papers = self._shown(day) if day else ()
        return next((self._answer(day, shown) for shown in papers if shown.paper == quarter.ids[number]), None)

    def _read(self, path: str, kind: type[T]) -> T:
        try:
            return decode_json(self.file(path), kind)
        except InputError as problem:
            raise InputError(f"{self.address}{path}: {problem}") from None

    def file(self, path: str) -> bytes:
        """The bytes of a file of the site. Raises NotFound, NetError, InputError."""
        at, body = self._files.get(path, (float("-inf"), b""))
        if self._clock() - at > FRESH:
            body = self._fetch(path)
            if len(body) > MAX_FILE_BYTES:
                raise InputError(f"{self.address}{path}: larger than {MAX_FILE_BYTES:,} bytes")
            self._files[path] = (self._clock(), body)
            if len(self._files) > KEPT_FILES:
                self._files.popitem(last=False)
        return body

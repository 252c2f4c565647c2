"""A published site, read as any visitor can: its issues, its papers, and a search. Without a store, without a key.

It reads what the site's own search pages load; `publish.render.html.search_index` describes these files. All of them
are a stranger's: they are checked against their types, and only paths made here are requested.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from msgspec import Meta

from hotpapers.base.errors import InputError, NotAnArxivId, NotFound
from hotpapers.base.untrusted_json import decode_json
from hotpapers.keep.search.tokenizer import stem, words
from hotpapers.publish.query import schemas
from hotpapers.publish.query.session import paper_key
from hotpapers.publish.view.site_paths import paper_url
from hotpapers.wings.mcp.record_tools import HotPaper

if TYPE_CHECKING:
    from hotpapers.base.http import PoliteHttpClient

T = TypeVar("T")
FRESH = 300.0
"""Seconds for which a file is kept."""
KEPT_FILES = 200
MAX_FILE_BYTES = 5_000_000
MAX_INDEX_PARTS = 40
"""Quarters that a search covers, from the latest on."""
MAX_QUERY_WORDS = 32
WEIGHTS = {"A": 5, "B": 3, "C": 1, "D": 2}
"""What a word counts in the title, in a name, in the text, and several times in the text."""
_POSTING = re.compile(r"([0-9a-z]{1,6})([A-DZ])")
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


class _QuarterIndex(msgspec.Struct, frozen=True, rename={"first_words": "from"}):
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
        day = next(self.days(), "") if day == "latest" else day
        if not day:
            raise NotFound("the site has no issue yet")
        return tuple(self._answer(day, shown) for shown in self._shown(day))

    def _shown(self, day: str) -> tuple[_ShownPaper, ...]:
        return self._read(f"search/papers/{day}.json", tuple[_ShownPaper, ...])

    def _answer(self, day: str, shown: _ShownPaper) -> HotPaper:
        try:
            page = paper_url(self.address, paper_key(shown.paper))
        except NotAnArxivId as problem:
            raise InputError(f"{self.address}search/papers/{day}.json: {problem}") from problem
        return schemas.answer_of(HotPaper, shown, day=day, page=page)

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

    def search(self, query: str, limit: int) -> list[HotPaper]:
        """The papers with all words of a query, best first, each in its latest issue. Raises InputError."""
        terms = list(dict.fromkeys(words(query)))[:MAX_QUERY_WORDS]
        if not terms:
            raise InputError("the query has no word")
        scores: dict[str, tuple[int, str, int]] = {}
        for part in self._parts()[:MAX_INDEX_PARTS]:
            quarter = self._quarter(part)
            for number, score in self._scores(part, quarter, terms).items():
                if number < len(quarter.ids):
                    paper = quarter.ids[number]
                    if paper not in scores or scores[paper][0] < score:
                        scores[paper] = (score, part, number)
        best = sorted(scores.values(), reverse=True)  # of equal scores the latest
        hits = (self._numbered(part, number) for _, part, number in best[:limit])
        return [hit for hit in hits if hit]

    def _scores(self, part: str, quarter: _QuarterIndex, terms: Sequence[str]) -> dict[int, int]:
        """By paper number: what the words count, for papers that have all of them."""
        total: dict[int, int] | None = None
        for term in terms:
            counts = dict[int, int]()
            for form in {term, stem(term)}:
                for number, weight in self._postings(part, quarter, form).items():
                    counts[number] = max(counts.get(number, 0), weight)
            total = counts if total is None else {n: total[n] + counts[n] for n in total.keys() & counts.keys()}
        return total or {}

    def _postings(self, part: str, quarter: _QuarterIndex, word: str) -> dict[int, int]:
        file = bisect_right([_script_order(first) for first in quarter.first_words], _script_order(word)) - 1
        if file < 0:
            return {}
        lines = self.file(f"search/{part}/{file:02}.txt").decode("utf-8", "replace")
        start = lines.find(f"\n{word} ")
        if start < 0:
            return {}
        text = lines[start + len(word) + 2 : lines.find("\n", start + 1)]
        weights: defaultdict[int, int] = defaultdict(int)
        if text.startswith("*"):  # in most texts
            weights.update(dict.fromkeys(range(len(quarter.ids)), WEIGHTS["C"]))
        for digits, place in _POSTING.findall(text):
            number = int(digits, 36)
            weights[number] += -weights[number] if place == "Z" else WEIGHTS[place]
        return {number: weight for number, weight in weights.items() if weight > 0}

    # ---- files ---------------------------------------------------------------------------------------

    def _parts(self) -> list[str]:
        return sorted(self._read("search/index.json", _SearchIndex).parts, reverse=True)

    def _quarter(self, part: str) -> _QuarterIndex:
        return self._read(f"search/{part}/index.json", _QuarterIndex)

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


def _script_order(text: str) -> bytes:
    """What to compare to order texts as scripts in browsers do, which wrote the files' order."""
    return text.encode("utf-16-be", "surrogatepass")

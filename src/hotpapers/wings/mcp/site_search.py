"""Searches a published site: the papers that a query selects, with the files and by the rules of the site's own search
(`publish/render/templates/search_index.js`), except that words count alike however rare they are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate, islice, pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from hotpapers.base.errors import InputError
from hotpapers.base.untrusted_json import PaperId
from hotpapers.keep.search.query_parser import SearchAtom, SearchQuery, SearchTerm
from hotpapers.keep.search.tokenizer import stem_word
from hotpapers.wings.mcp.site_files import Fetch, Question, require_once

MAX_ISSUES, MAX_PAPERS, MAX_WORD_FILES = 92, 5_000, 100
"""Issues of a quarter, papers of an issue, files of a quarter's words."""
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Name = Annotated[str, Meta(max_length=1_000)]
WEIGHTS = {"A": 5, "B": 3, "C": 1, "D": 2}
"""What a word counts in the title, in a name, in the text, and several times in the text."""
LETTERS = {"": "ACD", "title": "A", "labels": "A", "authors": ""}
"""Where words of a field are without plural endings. Names are as they are written: B."""
MAX_PREFIX_FILES = 4
_POSTING = re.compile(r"([0-9a-z]{1,6})([A-DZ])")

Scores = Mapping[int, int]
"""What papers of a part count, by number."""


class QuarterIndex(msgspec.Struct, frozen=True, dict=True, rename={"first_words": "from"}):
    """The index of a quarter: days with their number of papers, the papers, and the first word of each word file.
    `covers`: the first and the last day of each issue, if issues are of several days."""

    issues: Annotated[
        tuple[tuple[Day, Annotated[int, Meta(ge=0, le=MAX_PAPERS)]], ...], Meta(min_length=1, max_length=MAX_ISSUES)
    ]
    ids: Annotated[tuple[PaperId, ...], Meta(max_length=MAX_ISSUES * MAX_PAPERS)]
    first_words: Annotated[tuple[Name, ...], Meta(max_length=MAX_WORD_FILES)]
    covers: Annotated[tuple[tuple[Day, Day], ...], Meta(max_length=MAX_ISSUES)] = ()

    @cached_property
    def _ends(self) -> list[int]:
        """By issue, the number that follows its last paper's."""
        return list(accumulate(count for _, count in self.issues))

    def day_of(self, number: int) -> str:
        """The issue with a paper's number."""
        return self.issues[bisect_right(self._ends, number)][0]

    def covered_days(self, number: int) -> tuple[str, str]:
        """The first and the last day of the issue with a paper's number."""
        n = bisect_right(self._ends, number)
        day = self.issues[n][0]
        return self.covers[n] if self.covers else (day, day)

    def __post_init__(self) -> None:
        require_once([day for day, _ in self.issues], "an issue")
        if self._ends[-1] != len(self.ids):
            raise InputError(f"has {len(self.ids):,} papers, and issues of {self._ends[-1]:,}")
        if self.covers and len(self.covers) != len(self.issues):
            raise InputError(f"has {len(self.issues):,} issues, and the days of {len(self.covers):,}")
        for start, end in pairwise([0, *self._ends]):
            require_once(self.ids[start:end], "a paper of an issue")


def scores_of(fetch: Fetch, question: Question, quarter: QuarterIndex, part: str, query: SearchQuery) -> Scores:
    """The papers of a part that a query selects. `fetch`: reads a file of the site."""
    numbers = question.within(range(len(quarter.ids)))
    chosen = {n: 0 for n in numbers if not has_span(query) or _is_within(quarter.covered_days(n), query)}
    search = _PartSearch(fetch, question, quarter, part)
    for alternatives in query.wanted:
        scores = _best(search.atom(atom) for atom in alternatives)
        chosen = {n: score + scores[n] for n, score in chosen.items() if n in scores}
    unwanted = {n for atom in query.unwanted for n in search.atom(atom)}
    return {n: score * query.is_ranked for n, score in chosen.items() if n not in unwanted}


def has_span(query: SearchQuery) -> bool:
    """Whether a query names days."""
    return bool(query.since or query.until)


def is_part_within(part: str, query: SearchQuery) -> bool:
    """Whether issues of a quarter such as 2026-q1 may have days of a query's span: the first ones may cover days of the
    month before."""
    last = 3 * int(part[-1])
    last_month = f"{part[:5]}{last:02}"
    if last > 3:
        first_month = f"{part[:5]}{last - 3:02}"
    else:
        first_month = f"{int(part[:4]) - 1:04}-12"
    if query.since[:7] > last_month:
        return False
    return not query.until or first_month <= f"{query.until}~"


def _is_within(days: tuple[str, str], query: SearchQuery) -> bool:
    first, last = days
    if query.since > last:
        return False
    return not query.until or first <= f"{query.until}~"


def _best(all_scores: Iterable[Scores]) -> Scores:
    best: dict[int, int] = {}
    for scores in all_scores:
        for number, score in scores.items():
            best[number] = max(best.get(number, 0), score)
    return best


class _PartSearch:
    """One part's index files."""

    def __init__(self, fetch: Fetch, question: Question, quarter: QuarterIndex, part: str) -> None:
        self._fetch = fetch
        self._question = question
        self._part = part
        self._quarter = quarter
        self._firsts = [_script_order(first) for first in quarter.first_words]

    def atom(self, atom: SearchAtom) -> Scores:
        """The papers with all words of a condition."""
        words = [(term, word) for term in atom.terms for word in term.words]
        total = None
        for term, word in words:
            scores = self._word(term, word)
            if total is None:
                total = scores
            else:
                total = {n: total[n] + scores[n] for n in total.keys() & scores.keys()}
        return total or {}

    def _word(self, term: SearchTerm, word: str) -> Scores:
        forms = defaultdict[str, str](str)
        forms[stem_word(word)] += LETTERS[term.field]
        forms[word] += "B" if term.field in ("", "authors") else ""
        begins = term.prefix and word == term.words[-1]
        return _best(self._postings(form, letters, begins) for form, letters in forms.items() if letters)

    def _postings(self, form: str, letters: str, begins: bool) -> Scores:
        weights = defaultdict[int, int](int)
        for line in self._question.within(self._lines(form, begins)):
            if line.startswith("*") and "C" in letters:  # in most texts
                matches = _POSTING.findall(line)
                without = {int(digits, 36) for digits, letter in matches if letter == "Z"}
                for number in range(len(self._quarter.ids)):
                    weights[number] += number not in without
            for digits, letter in _POSTING.findall(line):
                if letter in letters:
                    weights[int(digits, 36)] += WEIGHTS[letter]
        return {number: weight for number, weight in weights.items() if weight > 0 and number < len(self._quarter.ids)}

    def _lines(self, form: str, begins: bool) -> Iterable[str]:
        """What stands behind a word, or behind each word that begins so."""
        start = bisect_right(self._firsts, _script_order(form)) - 1
        if begins:
            end = bisect_right(self._firsts, _script_order(f"{form}\uffff"))
        else:
            end = start + 1
        escaped_form = re.escape(form)
        pattern = re.compile(rf"^({escaped_form}{'[^ ]*' if begins else ''}) (.*)$", re.MULTILINE)
        for file in islice(range(max(start, 0), end), MAX_PREFIX_FILES):
            path = f"search/{self._part}/{file:02}.txt"
            matches = pattern.findall(self._fetch(path).decode("utf-8", "replace"))
            require_once([word for word, _ in matches], f"{path}: a word")
            yield from (line for _, line in matches)


def _script_order(text: str) -> bytes:
    """What to compare to order texts as scripts in browsers do, which wrote the files' order."""
    return text.encode("utf-16-be", "surrogatepass")

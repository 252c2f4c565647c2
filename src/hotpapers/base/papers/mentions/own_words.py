"""Which words of a post are its author's own: neither from the paper nor from a fixed frame. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from hotpapers.base.model import Paper
from hotpapers.base.papers.arxiv.taxonomy import KNOWN
from hotpapers.base.text.accents import without_accents

MAX_TEXT_CHARS = 2_000
"""Characters of a post's text that are considered; of an abstract, twice as many."""
RUN = 4
"""This many words in a row that are in the abstract too count as quoted from it."""
BARE = 10
"""At most this percentage of a bare text's letters is its author's own."""
REMEMBERED = 500
"""Papers whose words are cached: many posts name the same one."""
FRAME_FROM = 10
"""The fewest posts from which a frame is made, of the words that half of them share."""

_PASSED_OVER = re.compile(r"[#@]|.*(?:://|\d)|[^.]*\..*/")
"""Hashtags and @names, addresses with and without a scheme, and anything with a digit in it."""
_TEX = re.compile(r"\\[^\w\s]|[{}$\\]")
_WORD = re.compile(r"[^\W\d_]+")
_CATEGORIES = frozenset(category.casefold() for category in KNOWN)


class OwnWords(NamedTuple):
    """A text's words in order, and those that don't come from the papers that it names."""

    words: tuple[str, ...]
    own: tuple[str, ...]


def to_words(text: str) -> list[str]:
    """A text's words without accents, signs, numbers and case: `S\\'avio` and `Sávio` are both `savio`.

    Addresses, hashtags, @names, categories and anything with a digit in it are skipped.
    """
    parts = [part for part in text.split() if not _is_passed_over(part)]
    return _WORD.findall(without_accents(_TEX.sub("", " ".join(parts))).casefold())


def _is_passed_over(part: str) -> bool:
    return _PASSED_OVER.match(part) is not None or part.strip("[]().,:;").casefold() in _CATEGORIES


def own_words(text: str, papers: Iterable[Paper | None]) -> OwnWords:
    """A post's words, and those that are in neither the title, the authors' names nor a passage of the abstract.

    If one of its papers is unknown (None, or without a title), all words count as its own: too few bare texts are
    better than too many.
    """
    words = to_words(text[:MAX_TEXT_CHARS])
    known_papers = []
    for paper in papers:
        if paper is None or not paper.title:
            return OwnWords(tuple(words), tuple(words))
        known_papers.append(paper)
    known = frozenset[str]().union(*(_names(paper.title, paper.authors) for paper in known_papers))
    own = [number for number, word in enumerate(words) if word not in known]
    if 100 * sum(len(words[number]) for number in own) > BARE * sum(map(len, words)):
        # The positions of words in runs that are also in an abstract
        runs = frozenset[tuple[str, ...]]().union(*(_runs(paper.abstract) for paper in known_papers))
        quoted = set[int]()
        for start in range(len(words) - RUN + 1):
            if tuple(words[start : start + RUN]) in runs:
                quoted.update(range(start, start + RUN))
        own = [number for number in own if number not in quoted]
    return OwnWords(tuple(words), tuple(words[number] for number in own))


@lru_cache(REMEMBERED)
def _names(title: str, authors: tuple[str, ...]) -> frozenset[str]:
    """The words of a paper's title and of its authors' names."""
    return frozenset(word for text in (title, *authors) for word in to_words(text))


@lru_cache(REMEMBERED)
def _runs(abstract: str) -> frozenset[tuple[str, ...]]:
    """All runs of RUN words in an abstract."""
    abstract_words = to_words(abstract[: 2 * MAX_TEXT_CHARS])
    return frozenset(tuple(abstract_words[start : start + RUN]) for start in range(len(abstract_words) - RUN + 1))


def common_words(texts: Sequence[OwnWords]) -> frozenset[str]:
    """The words, other than the papers', that half of an account's posts have: *new paper*, *pdf*, *abs*."""
    if len(texts) < FRAME_FROM:
        return frozenset()
    times = Counter(word for text in texts for word in set(text.own))
    return frozenset(word for word, count in times.items() if 2 * count >= len(texts))


def is_bare(words: OwnWords, fixed: frozenset[str] = frozenset()) -> bool:
    """Whether at most a tenth of the letters are the author's own; a text without words is bare."""
    own = sum(len(word) for word in words.own if word not in fixed)
    return 100 * own <= BARE * sum(map(len, words.words))

"""The order of papers for a reader. Pure; `for_me.js` orders the same way.

A paper's value is its closeness to the starred papers, in ten-thousandths; a followed author adds more than any
closeness, a followed word half of that. What a reader does not want takes off half its closeness to the nearest such
paper. Equal values keep the public order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nlargest
from typing import NamedTuple

from hotpapers.wings.personal.vectors import (
    NEAREST,
    WHOLE,
    Vector,
    WeighedVector,
    closeness,
    common_words,
    mean,
    vector_of,
    weighed,
)

BY_AUTHOR, BY_WORD = 2 * WHOLE, WHOLE
SHOWN_WORDS = 3
"""Words that a reason names."""


class RankedText(NamedTuple):
    """A paper to be ordered, or a starred one."""

    paper: str
    title: str
    authors: tuple[str, ...] = ()
    abstract: str = ""
    categories: tuple[str, ...] = ()


class ReaderProfile(NamedTuple):
    """What a reader starred, with their vectors, and follows."""

    starred: tuple[tuple[RankedText, WeighedVector], ...]
    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unwanted: tuple[WeighedVector, ...] = ()


class PersonalPlace(NamedTuple):
    """A paper in a reader's order: its value, and why it is there, in words; "" without a reason."""

    paper: RankedText
    value: int
    reason: str


def order_for(papers: Iterable[RankedText], profile: ReaderProfile) -> list[PersonalPlace]:
    """Papers in a reader's order, without those that are starred. `papers`: in the public order."""
    return order_with_vectors(((paper, vector_of_text(paper)) for paper in papers), profile)


def vector_of_text(paper: RankedText) -> Vector:
    """The vector of a paper."""
    return vector_of(paper.title, paper.abstract, paper.categories)


def order_with_vectors(papers: Iterable[tuple[RankedText, Vector]], profile: ReaderProfile) -> list[PersonalPlace]:
    """The same for papers with their vectors."""
    starred = {text.paper for text, _ in profile.starred}
    places = [place_of(paper, weighed(vector), profile) for paper, vector in papers if paper.paper not in starred]
    return sorted(places, key=lambda place: -place.value)


def place_of(paper: RankedText, vector: WeighedVector, profile: ReaderProfile) -> PersonalPlace:
    """A paper's value and reason."""
    every = [(closeness(vector, other), -n) for n, (_, other) in enumerate(profile.starred)]
    nearest = nlargest(NEAREST, every)
    author = first_match(profile.authors, ", ".join(paper.authors))
    word = first_match(profile.words, f"{paper.title} {paper.abstract}")
    value = mean([near for near, _ in nearest]) + BY_AUTHOR * bool(author) + BY_WORD * bool(word)
    value -= max((closeness(vector, other) for other in profile.unwanted), default=0) // 2
    reasons = []
    if nearest and nearest[0][0]:
        text, other = profile.starred[-nearest[0][1]]
        words = ", ".join(common_words(vector.weights, other.weights, SHOWN_WORDS))
        reasons.append(f"near “{text.title or text.paper}”: {words}")
    reasons += [f"by {author}, whom you follow"] * bool(author) + [f"has “{word}”"] * bool(word)
    return PersonalPlace(paper, value, " · ".join(reasons))


def first_match(phrases: Sequence[str], text: str) -> str:
    """The first phrase that stands in a text, whatever its case; "" if none does."""
    return next((phrase for phrase in phrases if phrase.strip() and _pattern(phrase).search(text)), "")


@lru_cache(maxsize=1_000)
def _pattern(phrase: str) -> re.Pattern[str]:
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)

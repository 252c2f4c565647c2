"""The order of papers for a reader. Pure; `for_me.js` orders the same way.

A paper's value is its closeness to the starred papers, in ten-thousandths, by the words that distinguish these from the
other papers to be ordered; a followed author adds more than any closeness, a followed word half of that. What a reader
does not want takes off half its closeness to the nearest such paper. Equal values keep the public order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import floor
from typing import NamedTuple

from hotpapers.wings.personal.vectors import (
    WHOLE,
    Vector,
    WeighedVector,
    broad_vector_of,
    common_words,
    vector_closeness,
    vector_of,
    weigh_vector,
)

BY_AUTHOR = 2 * WHOLE
BY_WORD = WHOLE
ROUNDS = 5
"""After these, the order hardly changes."""
ALLOWED = 0.03
"""A paper that is not starred lowers the weights of its words while they come to more than this."""
STAR_SOFTNESS, OTHER_SOFTNESS = 1.25, 11.0
"""Divide each step: one starred paper has nine times the say of another paper."""
UNIT = 2**32
"""In which a paper's step is counted, divided by its length."""
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
    """A reader's starred papers with their vectors, and the followed authors and words."""

    starred: tuple[tuple[RankedText, WeighedVector], ...]
    authors: tuple[str, ...]
    words: tuple[str, ...]
    unwanted: tuple[WeighedVector, ...] = ()


class PersonalPlace(NamedTuple):
    """A paper in a reader's order: its value, and why it is there, in words; "" without a reason. `closeness`: to what
    is starred, in ten-thousandths."""

    paper: RankedText
    value: int
    reason: str
    closeness: int


def order_for(papers: Iterable[RankedText], profile: ReaderProfile) -> list[PersonalPlace]:
    """Papers in a reader's order, without those that are starred. `papers`: in the public order."""
    return order_with_vectors(((paper, vector_of_text(paper)) for paper in papers), profile)


def vector_of_text(paper: RankedText) -> Vector:
    """The vector of a paper."""
    return vector_of(paper.title, paper.abstract, paper.categories)


def broad_vector_of_text(paper: RankedText) -> WeighedVector:
    """The vector by which papers are related to others."""
    return weigh_vector(broad_vector_of(paper.title, paper.abstract))


def order_with_vectors(papers: Iterable[tuple[RankedText, Vector]], profile: ReaderProfile) -> list[PersonalPlace]:
    """Papers with their vectors, the nearest first, without starred ones."""
    starred = {text.paper for text, _ in profile.starred}
    others = [(paper, weigh_vector(vector)) for paper, vector in papers if paper.paper not in starred]
    in_order = sorted(others, key=lambda other: other[0].paper)  # the same on every page
    vectors = [vector for _, vector in profile.starred]
    words = learn_words(vectors, [vector for _, vector in in_order])
    places = [place_of(paper, vector, profile, words) for paper, vector in others]
    return sorted(places, key=lambda place: -place.value)


def place_of(paper: RankedText, vector: WeighedVector, profile: ReaderProfile, liked: LikedWords) -> PersonalPlace:
    """A paper's value and reason."""
    near = closeness_to_liked(vector, liked)
    author = first_match(profile.authors, ", ".join(paper.authors))
    word = first_match(profile.words, f"{paper.title} {paper.abstract}")
    closenesses = (vector_closeness(vector, other) for other in profile.unwanted)
    value = near - max(closenesses, default=0) // 2
    reasons = [_nearest(vector.weights, profile, liked)] if near else []
    if author:
        value += BY_AUTHOR
        reasons.append(f"by {author}, whom you follow")
    if word:
        value += BY_WORD
        reasons.append(f"has “{word}”")
    return PersonalPlace(paper, value, " · ".join(reasons), near)


def _nearest(vector: Vector, profile: ReaderProfile, liked: LikedWords) -> str:
    """The starred paper that speaks most for a paper, of equal ones the first, and by which words."""
    speaking = {word: weight for word, weight in vector.items() if liked.weights.get(word, 0) > 0}

    def weight_of(n: int) -> int:
        words = profile.starred[n][1].weights
        return liked.pulls[n] * sum([weight * words.get(word, 0) for word, weight in speaking.items()])

    text, star = profile.starred[max(range(len(profile.starred)), key=weight_of)]
    shared = {word: liked.weights[word] for word in speaking if word in star.weights}
    return f"near “{text.title or text.paper}”: {', '.join(common_words(vector, shared, SHOWN_WORDS))}"


def first_match(phrases: Sequence[str], text: str) -> str:
    """The first phrase found in a text, whatever its case; "" if none does."""
    return next((phrase for phrase in phrases if phrase.strip() and _pattern(phrase).search(text)), "")


@lru_cache(maxsize=1_000)
def _pattern(phrase: str) -> re.Pattern[str]:
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)


# ---- liked words ------------------------------------------------------------------------------------------
# Which words speak for a paper and which against it, learned from what a reader starred and the day's other papers: a
# linear support vector machine, by dual coordinate descent (Hsieh et al., 2008) in a fixed number of rounds. Each
# starred paper raises its words until it comes to 1; each other paper lowers its own while it is above `ALLOWED`. How
# far a paper does so is an integer, and so are the words' weights: sums are the same in any order, and `vectors.js`
# learns the same to the last bit.


class LikedWords(NamedTuple):
    """Weights by word, below 0 for words that speak against a paper. `pulls`: how far each starred paper raised its
    words."""

    weights: Mapping[str, int]
    pulls: Sequence[int]


def learn_words(starred: Sequence[WeighedVector], others: Sequence[WeighedVector]) -> LikedWords:
    """The words' weights. The order of the other papers changes the last digits."""
    weights = defaultdict[str, int](int)
    pulls = [0] * (len(starred) + len(others))
    for _ in range(ROUNDS):
        for n, paper in enumerate((*starred, *others)):
            if not paper.length:
                continue
            before = pulls[n]
            sign = 1 if n < len(starred) else -1
            product = _product(weights, paper.weights)
            pulls[n] = _pull(before, product, paper.length, is_star=sign > 0)
            step = sign * (pulls[n] - before)
            for word, weight in paper.weights.items() if step else ():
                weights[word] += step * weight
    return LikedWords(weights, pulls[: len(starred)])


def _pull(before: int, product: int, length: int, *, is_star: bool) -> int:
    near = product / (length << 16)
    own = before * length / UNIT
    if is_star:
        step = (own - near + 1) / STAR_SOFTNESS
    else:
        step = (own + near - ALLOWED) / OTHER_SOFTNESS
    return floor(step * UNIT / length + 0.5) if step > 0 else 0


def _product(weights: Mapping[str, int], vector: Vector) -> int:
    return sum([weight * weights.get(word, 0) for word, weight in vector.items()])


def closeness_to_liked(paper: WeighedVector, words: LikedWords) -> int:
    """How close a paper is to the starred ones, in ten-thousandths of what they come to themselves."""
    product = _product(words.weights, paper.weights)
    if product > 0:
        return min(product * WHOLE // (paper.length << 16), WHOLE)
    return 0

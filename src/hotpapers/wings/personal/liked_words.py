"""Which words speak for a paper and which against it, learned from what a reader starred and the day's other papers: a
linear support vector machine, by dual coordinate descent (Hsieh et al., 2008) in a fixed number of rounds.

Each starred paper raises its words until it comes to 1; each other paper lowers its own while it is above `ALLOWED`.
How far a paper does so is an integer, and so are the words' weights: sums are the same in any order, and `vectors.js`
learns the same to the last bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import floor
from typing import NamedTuple

from hotpapers.wings.personal.vectors import WHOLE, Vector, WeighedVector

ROUNDS = 5
"""In which the order hardly changes any more."""
ALLOWED = 0.03
"""What another paper may have in common with starred ones."""
STAR_SOFTNESS, OTHER_SOFTNESS = 1.25, 11.0
"""Divide each step: one starred paper has nine times the say of another paper."""
UNIT = 2**32
"""In which a paper's step is counted, divided by its length."""


class LikedWords(NamedTuple):
    """Weights by word, below 0 for words that speak against a paper. `pulls`: how far each starred paper raised its
    words."""

    weights: Mapping[str, int]
    pulls: Sequence[int]


def learn(starred: Sequence[WeighedVector], others: Sequence[WeighedVector]) -> LikedWords:
    """The words' weights. The order of the other papers changes the last digits."""
    weights: defaultdict[str, int] = defaultdict(int)
    pulls = [0] * (len(starred) + len(others))
    for _ in range(ROUNDS):
        for n, paper in enumerate((*starred, *others)):
            if not paper.length:
                continue
            before, sign = pulls[n], 1 if n < len(starred) else -1
            pulls[n] = _pull(before, _product(weights, paper.weights), paper.length, is_star=sign > 0)
            step = sign * (pulls[n] - before)
            for word, weight in paper.weights.items() if step else ():
                weights[word] += step * weight
    return LikedWords(weights, pulls[: len(starred)])


def _pull(before: int, product: int, length: int, *, is_star: bool) -> int:
    near, own = product / (length << 16), before * length / UNIT
    step = (own - near + 1) / STAR_SOFTNESS if is_star else (own + near - ALLOWED) / OTHER_SOFTNESS
    return floor(step * UNIT / length + 0.5) if step > 0 else 0


def _product(weights: Mapping[str, int], vector: Vector) -> int:
    return sum([weight * weights.get(word, 0) for word, weight in vector.items()])


def closeness_to_liked(paper: WeighedVector, words: LikedWords) -> int:
    """How close a paper is to the starred ones, in ten-thousandths of what they come to themselves."""
    product = _product(words.weights, paper.weights)
    return min(product * WHOLE // (paper.length << 16), WHOLE) if product > 0 else 0

"""How close papers are by their saved vectors."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from math import isqrt
from operator import mul

from hotpapers.wings.personal.embeddings.queries import SavedVectors
from hotpapers.wings.personal.vectors import MAX_RELATED, WHOLE

MAX_CANDIDATES = 100
"""The nearest papers by words, which are put in order by vectors."""


def nearest(saved: SavedVectors | None, paper: str, by_words: Mapping[str, int]) -> list[tuple[str, int]]:
    """The papers nearest to one, by key, with their closeness in ten-thousandths: of the nearest by words, those
    nearest by vectors."""
    values = by_vectors(saved, paper, dict(_first(by_words, MAX_CANDIDATES)))
    return _first(values, MAX_RELATED)


def _first(values: Mapping[str, int], count: int) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))[:count]


def by_vectors(saved: SavedVectors | None, paper: str, by_words: Mapping[str, int]) -> Mapping[str, int]:
    """How close papers are to one, by key, in ten-thousandths: by vectors, or as `by_words` says if the vector of any
    is missing, since values of both kinds do not compare."""
    vectors = saved.vectors({paper, *by_words}) if saved else {}
    if not any(vectors.get(paper, b"")) or not by_words.keys() <= vectors.keys():
        return by_words
    return {other: cosine(vectors[paper], vectors[other]) for other in by_words}


def cosine(vector: bytes, other: bytes) -> int:
    """The cosine of two vectors of signed bytes in ten-thousandths, 0 at least."""
    first, second = array("b", vector), array("b", other)
    product = sum(map(mul, first, second))
    length = isqrt(sum(map(mul, first, first)) * sum(map(mul, second, second)))
    return max(product * WHOLE // length, 0) if length else 0

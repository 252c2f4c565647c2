"""How close papers are by their saved vectors."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import isqrt
from operator import mul

from hotpapers.wings.personal.embeddings.vector_files import EmbeddingFiles
from hotpapers.wings.personal.vectors import WHOLE

MAX_CANDIDATES = 100
"""The nearest papers by words, which are put in order by vectors."""


def by_vectors(files: EmbeddingFiles, paper: str, others: Sequence[str]) -> list[int] | None:
    """How close each of some papers is to one, by key, in ten-thousandths; None if the vector of any is missing:
    values by vectors and by words do not compare."""
    own, vectors = files.vector(paper), list(map(files.vector, others))
    if own is None or not any(own):
        return None
    values = [cosine(own, vector) for vector in vectors if vector is not None]
    return values if len(values) == len(others) else None


def cosine(vector: bytes, other: bytes) -> int:
    """The cosine of two vectors of signed bytes in ten-thousandths, 0 at least."""
    first, second = array("b", vector), array("b", other)
    product = sum(map(mul, first, second))
    length = isqrt(sum(map(mul, first, first)) * sum(map(mul, second, second)))
    return max(product * WHOLE // length, 0) if length else 0

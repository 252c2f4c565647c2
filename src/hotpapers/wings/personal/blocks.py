"""Vectors of many papers, by word, so that the nearest to a paper are found without comparing it to each.

    block_of(papers)                  the vectors of some papers: three integers for each word of each
    nearest_in(block, vector, count)  the papers of a block that are nearest to one
    SAVING                            blocks as bytes, and read again

A block of a thousand papers takes some 0.5 MB, an empty one 0.06 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from heapq import nlargest
from itertools import accumulate
from operator import itemgetter, truediv
from typing import NamedTuple

import msgspec

from hotpapers.wings.personal.kept import Saving
from hotpapers.wings.personal.vectors import (
    MAX_WEIGHT,
    VERSION,
    WHOLE,
    Vector,
    WeighedVector,
    weigh_vector,
    word_levels,
)


class DatedPaper(NamedTuple):
    """A paper, and the day of the issue with it, or on which it was announced."""

    paper: str
    title: str
    day: str


class VectorBlock(NamedTuple):
    """Papers, each with the length of its vector. Of each word in the table: from its place in `starts` to the next,
    the papers that have it, by number, and their weights. Numbers are in this machine's order, as arrays of `L` in
    `lengths`, of `B` in `weights`, of `I` in the others."""

    papers: tuple[DatedPaper, ...]
    lengths: bytes
    starts: bytes
    numbers: bytes
    weights: bytes


@cache
def _numbers() -> Mapping[str, int]:
    return {word: number for number, word in enumerate(word_levels())}


def block_of(papers: Iterable[tuple[DatedPaper, Vector]]) -> VectorBlock:
    """The vectors of papers; those without a word of the table are left out."""
    held = sorted(((paper, vector) for paper, vector in papers if vector), key=itemgetter(0))  # equally near, by key
    table = _numbers()
    rows = sorted(
        table[word] << 38 | n << 6 | weight for n, (_, vector) in enumerate(held) for word, weight in vector.items()
    )
    counts = [0] * (len(table) + 1)
    for row in rows:
        counts[(row >> 38) + 1] += 1
    return VectorBlock(
        tuple(paper for paper, _ in held),
        array("L", [weigh_vector(vector).length for _, vector in held]).tobytes(),
        array("I", accumulate(counts)).tobytes(),
        array("I", [row >> 6 & 0xFFFFFFFF for row in rows]).tobytes(),
        bytes([row & MAX_WEIGHT for row in rows]),
    )


def nearest_in(block: VectorBlock, vector: WeighedVector, count: int, least: int) -> Iterator[tuple[int, DatedPaper]]:
    """The papers of a block that are nearest to one, at least so close (as in `vectors`), the nearest first."""
    products = [0] * len(block.papers)
    table = _numbers()
    weights = block.weights
    starts = memoryview(block.starts).cast("I")
    numbers = memoryview(block.numbers).cast("I")
    lengths = memoryview(block.lengths).cast("L")
    for word, weight in vector.weights.items():
        start = starts[table[word]]
        end = starts[table[word] + 1]
        # The papers with the word, by number, and its weight in each: one or none, if a block has few
        if end - start == 1:
            products[numbers[start]] += weight * weights[start]
        elif end > start:
            for other, other_weight in zip(numbers[start:end].tolist(), weights[start:end], strict=True):
                products[other] += weight * other_weight
    ratios = list(map(truediv, products, lengths.tolist()))
    bound = (least - 1) * vector.length / (WHOLE << 16)
    near = [n for n, ratio in enumerate(ratios) if ratio > bound]
    for n in nlargest(count, near, key=ratios.__getitem__):
        scaled = (products[n] << 16) * WHOLE
        value = scaled // (vector.length * lengths[n])
        if value >= least:
            yield value, block.papers[n]


SAVING = Saving(f"blocks 3, words {VERSION}", msgspec.msgpack.encode, partial(msgspec.msgpack.decode, type=VectorBlock))

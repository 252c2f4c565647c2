"""Spans: (start, end) pairs of numbers, without the end. Those called `apart` ascend, and do not overlap or touch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

Span = tuple[int, int]


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Merges spans in any order into the fewest disjoint spans, in ascending order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def clip_spans(apart: Sequence[Span], start: int, end: int) -> Iterator[Span]:
    """Yields the parts of disjoint, ascending spans that lie between two points."""
    for left, right in apart[bisect_right(apart, start, key=itemgetter(1)) :]:
        if left >= end:
            break
        yield max(left, start), min(right, end)

"""Spans cover what sets of numbers say, in as few spans as possible."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.spans import Span, clip_spans, merge_spans
from hotpapers.wings.peers.following.file_intake import subtract_spans

SPANS = st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.lists(SPANS))
def test_the_union_covers_the_same_with_gaps_between(spans: list[Span]) -> None:
    result = merge_spans(spans)
    assert numbers_in(result) == numbers_in(spans)
    assert_apart(result)


@given(st.lists(SPANS), SPANS)
def test_what_is_covered_between_two_points(spans: list[Span], between: Span) -> None:
    result = list(clip_spans(merge_spans(spans), *between))
    assert numbers_in(result) == numbers_in(spans) & numbers_in([between])
    assert_apart(result)


@given(st.lists(SPANS), st.lists(SPANS))
def test_the_difference_covers_what_only_the_first_do(spans: list[Span], without: list[Span]) -> None:
    result = subtract_spans(merge_spans(spans), merge_spans(without))
    assert numbers_in(result) == numbers_in(spans) - numbers_in(without)
    assert_apart(result)


def test_nothing_is_within_an_empty_stretch_at_an_edge() -> None:
    assert not list(clip_spans([(1, 3), (5, 6)], 3, 5))
    assert not list(clip_spans([], 0, 9))


def numbers_in(spans: Iterable[Span]) -> set[int]:
    return {number for start, end in spans for number in range(start, end)}


def assert_apart(spans: list[Span]) -> None:
    assert all(before[1] < after[0] for before, after in pairwise(spans))

"""The union of spans covers what they cover, in as few as possible."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.spans import union

SPANS = st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda span: (span[0], span[0] + span[1]))


@given(st.lists(SPANS))
def test_the_union_covers_the_same_with_gaps_between(spans: list[tuple[int, int]]) -> None:
    result = union(spans)
    covered = {moment for start, end in spans for moment in range(start, end)}
    assert {moment for start, end in result for moment in range(start, end)} == covered
    assert all(before[1] < after[0] for before, after in pairwise(result))

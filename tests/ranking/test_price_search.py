"""The price search agrees with brute force."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.ranking.price import best_scores

Steps = list[tuple[int, int]]


def by_trying(networks: Sequence[Steps], accounts: int) -> int:
    """The highest sum for that many accounts: each step of the first network plus the best of the others."""
    if not networks:
        return 0
    rest = networks[1:]
    with_first = (points + by_trying(rest, accounts - voices) for voices, points in networks[0] if voices <= accounts)
    return max(by_trying(rest, accounts), *with_first, 0)


@st.composite
def steps(draw: st.DrawFn) -> Steps:
    """Ascending voices and points; at first the same points per voice as on other networks."""
    first, each = draw(st.integers(1, 5)), draw(st.sampled_from((20, 20, 7)))
    straight = [(voices, each * voices) for voices in range(first, first + draw(st.integers(0, 6)))]
    voices, points = straight[-1] if straight else (first - 1, 0)
    for _ in range(draw(st.integers(0, 4))):
        voices, points = voices + draw(st.integers(1, 4)), points + draw(st.integers(1, 30))
        straight.append((voices, points))
    return straight


@given(st.lists(steps(), max_size=3), st.integers(0, 24))
def test_no_better_scores_are_found_by_trying_all(networks: list[Steps], bound: int) -> None:
    assert best_scores(networks, bound) == [by_trying(networks, accounts) for accounts in range(bound + 1)]

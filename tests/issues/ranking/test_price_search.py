"""The price search agrees with brute force."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.issues.ranking.price import best_scores

Steps = list[tuple[int, int]]


def best_by_trying(networks: Sequence[Steps], accounts: int) -> int:
    """The highest sum for that many accounts: each step of the first network plus the best of the others."""
    if not networks:
        return 0
    rest = networks[1:]
    using_first = (
        points + best_by_trying(rest, accounts - voices) for voices, points in networks[0] if voices <= accounts
    )
    return max(best_by_trying(rest, accounts), *using_first, 0)


@st.composite
def steps(draw: st.DrawFn) -> Steps:
    """Ascending voices and points; at first the same points per voice as on other networks."""
    least, points_per_voice = draw(st.integers(1, 5)), draw(st.sampled_from((20, 20, 7)))
    ladder = [(voices, points_per_voice * voices) for voices in range(least, least + draw(st.integers(0, 6)))]
    voices, points = ladder[-1] if ladder else (least - 1, 0)
    for _ in range(draw(st.integers(0, 4))):
        voices, points = voices + draw(st.integers(1, 4)), points + draw(st.integers(1, 30))
        ladder.append((voices, points))
    return ladder


@given(st.lists(steps(), max_size=3), st.integers(0, 24))
def test_no_better_scores_are_found_by_trying_all(networks: list[Steps], bound: int) -> None:
    assert best_scores(networks, bound) == [best_by_trying(networks, accounts) for accounts in range(bound + 1)]

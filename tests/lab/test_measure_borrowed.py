"""The measurement of borrowed references, on made-up counts that are small enough to follow."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from lab.measure_borrowed import HF, HN, WAYS, VoicesAtAge, added, candidates, fitted, halves, replaced, tables, trial

MANY, FEW = Counter({5: 600}), Counter({4: 2, 1: 9})


def count(paper: str, day: int, age: int = 6, voices: int = 5, network: str = HF) -> VoicesAtAge:
    return VoicesAtAge(paper, network, day, age, voices)


def test_halves_each_begin_at_day_0() -> None:
    early, late = halves([count("a", 100), count("b", 104), count("c", 105), count("d", 110)])
    assert [(row.paper, row.day) for row in early] == [("a", 0), ("b", 4)]
    assert [(row.paper, row.day) for row in late] == [("c", 0), ("d", 5)]


def test_a_table_holds_what_had_reached_its_age() -> None:
    rows = [count("a", 3), count("a", 3, 24, 9), count("b", 4), count("b", 4, 24), count("c", 5)]
    assert tables(rows, 3, 5) == {(HF, 6): Counter({5: 2}), (HF, 24): Counter({9: 1})}


@pytest.mark.parametrize(
    ("own", "least", "expected"), [(MANY, 500, MANY), (FEW, 500, MANY), (FEW, 2, FEW), (Counter(), 1, MANY)]
)
def test_a_table_is_borrowed_while_ones_own_is_small(own: Counter[int], least: int, expected: Counter[int]) -> None:
    key = (HF, 6)
    assert replaced(least)({key: own}, {key: MANY})[key] == expected
    assert replaced(least, (HN,))({key: own}, {key: MANY})[key] == own


def test_tables_are_added_up_until_ones_own_is_large() -> None:
    key = (HF, 6)
    assert added({key: FEW}, {key: MANY})[key] == FEW + MANY
    assert added({key: MANY}, {key: FEW})[key] == MANY


def test_candidates_are_papers_of_a_week_that_the_record_knows() -> None:
    rows = [count("old", 2, 24), count("late", 4, 24), count("late", 4), count("new", 9), count("new", 9, 24)]
    assert {paper: measurements[0].age for paper, measurements in candidates(rows, 9, 0).items()} == {
        "late": 24,
        "new": 6,
    }
    assert list(candidates(rows, 9, 5)) == ["new"]


def test_places_move_as_far_as_the_reference_makes_them() -> None:
    """Twelve papers of one day and network. With one table, the number of voices decides their order, early or late."""
    rows = [count(f"p{n}", 100, voices=3 + n) for n in range(12)]
    changes = {
        (name, life): (places_moved, share_kept)
        for name, life, places_moved, share_kept in trial(rows, {(HF, 6): MANY}, 100)
    }
    assert {changes[way, 1] for way in WAYS} == {(0, 1.0)}


def test_a_table_that_knows_nothing_of_so_many_voices_moves_places() -> None:
    """On one network few papers have many voices, on the other all do. Tables that claim the opposite swap the two."""
    rows = [count(f"p{n}", day, voices=3 + n) for day in (99, 100) for n in range(12)]
    rows += [count(f"q{day}{n}", day, voices=90 + n, network=HN) for day in (99, 100) for n in range(12)]
    opposite_tables = {(HF, 6): Counter({999: 600}), (HN, 6): Counter({3: 600})}
    changes = {
        name: (places_moved, share_kept)
        for name, life, places_moved, share_kept in trial(rows, opposite_tables, 100)
        if life == 1
    }
    assert changes["borrowed below 500"][0] > changes["own alone"][0]
    assert changes["borrowed below 500"][1] < changes["own alone"][1]


def test_a_fitted_law_is_smooth_and_holds_every_count() -> None:
    own = {(HF, 6): Counter({1: 4, 3: 8, 5: 3, 40: 1}), (HN, 6): Counter({2: 7})}
    fitted_tables = fitted(own, {})
    law = fitted_tables[HF, 6]
    assert fitted_tables[HN, 6] == own[HN, 6]  # nothing to fit
    assert {1, 3, 5, 40} <= set(law) and law[3] > law[5] > law[40] > 0
    atleast = [sum(n for voices, n in law.items() if voices >= x) for x in (3, 6, 12, 24)]
    ratios = [a / b for a, b in pairwise(atleast)]
    assert all(1.5 < ratio < 5 for ratio in ratios)
    assert max(ratios) / min(ratios) < 1.5  # a power law: each doubling of voices is rarer by about the same factor

"""The measurement of borrowed references, on made-up counts that are small enough to follow."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tools.measure_borrowed import HF, HN, WAYS, Heard, added, candidates, fitted, halves, replaced, tables, trial

MANY, FEW = Counter({5: 600}), Counter({4: 2, 1: 9})


def heard(paper: str, day: int, age: int = 6, voices: int = 5, network: str = HF) -> Heard:
    return Heard(paper, network, day, age, voices)


def test_halves_each_begin_at_day_0() -> None:
    early, late = halves([heard("a", 100), heard("b", 104), heard("c", 105), heard("d", 110)])
    assert [(one.paper, one.day) for one in early] == [("a", 0), ("b", 4)]
    assert [(one.paper, one.day) for one in late] == [("c", 0), ("d", 5)]


def test_a_table_holds_what_had_reached_its_age() -> None:
    rows = [heard("a", 3), heard("a", 3, 24, 9), heard("b", 4), heard("b", 4, 24), heard("c", 5)]
    assert tables(rows, 3, 5) == {(HF, 6): Counter({5: 2}), (HF, 24): Counter({9: 1})}


@pytest.mark.parametrize(
    ("own", "least", "taken"), [(MANY, 500, MANY), (FEW, 500, MANY), (FEW, 2, FEW), (Counter(), 1, MANY)]
)
def test_a_table_is_borrowed_while_ones_own_is_small(own: Counter[int], least: int, taken: Counter[int]) -> None:
    where = (HF, 6)
    assert replaced(least)({where: own}, {where: MANY})[where] == taken
    assert replaced(least, (HN,))({where: own}, {where: MANY})[where] == own


def test_tables_are_added_up_until_ones_own_is_large() -> None:
    where = (HF, 6)
    assert added({where: FEW}, {where: MANY})[where] == FEW + MANY
    assert added({where: MANY}, {where: FEW})[where] == MANY


def test_candidates_are_papers_of_a_week_that_the_record_knows() -> None:
    rows = [heard("old", 2, 24), heard("late", 4, 24), heard("late", 4), heard("new", 9), heard("new", 9, 24)]
    assert {paper: one[0].age for paper, one in candidates(rows, 9, 0).items()} == {"late": 24, "new": 6}
    assert list(candidates(rows, 9, 5)) == ["new"]


def test_places_move_as_far_as_the_reference_makes_them() -> None:
    """Twelve papers of one day and network. With one table, the number of voices decides their order, early or late."""
    rows = [heard(f"p{n}", 100, voices=3 + n) for n in range(12)]
    found = {(name, life): (moved, kept) for name, life, moved, kept in trial(rows, {(HF, 6): MANY}, 100)}
    assert {found[way, 1] for way in WAYS} == {(0, 1.0)}


def test_a_table_that_knows_nothing_of_so_many_voices_moves_places() -> None:
    """On one network few papers have many voices, on the other all do. Tables that claim the opposite swap the two."""
    rows = [heard(f"p{n}", day, voices=3 + n) for day in (99, 100) for n in range(12)]
    rows += [heard(f"q{day}{n}", day, voices=90 + n, network=HN) for day in (99, 100) for n in range(12)]
    wrong = {(HF, 6): Counter({999: 600}), (HN, 6): Counter({3: 600})}
    found = {name: (moved, kept) for name, life, moved, kept in trial(rows, wrong, 100) if life == 1}
    assert found["borrowed below 500"][0] > found["own alone"][0]
    assert found["borrowed below 500"][1] < found["own alone"][1]


def test_a_fitted_law_is_smooth_and_holds_every_count() -> None:
    own = {(HF, 6): Counter({1: 4, 3: 8, 5: 3, 40: 1}), (HN, 6): Counter({2: 7})}
    made = fitted(own, {})
    law = made[HF, 6]
    assert made[HN, 6] == own[HN, 6]  # nothing to fit
    assert {1, 3, 5, 40} <= set(law) and law[3] > law[5] > law[40] > 0
    atleast = [sum(n for voices, n in law.items() if voices >= x) for x in (3, 6, 12, 24)]
    ratios = [a / b for a, b in pairwise(atleast)]
    assert all(1.5 < ratio < 5 for ratio in ratios)
    assert max(ratios) / min(ratios) < 1.5  # a power law: each doubling of voices is rarer by about the same factor

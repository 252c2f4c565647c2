"""The measurement of young and old sites, in worlds small enough to be quick."""

from __future__ import annotations

import pytest

from hotpapers.base.model import DAY
from lab.measure_places import AGES, OLD, TOP, agreements, first_ten, known, table, world_of, younger
from lab.worlds import BEGINS


def test_a_younger_site_knows_only_later_papers_and_fewer_accounts() -> None:
    world = world_of(1, 40, 4)
    part = younger(world, 45)
    assert {paper.day for paper in part.papers} == set(range(OLD - 44, OLD + 1))
    assert {paper.day for paper in world.papers} == set(range(OLD + 1))
    assert part.known(BEGINS + OLD * DAY) < world.known(BEGINS + OLD * DAY)
    assert known(younger(world_of(1, 40, 4), 14)) is None
    with pytest.raises(ValueError, match="already counted"):
        younger(world, 14)


@pytest.mark.long
def test_sites_of_the_same_age_agree_wholly_and_older_ones_more_than_younger() -> None:
    world = world_of(2, 40, 4)
    entries = first_ten(younger(world, OLD + 1), None)
    assert len(entries) == TOP and entries == first_ten(world, None)
    agreements_by_age = agreements(world_of(2, 40, 4))
    assert list(agreements_by_age) == list(AGES)
    assert agreements_by_age[14].known == 0 and agreements_by_age[90].known >= 100
    assert agreements_by_age[14].common == agreements_by_age[14].untold <= TOP
    assert agreements_by_age[14].references <= agreements_by_age[90].references


@pytest.mark.long
def test_the_table_has_a_line_for_each_age() -> None:
    lines = table(20, 1, 2)
    assert lines[0] == "20 papers a day, 2 networks, 1 worlds"
    assert [line.split(" | ")[0] for line in lines[4:]] == [f"| {age}" for age in AGES]

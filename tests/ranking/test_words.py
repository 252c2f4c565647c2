"""A ranking's arithmetic in sentences: every number in them is one of the part's."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.model import PrintedCount, ScoreComponent
from hotpapers.ranking import words
from hotpapers.ranking.rarity import millipoints

PART = ScoreComponent(
    network="bluesky", rule="rarity", score=2177, voices=40, papers=4812, atleast=31, among="all", age=24, until=0
)


def sentence(**changes: object) -> str:
    return words.part_sentence(msgspec.structs.replace(PART, **changes))


def test_what_a_part_says() -> None:
    assert sentence() == (
        "Of 4,812 other papers talked about on Bluesky in 90 days, 31 had 40 voices or more a day in: 2,177."
    )
    assert sentence(network="hackernews", among="physics group", age=168) == (
        "Of 4,812 other papers of physics group talked about on Hacker News in 90 days, "
        "31 had 40 voices or more a week in: 2,177."
    )
    assert sentence(age=0, network="x", among="cs") == (
        "Of 4,812 other papers of cs listed in the 90 days before, 31 had 40 favorites or more: 2,177."
    )
    assert sentence(papers=1, atleast=0, score=301, age=6) == (
        "Of 1 other paper talked about on Bluesky in 90 days, 0 had 40 voices or more six hours in: 301."
    )
    assert sentence(rule="classic", score=1204) == "Reposts and likes on Bluesky, added up: 1,204."


@pytest.mark.parametrize(
    ("voices", "age", "said"),
    [
        (2, 24, "2 voices on Bluesky: fewer than 3 score nothing: 0."),
        (1, 6, "1 voice on Bluesky: fewer than 3 score nothing: 0."),
        (2, 0, "2 favorites on Bluesky: fewer than 3 score nothing: 0."),
    ],
)
def test_what_few_voices_say(voices: int, age: int, said: str) -> None:
    assert sentence(voices=voices, score=0, age=age) == said
    assert words.formula(msgspec.structs.replace(PART, voices=voices, score=0, age=age)) == "0"


def test_three_voices_that_score_nothing_still_say_why() -> None:
    """Everybody has as much: that is arithmetic, not the rule of three."""
    everybody = msgspec.structs.replace(PART, voices=3, papers=500, atleast=500, score=0)
    assert words.formula(everybody) == "1000 × log10(501 / 501) = 0"


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_formula_can_be_done_again(a: int, b: int) -> None:
    papers, atleast = max(a, b), min(a, b)
    part = msgspec.structs.replace(PART, papers=papers, atleast=atleast, score=millipoints(papers, atleast))
    left, _, result = words.formula(part).replace(",", "").partition(" = ")
    above, below = left.removeprefix("1000 × log10(").removesuffix(")").split(" / ")
    assert millipoints(int(above) - 1, int(below) - 1) == int(result) == part.score


def test_every_network_has_a_name() -> None:
    assert words.network_name("hackernews") == "Hacker News"
    assert words.network_name("elsewhere") == "elsewhere"


def test_counts_and_units() -> None:
    counted = PrintedCount(network="x", voices=3, reposts=1, likes=1204, until=0)
    assert words.counts_sentence(counted) == "X (Twitter): 1 repost, 1,204 likes"
    assert words.units(1, "voice") == "1 voice"
    assert words.units(1204, "favorite") == "1,204 favorites"
    assert words.units(60, "repost or like") == "60 reposts and likes"


def test_what_is_known_of_a_tally_s_method() -> None:
    assert "several times too high" in words.method_note("hot-papers/2")
    assert words.method_note("hot-papers/1")
    assert words.method_note("hot-papers/3") == words.method_note("other/2") == words.method_note("") == ""

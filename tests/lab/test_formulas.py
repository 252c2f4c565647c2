"""Published formulas: exact values by hand, and properties of all."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Candidate, RankingInput, ScoredCandidate
from lab.formulas import FORMULAS
from tests.issues.ranking.inputs import CUT, attention, candidate, ranking_inputs

Rank = Callable[[RankingInput], tuple[ScoredCandidate, ...]]
every_formula = pytest.mark.parametrize("name", FORMULAS)


def ranked(name: str, *candidates: Candidate) -> tuple[ScoredCandidate, ...]:
    return FORMULAS[name](RankingInput(candidates=candidates, peers=()))


def score(name: str, paper: Candidate) -> int:
    """The score of the only candidate."""
    (scored,) = ranked(name, paper)
    return scored.score


# ---- values --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "hours", "expected"),
    [
        (1, 0, 0),  # the submitter's own point does not count
        (0, 5, 0),
        (2, 0, 287_175),  # 1 / 2^1.8
        (101, 22, 130_503),  # 100^0.8 / 24^1.8
    ],
)
def test_hacker_news(points: int, hours: int, expected: int) -> None:
    older = CUT - hours * HOUR
    assert score("hacker-news", candidate("2401.00001", attention(points), announced_at=older)) == expected
    value = max(points - 1, 0) ** 0.8 / (hours + 2) ** 1.8
    assert expected == round(value * 1e6)


def test_hacker_news_takes_all_networks_and_the_last_measurement() -> None:
    paper = candidate(
        "2401.00001", attention(60, until=CUT - HOUR), attention(41, "mastodon"), announced_at=CUT - 22 * HOUR
    )
    assert score("hacker-news", paper) == 130_503


def test_hacker_news_without_an_announcement_takes_the_age() -> None:
    unannounced = candidate("2401.00001", attention(101, age=24), announced_at=0)
    assert score("hacker-news", unannounced) == round(100**0.8 / 26**1.8 * 1e6)


def test_hacker_news_before_the_announcement_is_not_younger_than_new() -> None:
    early = candidate("2401.00001", attention(2), announced_at=CUT + 5 * HOUR)
    assert score("hacker-news", early) == 287_175


def test_reddit_hot() -> None:
    """Ten times the points equal 45,000 seconds."""
    epoch = 1_134_028_003 * 1_000_000
    at_epoch = candidate("2401.00001", attention(100), announced_at=epoch)
    later = candidate("2401.00001", attention(10), announced_at=epoch + 45_000 * 1_000_000)
    assert score("reddit-hot", at_epoch) == score("reddit-hot", later) == 2000
    assert score("reddit-hot", candidate("2401.00001", attention(0), announced_at=CUT)) == 0


def test_sums() -> None:
    paper = candidate("2401.00001", attention(99, "bluesky"), attention(9, "feeds"))
    assert score("log-sum", paper) == 2000 + 1000
    assert score("plain-sum", paper) == 108_000
    assert score("altmetric", paper) == 99 * 250 + 9 * 5000
    assert score("altmetric", candidate("2401.00001", attention(4, "x"), attention(4, "reddit"))) == 2000


def test_z_score_by_hand() -> None:
    """Of 1, 3 and 8 voices the mean is 4, the deviation √(26/3); a paper without posts on a network has 0 there."""
    papers = [candidate(f"2401.0000{n}", attention(n)) for n in (1, 3, 8)]
    scores = {entry.paper[-1]: entry.score for entry in ranked("z-score", *papers)}
    assert scores == {"1": -1019, "3": -340, "8": 1359}
    silent_paper = candidate("2401.00009")
    scored = {
        entry.paper[-1]: entry for entry in ranked("z-score", candidate("2401.00001", attention(6)), silent_paper)
    }
    assert (scored["1"].score, scored["9"].score) == (1000, -1000)
    assert [(part.network, part.voices) for part in scored["9"].parts] == [("bluesky", 0)]


def test_z_score_of_level_counts_is_nothing() -> None:
    assert [
        entry.score for entry in ranked("z-score", *(candidate(f"2401.0000{n}", attention(5)) for n in (1, 2)))
    ] == [
        0,
        0,
    ]


# ---- properties of all -----------------------------------------------------------------------------------


@pytest.mark.long
@given(ranking_inputs())
def test_a_score_is_the_sum_of_its_parts_under_the_name_of_its_rule(inputs: RankingInput) -> None:
    for name, rank in FORMULAS.items():
        for entry in rank(inputs):
            assert entry.score == sum(part.score for part in entry.parts)
            assert {part.rule for part in entry.parts} <= {name}


@pytest.mark.long
@given(ranking_inputs(), st.randoms())
def test_order_is_total_and_does_not_hang_on_the_order_of_candidates(
    inputs: RankingInput, chance: random.Random
) -> None:
    announced = {paper.paper: paper.announced_at for paper in inputs.candidates}
    shuffled = list(inputs.candidates)
    chance.shuffle(shuffled)
    for rank in FORMULAS.values():
        ordered = rank(inputs)
        keys = [(-entry.score, -entry.voices, announced[entry.paper], entry.paper) for entry in ordered]
        assert keys == sorted(keys) and {entry.paper for entry in ordered} == announced.keys()
        assert rank(msgspec.structs.replace(inputs, candidates=tuple(shuffled))) == ordered


@pytest.mark.long
@given(ranking_inputs(), st.integers(1, 1000))
def test_more_voices_never_lower_a_paper(inputs: RankingInput, added: int) -> None:
    paper, *others = inputs.candidates
    measurement = paper.attention[0]
    larger = msgspec.structs.replace(
        paper, attention=(msgspec.structs.replace(measurement, voices=measurement.voices + added), *paper.attention[1:])
    )

    def place(rank: Rank, *candidates: Candidate) -> int:
        ordered = rank(RankingInput(candidates=candidates, peers=inputs.peers))
        return [entry.paper for entry in ordered].index(paper.paper)

    assert all(place(rank, larger, *others) <= place(rank, paper, *others) for rank in FORMULAS.values())


@every_formula
def test_no_candidates_and_no_attention(name: str) -> None:
    assert ranked(name) == ()
    (only,) = ranked(name, candidate("2401.00001"))
    assert (only.score, only.voices, only.parts) == (0, 0, ())


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_logarithm_is_that_of_the_standard_library_to_a_thousandth(voices: int, mastodon_voices: int) -> None:
    paper = candidate("2401.00001", attention(voices), attention(mastodon_voices, "mastodon"))
    expected = 1000 * (math.log10(1 + voices) + math.log10(1 + mastodon_voices))
    assert abs(score("log-sum", paper) - expected) <= 1.001

"""rarity/2: its arithmetic by hand; no voice ever lowers a score, and unknown voices alone never raise it."""

from __future__ import annotations

from math import log10
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Attention, Candidate, RankingInput, ScoreComponent, ScoredCandidate, VoiceHistogram
from hotpapers.base.settings import PublicationSettings, template
from hotpapers.issues import ranking
from hotpapers.issues.ranking import rarity_2
from tests.issues.ranking.inputs import attention, candidate, peers, ranking_inputs

NAME = "rarity/2"


def ranked(*candidates: Candidate, among: tuple[VoiceHistogram, ...] = ()) -> tuple[ScoredCandidate, ...]:
    """The candidates, ranked."""
    return ranking.rank(RankingInput(candidates=candidates, peers=among), NAME)


def score_of(*attentions: Attention, among: tuple[VoiceHistogram, ...] = ()) -> ScoredCandidate:
    """A single candidate with this attention, scored."""
    (scored,) = ranked(candidate("2401.00001", *attentions), among=among)
    return scored


def with_known(voices: int, counted: int, known: int | None, network: str = "bluesky", **fields: int) -> Attention:
    """Attention with its known and counted voices."""
    return attention(voices, network, counted=counted, known=known, **fields)


# ---- by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("known", "limit"), [(0, 0), (1, 0), (2, 480), (3, 720), (9, 2160), (2**53, 240 * 2**53)])
def test_each_of_two_or_more_known_voices_vouches_for_240(known: int, limit: int) -> None:
    assert rarity_2.vouched_limit(known) == limit
    assert rarity_2.needed_voices(limit) <= max(known, 0)
    assert rarity_2.needed_voices(limit + 1) == max(known + 1, 2)


@pytest.mark.parametrize(("score", "known"), [(-7, 0), (0, 0), (1, 2), (480, 2), (481, 3), (720, 3), (2468, 11)])
def test_how_many_vouch_for_a_score(score: int, known: int) -> None:
    assert rarity_2.needed_voices(score) == known


def test_the_template_says_how_many_voices_the_usual_threshold_takes() -> None:
    assert (500 // rarity_2.MAX_POINTS_PER_VOICE, rarity_2.needed_voices(500)) == (25, 3)
    assert "500 takes 25 people, at least three of them regulars" in template()
    assert PublicationSettings(name="daily").threshold == 500


OTHERS = (peers({3: 4781, 40: 11, 90: 20}), peers({3: 89, 5: 10}, network="forum"))


def test_a_part_by_hand() -> None:
    """4,812 others, 31 of them with 40 counted voices or more: log10(4813 / 32) points; eight known ones vouch for
    1,920."""
    scored = score_of(with_known(700, 40, 8), among=OTHERS)
    (part,) = scored.parts
    points = min(round(1000 * log10(4813 / 32)), 40 * 20)
    assert points == 800 < round(1000 * log10(4813 / 32)) == 2177
    assert (part.score, part.rule, part.voices, part.papers, part.atleast) == (800, rarity_2.CAPPED, 40, 4812, 31)
    assert (scored.score, scored.voices) == (800, 700)


def test_an_uncapped_part_by_hand() -> None:
    """On the forum 99 others, all with 3 or more, 10 with 5: log10(100 / 11) is more than 5 × 20."""
    assert round(1000 * log10(100 / 11)) == 959
    scored_few = score_of(with_known(5, 5, 3, "forum"), among=OTHERS)
    assert [(part.score, part.rule) for part in scored_few.parts] == [(100, rarity_2.CAPPED)]
    wide_reference = (peers({3: 50, 60: 49}),)
    assert round(1000 * log10(100 / 50)) == 301 < 60 * 20
    assert [(part.score, part.rule) for part in score_of(with_known(60, 60, 9), among=wide_reference).parts] == [
        (301, "counted")
    ]


def test_points_beyond_what_known_voices_vouch_for_are_deducted() -> None:
    """800 on Bluesky and 100 on the forum; two known voices in all vouch for 480."""
    scored = score_of(with_known(40, 40, 1), with_known(5, 5, 1, "forum"), among=OTHERS)
    assert [part.score for part in scored.parts] == [800, 100, -420]
    assert scored.score == 480 and scored.voices == 45
    assert scored.parts[-1] == ScoreComponent(
        network="", rule="vouching", score=-420, voices=2, papers=0, atleast=0, among="", age=0, until=0
    )


def test_nothing_is_deducted_from_just_what_known_voices_vouch_for() -> None:
    scored = score_of(with_known(24, 24, 2), among=OTHERS)
    assert [(part.score, part.rule) for part in scored.parts] == [(480, rarity_2.CAPPED)]


@pytest.mark.parametrize(("known", "score"), [(0, 0), (1, 0), (2, 480), (3, 720), (4, 800)])
def test_one_known_voice_alone_vouches_for_nothing(known: int, score: int) -> None:
    assert score_of(with_known(40, 40, known), among=OTHERS).score == score


def test_fewer_than_three_counted_voices_score_nothing() -> None:
    assert [score_of(with_known(50, counted, 9), among=OTHERS).score for counted in (0, 1, 2, 3)] == [0, 0, 0, 0]
    assert score_of(with_known(50, 2, 9), among=(peers({90: 99}),)).score == 0
    assert score_of(with_known(50, 3, 9), among=(peers({90: 9}, network="x"), peers({1: 9}))).score == 0, (
        "nobody else there"
    )


def test_nothing_is_deducted_while_no_account_is_known() -> None:
    scored = score_of(with_known(40, 40, None), among=OTHERS)
    assert scored.score == 800 and [part.rule for part in scored.parts] == [rarity_2.CAPPED]


def test_without_counted_voices_all_count() -> None:
    assert score_of(attention(40), among=OTHERS) == score_of(with_known(40, 40, None), among=OTHERS)
    assert score_of(attention(40), among=OTHERS) != score_of(with_known(40, 9, None), among=OTHERS)


def test_ties_by_more_known_voices_then_announcement_then_id() -> None:
    papers = [
        candidate("2401.00001", with_known(3, 3, 0), announced_at=7),
        candidate("2401.00002", with_known(900, 2, 0), announced_at=5),
        candidate("2401.00004", with_known(1, 2, 1), announced_at=9),
        candidate("2401.00003", with_known(1, 2, 1), announced_at=9),
    ]
    ordered = ranked(*papers, among=OTHERS)
    assert [entry.paper[-1] for entry in ordered] == ["3", "4", "2", "1"]
    assert all(entry.tied for entry in ordered)


def test_known_voices_of_an_attention() -> None:
    assert rarity_2.known_voices(()) is None
    assert rarity_2.known_voices((attention(3), attention(4, "mastodon"))) is None
    assert rarity_2.known_voices((attention(3), with_known(4, 4, 0, "mastodon"))) == 0
    assert rarity_2.known_voices((with_known(3, 3, 2), with_known(4, 4, 5, "mastodon"))) == 7


# ---- properties of any input ---------------------------------------------------------------------------------


@st.composite
def inputs_with_known(draw: st.DrawFn) -> RankingInput:
    """The inputs of `rarity/1`, with known and counted voices."""
    inputs = draw(ranking_inputs())
    standing_known = draw(st.booleans())
    candidates = tuple(_with_known(draw, paper, standing_known=standing_known) for paper in inputs.candidates)
    return msgspec.structs.replace(inputs, candidates=candidates)


def _with_known(draw: st.DrawFn, paper: Candidate, *, standing_known: bool) -> Candidate:
    attentions = []
    for a in paper.attention:
        known = draw(st.integers(0, a.voices)) if standing_known else None
        counted = draw(st.integers(known or 0, a.voices))
        attentions.append(msgspec.structs.replace(a, known=known, counted=counted))
    return msgspec.structs.replace(paper, attention=tuple(attentions))


def place(inputs: RankingInput, paper: str) -> int:
    return [entry.paper for entry in ranking.rank(inputs, NAME)].index(paper)


def with_more_voices(inputs: RankingInput, n: int, **added: int) -> RankingInput:
    """The input with that many more voices of each kind in the first candidate's n-th attention."""
    first, *others = inputs.candidates
    attentions = list(first.attention)
    a = attentions[n % len(attentions)]
    values = {name: (getattr(a, name) or 0) + number for name, number in added.items() if getattr(a, name) is not None}
    attentions[n % len(attentions)] = msgspec.structs.replace(a, **values)
    return msgspec.structs.replace(
        inputs, candidates=(msgspec.structs.replace(first, attention=tuple(attentions)), *others)
    )


@given(inputs_with_known())
def test_a_score_is_the_sum_of_its_parts_and_never_below_nothing(inputs: RankingInput) -> None:
    for entry in ranking.rank(inputs, NAME):
        assert entry.score == sum(part.score for part in entry.parts) >= 0
        deductions = [part for part in entry.parts if part.rule == rarity_2.RULE]
        assert deductions in ([], list(entry.parts[-1:])) and all(part.score < 0 for part in deductions)
        known = {c.paper: rarity_2.known_voices(c.attention) for c in inputs.candidates}[entry.paper]
        assert known is None or entry.score <= 500 * max(known - 1, 0)
        assert all(part.score <= 20 * part.voices for part in entry.parts if part.rule != rarity_2.RULE)


@given(inputs_with_known(), st.integers(0, 2**32))
def test_the_order_in_which_things_come_does_not_matter(inputs: RankingInput, seed: int) -> None:
    rng = Random(seed)
    candidates, compared = list(inputs.candidates), list(inputs.peers)
    rng.shuffle(candidates)
    rng.shuffle(compared)
    shuffled = RankingInput(candidates=tuple(candidates), peers=tuple(compared))
    assert ranking.rank(shuffled, NAME) == ranking.rank(inputs, NAME) == ranking.rank(inputs, NAME)


@given(inputs_with_known(), st.integers(0, 3), st.integers(1, 2), st.integers(0, 3))
def test_one_more_known_voice_never_lowers_a_paper(inputs: RankingInput, n: int, counted: int, voices: int) -> None:
    paper = inputs.candidates[0].paper
    inputs_after = with_more_voices(inputs, n, known=1, counted=counted, voices=1 + voices)
    assert place(inputs_after, paper) <= place(inputs, paper)


@given(inputs_with_known(), st.integers(0, 3), st.integers(0, 1))
def test_one_more_unknown_voice_never_lowers_a_paper(inputs: RankingInput, n: int, counted: int) -> None:
    paper = inputs.candidates[0].paper
    assert place(with_more_voices(inputs, n, counted=counted, voices=1), paper) <= place(inputs, paper)


@given(inputs_with_known(), st.integers(0, 2**53), st.integers(0, 2**53))
def test_unknown_voices_alone_score_nothing_in_any_number(inputs: RankingInput, voices: int, counted: int) -> None:
    first = inputs.candidates[0]
    attentions = [
        msgspec.structs.replace(a, known=0, voices=voices, counted=counted, own=None) for a in first.attention
    ]
    crowded_paper = msgspec.structs.replace(first, attention=tuple(attentions))
    scores = {entry.paper: entry.score for entry in ranked(crowded_paper, *inputs.candidates[1:], among=inputs.peers)}
    assert scores[crowded_paper.paper] == 0


@pytest.mark.parametrize("known", [None, 0, 2**53])
def test_absurd_counts(known: int | None) -> None:
    huge_count = 2**53
    references = (peers({3: huge_count, huge_count: huge_count}),)
    scored = score_of(with_known(huge_count, huge_count, known, reposts=huge_count, likes=huge_count), among=references)
    assert scored.score == (0 if known == 0 else round(1000 * log10(2)))
    assert score_of(with_known(huge_count, huge_count, known), among=(peers({3: huge_count}),)).score == (
        0 if known == 0 else 15955
    )


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 60))
def test_points_are_rarity_s_but_no_more_than_20_a_voice(a: int, b: int, voices: int) -> None:
    papers, atleast = max(a, b), min(a, b)
    points = rarity_2.points_of(voices, papers, atleast)
    exact = 1000 * log10((papers + 1) / (atleast + 1))
    assert abs(points - min(exact, 20 * voices) * (voices >= 3)) <= 0.5

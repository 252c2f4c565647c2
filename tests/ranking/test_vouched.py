"""rarity/2: its arithmetic by hand; no voice ever lowers a score, and unknown voices alone never raise it."""

from __future__ import annotations

from math import log10
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers import ranking
from hotpapers.model import Attention, Candidate, RankingInput, ScoreComponent, ScoredCandidate, VoiceHistogram
from hotpapers.ranking import vouched
from tests.ranking.talks import attention, candidate, peers, talks

NAME = "rarity/2"


def ranked(*some: Candidate, among: tuple[VoiceHistogram, ...] = ()) -> tuple[ScoredCandidate, ...]:
    """The candidates, ranked."""
    return ranking.rank(RankingInput(candidates=some, peers=among), NAME)


def score_of(*heard: Attention, among: tuple[VoiceHistogram, ...] = ()) -> ScoredCandidate:
    """A single candidate with this attention, scored."""
    (scored,) = ranked(candidate("2401.00001", *heard), among=among)
    return scored


def told(voices: int, counted: int, known: int | None, network: str = "bluesky", **more: int) -> Attention:
    """Attention with known voices told apart."""
    return attention(voices, network, counted=counted, known=known, **more)


# ---- by hand -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "most"), [(0, 0), (1, 0), (2, 500), (3, 1000), (9, 4000), (2**53, 500 * (2**53 - 1))]
)
def test_each_known_voice_after_the_first_vouches_for_500(known: int, most: int) -> None:
    assert vouched.limit(known) == most
    assert vouched.needed(most) <= max(known, 0)
    assert vouched.needed(most + 1) == max(known, 1) + 1


@pytest.mark.parametrize(("score", "known"), [(-7, 0), (0, 0), (1, 2), (500, 2), (501, 3), (1000, 3), (2468, 6)])
def test_how_many_vouch_for_a_score(score: int, known: int) -> None:
    assert vouched.needed(score) == known


OTHERS = (peers({3: 4781, 40: 11, 90: 20}), peers({3: 89, 5: 10}, network="forum"))


def test_a_part_by_hand() -> None:
    """4,812 others, 31 of them with 40 counted voices or more: log10(4813 / 32) points; eight known ones vouch for
    3,500."""
    scored = score_of(told(700, 40, 8), among=OTHERS)
    (part,) = scored.parts
    points = min(round(1000 * log10(4813 / 32)), 40 * 20)
    assert points == 800 < round(1000 * log10(4813 / 32)) == 2177
    assert (part.score, part.rule, part.voices, part.papers, part.atleast) == (800, vouched.CAPPED, 40, 4812, 31)
    assert (scored.score, scored.voices) == (800, 700)


def test_an_uncapped_part_by_hand() -> None:
    """On the forum 99 others, all with 3 or more, 10 with 5: log10(100 / 11) is more than 5 × 20."""
    assert round(1000 * log10(100 / 11)) == 959
    few = score_of(told(5, 5, 3, "forum"), among=OTHERS)
    assert [(part.score, part.rule) for part in few.parts] == [(100, vouched.CAPPED)]
    wide = (peers({3: 50, 60: 49}),)
    assert round(1000 * log10(100 / 50)) == 301 < 60 * 20
    assert [(part.score, part.rule) for part in score_of(told(60, 60, 9), among=wide).parts] == [(301, "counted")]


def test_what_known_voices_do_not_vouch_for_is_taken_off() -> None:
    """800 on Bluesky and 100 on the forum; two known voices in all vouch for 500."""
    scored = score_of(told(40, 40, 1), told(5, 5, 1, "forum"), among=OTHERS)
    assert [part.score for part in scored.parts] == [800, 100, -400]
    assert scored.score == 500 and scored.voices == 45
    assert scored.parts[-1] == ScoreComponent(
        network="", rule="vouching", score=-400, voices=2, papers=0, atleast=0, among="", age=0, until=0
    )


@pytest.mark.parametrize(("known", "score"), [(0, 0), (1, 0), (2, 500), (3, 800), (4, 800)])
def test_the_first_known_voice_vouches_for_nothing(known: int, score: int) -> None:
    assert score_of(told(40, 40, known), among=OTHERS).score == score


def test_fewer_than_three_counted_voices_score_nothing() -> None:
    assert [score_of(told(50, counted, 9), among=OTHERS).score for counted in (0, 1, 2, 3)] == [0, 0, 0, 0]
    assert score_of(told(50, 2, 9), among=(peers({90: 99}),)).score == 0
    assert score_of(told(50, 3, 9), among=(peers({90: 9}, network="x"), peers({1: 9}))).score == 0, "nobody else there"


def test_while_nobody_is_known_nothing_is_taken_off() -> None:
    scored = score_of(told(40, 40, None), among=OTHERS)
    assert scored.score == 800 and [part.rule for part in scored.parts] == [vouched.CAPPED]


def test_without_counted_voices_all_count() -> None:
    assert score_of(attention(40), among=OTHERS) == score_of(told(40, 40, None), among=OTHERS)
    assert score_of(attention(40), among=OTHERS) != score_of(told(40, 9, None), among=OTHERS)


def test_level_ones_by_more_known_voices_then_announcement_then_id() -> None:
    several = [
        candidate("2401.00001", told(3, 3, 0), announced_at=7),
        candidate("2401.00002", told(900, 2, 0), announced_at=5),
        candidate("2401.00004", told(1, 2, 1), announced_at=9),
        candidate("2401.00003", told(1, 2, 1), announced_at=9),
    ]
    ordered = ranked(*several, among=OTHERS)
    assert [one.paper[-1] for one in ordered] == ["3", "4", "2", "1"]
    assert all(one.tied for one in ordered)


def test_known_voices_of_an_attention() -> None:
    assert vouched.known_voices(()) is None
    assert vouched.known_voices((attention(3), attention(4, "mastodon"))) is None
    assert vouched.known_voices((attention(3), told(4, 4, 0, "mastodon"))) == 0
    assert vouched.known_voices((told(3, 3, 2), told(4, 4, 5, "mastodon"))) == 7


# ---- properties of any input ---------------------------------------------------------------------------------


@st.composite
def vouched_talks(draw: st.DrawFn) -> RankingInput:
    """The inputs of `rarity/1`, with known and counted voices."""
    talk = draw(talks())
    tells = draw(st.booleans())
    some = tuple(_with_known(draw, one, tells=tells) for one in talk.candidates)
    return msgspec.structs.replace(talk, candidates=some)


def _with_known(draw: st.DrawFn, one: Candidate, *, tells: bool) -> Candidate:
    heard = []
    for a in one.attention:
        known = draw(st.integers(0, a.voices)) if tells else None
        counted = draw(st.integers(known or 0, a.voices))
        heard.append(msgspec.structs.replace(a, known=known, counted=counted))
    return msgspec.structs.replace(one, attention=tuple(heard))


def place(talk: RankingInput, paper: str) -> int:
    return [one.paper for one in ranking.rank(talk, NAME)].index(paper)


def changed(talk: RankingInput, n: int, **more: int) -> RankingInput:
    """The input with that many more voices of each kind in the first candidate's n-th attention."""
    first, *others = talk.candidates
    heard = list(first.attention)
    a = heard[n % len(heard)]
    values = {name: (getattr(a, name) or 0) + number for name, number in more.items() if getattr(a, name) is not None}
    heard[n % len(heard)] = msgspec.structs.replace(a, **values)
    return msgspec.structs.replace(talk, candidates=(msgspec.structs.replace(first, attention=tuple(heard)), *others))


@given(vouched_talks())
def test_a_score_is_the_sum_of_its_parts_and_never_below_nothing(talk: RankingInput) -> None:
    for one in ranking.rank(talk, NAME):
        assert one.score == sum(part.score for part in one.parts) >= 0
        taken = [part for part in one.parts if part.rule == vouched.RULE]
        assert taken in ([], list(one.parts[-1:])) and all(part.score < 0 for part in taken)
        known = {c.paper: vouched.known_voices(c.attention) for c in talk.candidates}[one.paper]
        assert known is None or one.score <= 500 * max(known - 1, 0)
        assert all(part.score <= 20 * part.voices for part in one.parts if part.rule != vouched.RULE)


@given(vouched_talks(), st.integers(0, 2**32))
def test_the_order_in_which_things_come_does_not_matter(talk: RankingInput, seed: int) -> None:
    rng = Random(seed)
    candidates, compared = list(talk.candidates), list(talk.peers)
    rng.shuffle(candidates)
    rng.shuffle(compared)
    other = RankingInput(candidates=tuple(candidates), peers=tuple(compared))
    assert ranking.rank(other, NAME) == ranking.rank(talk, NAME) == ranking.rank(talk, NAME)


@given(vouched_talks(), st.integers(0, 3), st.integers(1, 2), st.integers(0, 3))
def test_one_more_known_voice_never_lowers_a_paper(talk: RankingInput, n: int, counted: int, voices: int) -> None:
    paper = talk.candidates[0].paper
    more = changed(talk, n, known=1, counted=counted, voices=1 + voices)
    assert place(more, paper) <= place(talk, paper)


@given(vouched_talks(), st.integers(0, 3), st.integers(0, 1))
def test_one_more_unknown_voice_never_lowers_a_paper(talk: RankingInput, n: int, counted: int) -> None:
    paper = talk.candidates[0].paper
    assert place(changed(talk, n, counted=counted, voices=1), paper) <= place(talk, paper)


@given(vouched_talks(), st.integers(0, 2**53), st.integers(0, 2**53))
def test_unknown_voices_alone_score_nothing_in_any_number(talk: RankingInput, voices: int, counted: int) -> None:
    first = talk.candidates[0]
    heard = [msgspec.structs.replace(a, known=0, voices=voices, counted=counted, own=None) for a in first.attention]
    crowd = msgspec.structs.replace(first, attention=tuple(heard))
    scores = {one.paper: one.score for one in ranked(crowd, *talk.candidates[1:], among=talk.peers)}
    assert scores[crowd.paper] == 0


@pytest.mark.parametrize("known", [None, 0, 2**53])
def test_absurd_counts(known: int | None) -> None:
    many = 2**53
    others = (peers({3: many, many: many}),)
    scored = score_of(told(many, many, known, reposts=many, likes=many), among=others)
    assert scored.score == (0 if known == 0 else round(1000 * log10(2)))
    assert score_of(told(many, many, known), among=(peers({3: many}),)).score == (0 if known == 0 else 15955)


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 60))
def test_points_are_rarity_s_but_no_more_than_20_a_voice(a: int, b: int, voices: int) -> None:
    papers, atleast = max(a, b), min(a, b)
    points = vouched.points_of(voices, papers, atleast)
    exact = 1000 * log10((papers + 1) / (atleast + 1))
    assert abs(points - min(exact, 20 * voices) * (voices >= 3)) <= 0.5

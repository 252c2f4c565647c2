"""What would make neighbors swap: checked by ranking again with that growth, and with one less."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.model import (
    HOUR,
    Attention,
    Candidate,
    Entry,
    Price,
    PrintedCount,
    RankingInput,
    ScoredCandidate,
    VoiceHistogram,
)
from hotpapers.issues import ranking
from hotpapers.issues.ranking.swap import RequiredGrowth, required_growths
from tests.issues.ranking.inputs import CUT, attention, candidate, peers, ranking_inputs


def entries(inputs: RankingInput, name: str) -> list[Entry]:
    """The ranking as an issue stores it."""
    candidates = {paper.paper: paper for paper in inputs.candidates}
    return [_entry(place, entry, candidates[entry.paper]) for place, entry in enumerate(ranking.rank(inputs, name), 1)]


def _entry(place: int, scored: ScoredCandidate, source: Candidate) -> Entry:
    return Entry(
        place=place, paper=scored.paper, score=scored.score, voices=scored.voices, tied=scored.tied, classic_rank=0,
        announced_at=source.announced_at, order=source.order, archive=source.archive, counts=(), parts=scored.parts,
        metadata="", posts=(),
    )  # fmt: skip


def with_growth(inputs: RankingInput, paper: str, network: str, count: int, name: str) -> RankingInput:
    """The input if one paper had `count` on a network, also among its peers if it is measured there."""
    peers_then = list(inputs.peers)
    candidates_after = []
    for candidate_before in inputs.candidates:
        attentions = []
        for a in candidate_before.attention:
            if (candidate_before.paper, a.network) == (paper, network):
                a = _grown_attention(candidate_before, a, count, name, peers_then)
            attentions.append(a)
        candidates_after.append(msgspec.structs.replace(candidate_before, attention=tuple(attentions)))
    return RankingInput(candidates=tuple(candidates_after), peers=tuple(peers_then))


def _grown_attention(
    paper: Candidate, a: Attention, count: int, name: str, histograms: list[VoiceHistogram]
) -> Attention:
    if name == "classic/1":
        return msgspec.structs.replace(a, likes=count - a.reposts)
    at_mark = a.age == 0 or a.until == paper.announced_at + a.age * HOUR
    if not (at_mark and a.own == a.voices):
        return msgspec.structs.replace(a, voices=count)
    index = next((i for i, p in enumerate(histograms) if (p.network, p.archive) == (a.network, paper.archive)), None)
    histogram = (
        VoiceHistogram(network=a.network, age=a.age, archive=paper.archive, counts=())
        if index is None
        else histograms.pop(index)
    )
    counts_after = Counter(dict(histogram.counts))
    counts_after[a.own] -= 1
    counts_after[count] += 1
    histograms.append(peers({v: n for v, n in counts_after.items() if n > 0}, paper.archive, a.network, a.age))
    return msgspec.structs.replace(a, voices=count, own=count)


def is_above(inputs: RankingInput, paper: str, other_paper: str, name: str) -> bool:
    papers = [entry.paper for entry in ranking.rank(inputs, name)]
    return papers.index(paper) < papers.index(other_paper)


def sample_of(first: int, end: int) -> list[int]:
    """At most a dozen numbers of a range, including the first and the last."""
    numbers = range(first, end)
    return [*numbers[:: max(len(numbers) // 10, 1)], *numbers[-1:]]


@settings(max_examples=60)
@given(ranking_inputs(), st.sampled_from(["rarity/1", "classic/1"]))
def test_the_least_growth_that_swaps(inputs: RankingInput, name: str) -> None:
    for upper, lower in pairwise(entries(inputs, name)):
        growth_by_network = {growth.network: growth for growth in required_growths(lower, upper, inputs.peers)}
        for part in lower.parts:
            current = part.score if name == "classic/1" else part.voices

            def passes(x: int, network: str = part.network, upper: Entry = upper, lower: Entry = lower) -> bool:
                return is_above(with_growth(inputs, lower.paper, network, x, name), lower.paper, upper.paper, name)

            growth = growth_by_network.get(part.network)
            if growth is None:
                assert not any(passes(x) for x in (*sample_of(current + 1, current + 40), 10**6))
            else:
                assert growth.now == current < growth.needed
                assert passes(growth.needed)
                assert not any(passes(x) for x in sample_of(current + 1, growth.needed))


def test_level_in_all_but_the_announcement_is_enough() -> None:
    """With as many voices as the upper one, the lower one already passes if it was announced earlier."""
    references = (peers({3: 600, 20: 100, 30: 50}),)
    upper = candidate("2401.00001", attention(25), announced_at=5)
    for announced_at, needed in ((4, 25), (6, 26)):
        lower = candidate("2401.00002", attention(10), announced_at=announced_at)
        above, below = entries(RankingInput(candidates=(upper, lower), peers=references), "rarity/1")
        assert required_growths(below, above, references) == (RequiredGrowth("bluesky", "person", 10, needed),)


def test_no_growth_on_a_sparse_network_is_enough() -> None:
    references = (peers({3: 4000}), peers({3: 2}, network="lobsters"))
    upper = candidate("2401.00001", attention(9))
    lower = candidate("2401.00002", attention(3, "lobsters"))
    above, below = entries(RankingInput(candidates=(upper, lower), peers=references), "rarity/1")
    assert required_growths(below, above, references) == ()


def test_passing_a_paper_takes_points_from_it() -> None:
    """Both are among the papers compared: once the lower one has as much, the upper one is less rare."""
    references = (peers({3: 600, 10: 1, 20: 1}), peers({3: 500}, network="mastodon"))
    day_ago = CUT - 24 * HOUR
    upper = candidate("2401.00001", attention(20, own=20), announced_at=day_ago)
    lower = candidate("2401.00002", attention(10, own=10), attention(2, "mastodon", own=2), announced_at=day_ago)
    inputs = RankingInput(candidates=(upper, lower), peers=references)
    above, below = entries(inputs, "rarity/1")
    assert (above.score, below.score) == (2780, 2479)
    assert required_growths(below, above, inputs.peers)[0] == RequiredGrowth("bluesky", "person", 10, 20)


def test_in_a_listing_likes_are_meant_and_for_the_classic_rule_both() -> None:
    upper = candidate("2401.00001", attention(90, "x", 0, reposts=10, likes=90))
    lower = candidate("2401.00002", attention(60, "x", 0, reposts=5, likes=60))
    inputs = RankingInput(candidates=(upper, lower), peers=(peers({60: 600, 80: 100}, network="x", age=0),))
    above, below = entries(inputs, "rarity/1")
    assert required_growths(below, above, inputs.peers) == (RequiredGrowth("x", "like", 60, 91),)
    above, below = entries(inputs, "classic/1")
    assert required_growths(below, above, inputs.peers) == (RequiredGrowth("x", "repost or like", 65, 101),)


# ---- rarity/2: with known voices and without ------------------------------------------------------------


@st.composite
def inputs_with_known(draw: st.DrawFn) -> RankingInput:
    """Inputs with known voices, or from a record too young to know any. Each paper is among its peers with its
    counted voices."""
    inputs = draw(ranking_inputs())
    standing_known = draw(st.booleans())
    candidates = [
        msgspec.structs.replace(paper, attention=tuple(
            msgspec.structs.replace(
                a, known=draw(st.integers(0, a.voices)) if standing_known else None, counted=a.voices,
                voices=a.voices + draw(st.integers(0, 9)),
            )
            for a in paper.attention
        ))
        for paper in inputs.candidates
    ]  # fmt: skip
    return msgspec.structs.replace(inputs, candidates=tuple(candidates))


def vouched_entries(inputs: RankingInput) -> list[Entry]:
    """Like `entries`, with what an issue prints of known voices, and with prices."""
    candidates = {paper.paper: paper for paper in inputs.candidates}
    return [
        msgspec.structs.replace(
            entry, counts=tuple(map(_count, candidates[entry.paper].attention)), price=Price(accounts=None, known=0)
        )
        for entry in entries(inputs, "rarity/2")
    ]  # fmt: skip


def _count(a: Attention) -> PrintedCount:
    return PrintedCount(
        network=a.network, voices=a.voices, reposts=a.reposts, likes=a.likes, until=a.until,
        known=msgspec.UNSET if a.known is None else a.known,
    )  # fmt: skip


def vouched_growth(inputs: RankingInput, paper: str, network: str, count: int) -> RankingInput:
    """The input if one paper had `count` counted voices on a network, all new ones known."""
    peers_then, candidates_after = list(inputs.peers), []
    for candidate_before in inputs.candidates:
        attentions = []
        for a in candidate_before.attention:
            if (candidate_before.paper, a.network) == (paper, network):
                counted_only = msgspec.structs.replace(a, voices=a.counted or 0)
                added_voices = count - counted_only.voices
                grown_attention = _grown_attention(candidate_before, counted_only, count, "rarity/2", peers_then)
                a = msgspec.structs.replace(
                    grown_attention,
                    voices=a.voices + added_voices,
                    counted=count,
                    known=None if a.known is None else a.known + added_voices,
                )
            attentions.append(a)
        candidates_after.append(msgspec.structs.replace(candidate_before, attention=tuple(attentions)))
    return RankingInput(candidates=tuple(candidates_after), peers=tuple(peers_then))


@settings(max_examples=60)
@given(inputs_with_known())
def test_the_least_growth_of_voices_that_vouch(inputs: RankingInput) -> None:
    for upper, lower in pairwise(vouched_entries(inputs)):
        growth_by_network = {growth.network: growth for growth in required_growths(lower, upper, inputs.peers)}
        parts = [part for part in lower.parts if part.network]
        assert growth_by_network.keys() <= {part.network for part in parts}
        for part in parts:

            def passes(x: int, network: str = part.network, upper: Entry = upper, lower: Entry = lower) -> bool:
                return is_above(vouched_growth(inputs, lower.paper, network, x), lower.paper, upper.paper, "rarity/2")

            growth = growth_by_network.get(part.network)
            if growth is None:
                assert not any(passes(x) for x in (*sample_of(part.voices + 1, part.voices + 40), 300, 10**6))
            else:
                assert growth.now == part.voices < growth.needed
                assert passes(growth.needed)
                assert not any(passes(x) for x in sample_of(part.voices + 1, growth.needed))


def two_papers(upper: Attention, lower: Attention, later: int = 0) -> RankingInput:
    """Two candidates, the lower one announced `later` µs after the upper, among 999 papers with three voices."""
    candidates = (candidate("2401.00001", upper), candidate("2401.00002", lower, announced_at=later))
    return RankingInput(candidates=candidates, peers=(peers({3: 999}),))


def test_growth_up_to_the_most_that_a_voice_brings() -> None:
    """2,000 points are 100 voices at 20 each: no paper compared has more than three."""
    inputs = two_papers(attention(100, counted=100, known=50), attention(5, counted=5, known=5))
    above, below = vouched_entries(inputs)
    assert (above.score, below.score) == (2000, 100)
    assert required_growths(below, above, inputs.peers) == (RequiredGrowth("bluesky", "person who counts", 5, 100),)


def test_growth_while_no_account_is_known() -> None:
    """The same, but ties go by announcement, not by voices."""
    inputs = two_papers(attention(100, counted=100), attention(5, counted=5), later=1)
    above, below = vouched_entries(inputs)
    assert required_growths(below, above, inputs.peers) == (RequiredGrowth("bluesky", "person who counts", 5, 101),)


def test_growth_of_unvouched_voices() -> None:
    """The lower one has thirty more voices, none of them known; two known ones vouch for 480 points."""
    inputs = two_papers(attention(20, counted=20, known=9), attention(50, counted=50, known=0))
    above, below = vouched_entries(inputs)
    assert (above.score, below.score) == (400, 0)
    assert required_growths(below, above, inputs.peers) == (RequiredGrowth("bluesky", "person who counts", 50, 52),)

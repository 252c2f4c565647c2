"""What would make neighbours swap: checked by ranking again, with that growth and with one less."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers import ranking
from hotpapers.model import (
    HOUR,
    Attention,
    Candidate,
    Entry,
    RankingInput,
    ScoredCandidate,
    VoiceHistogram,
)
from hotpapers.ranking.swap import RequiredGrowth, growths
from tests.ranking.talks import CUT, attention, candidate, peers, talks


def entries(talk: RankingInput, name: str) -> list[Entry]:
    """The ranking as an issue keeps it."""
    inputs = {one.paper: one for one in talk.candidates}
    return [_entry(place, one, inputs[one.paper]) for place, one in enumerate(ranking.rank(talk, name), 1)]


def _entry(place: int, one: ScoredCandidate, source: Candidate) -> Entry:
    return Entry(
        place=place, paper=one.paper, score=one.score, voices=one.voices, tied=one.tied, classic_rank=0,
        announced_at=source.announced_at, order=source.order, archive=source.archive, counts=(), parts=one.parts,
        metadata="", posts=(),
    )  # fmt: skip


def grown(talk: RankingInput, paper: str, network: str, count: int, name: str) -> RankingInput:
    """The talk if one paper had `count` on a network; it also stands so among its peers, if it is measured there."""
    peers_then = list(talk.peers)
    changed = []
    for one in talk.candidates:
        heard = []
        for a in one.attention:
            if (one.paper, a.network) == (paper, network):
                a = _grown_attention(one, a, count, name, peers_then)
            heard.append(a)
        changed.append(msgspec.structs.replace(one, attention=tuple(heard)))
    return RankingInput(candidates=tuple(changed), peers=tuple(peers_then))


def _grown_attention(one: Candidate, a: Attention, count: int, name: str, there: list[VoiceHistogram]) -> Attention:
    if name == "classic/1":
        return msgspec.structs.replace(a, likes=count - a.reposts)
    at_mark = a.age == 0 or a.until == one.announced_at + a.age * HOUR
    if not (at_mark and a.own == a.voices):
        return msgspec.structs.replace(a, voices=count)
    index = next((i for i, p in enumerate(there) if (p.network, p.archive) == (a.network, one.archive)), None)
    mine = (
        VoiceHistogram(network=a.network, age=a.age, archive=one.archive, counts=())
        if index is None
        else there.pop(index)
    )
    moved = Counter(dict(mine.counts))
    moved[a.own] -= 1
    moved[count] += 1
    there.append(peers({v: n for v, n in moved.items() if n > 0}, one.archive, a.network, a.age))
    return msgspec.structs.replace(a, voices=count, own=count)


def is_above(talk: RankingInput, paper: str, other: str, name: str) -> bool:
    papers = [one.paper for one in ranking.rank(talk, name)]
    return papers.index(paper) < papers.index(other)


@settings(max_examples=60)
@given(talks(), st.sampled_from(["rarity/1", "classic/1"]))
def test_the_least_growth_that_swaps(talk: RankingInput, name: str) -> None:
    for upper, lower in pairwise(entries(talk, name)):
        said = {growth.network: growth for growth in growths(lower, upper, talk.peers)}
        for part in lower.parts:
            now = part.score if name == "classic/1" else part.voices

            def passes(x: int, network: str = part.network, upper: Entry = upper, lower: Entry = lower) -> bool:
                return is_above(grown(talk, lower.paper, network, x, name), lower.paper, upper.paper, name)

            growth = said.get(part.network)
            if growth is None:
                assert not any(passes(x) for x in (*range(now + 1, now + 40), 10**6))
            else:
                assert growth.now == now < growth.needed
                assert passes(growth.needed)
                assert not any(passes(x) for x in range(now + 1, growth.needed))


def test_level_in_all_but_the_announcement_is_enough() -> None:
    """With as many voices as the upper one the lower one already passes, if it was announced before."""
    others = (peers({3: 600, 20: 100, 30: 50}),)
    upper = candidate("2401.00001", attention(25), announced_at=5)
    for announced_at, needed in ((4, 25), (6, 26)):
        lower = candidate("2401.00002", attention(10), announced_at=announced_at)
        above, below = entries(RankingInput(candidates=(upper, lower), peers=others), "rarity/1")
        assert growths(below, above, others) == (RequiredGrowth("bluesky", "voice", 10, needed),)


def test_no_growth_on_a_sparse_network_is_enough() -> None:
    others = (peers({3: 4000}), peers({3: 2}, network="lobsters"))
    upper = candidate("2401.00001", attention(9))
    lower = candidate("2401.00002", attention(3, "lobsters"))
    above, below = entries(RankingInput(candidates=(upper, lower), peers=others), "rarity/1")
    assert growths(below, above, others) == ()


def test_passing_a_paper_takes_points_from_it() -> None:
    """Both stand among the papers compared: once the lower one has as much, the upper one is less rare."""
    others = (peers({3: 600, 10: 1, 20: 1}), peers({3: 500}, network="mastodon"))
    day_ago = CUT - 24 * HOUR
    upper = candidate("2401.00001", attention(20, own=20), announced_at=day_ago)
    lower = candidate("2401.00002", attention(10, own=10), attention(2, "mastodon", own=2), announced_at=day_ago)
    talk = RankingInput(candidates=(upper, lower), peers=others)
    above, below = entries(talk, "rarity/1")
    assert (above.score, below.score) == (2780, 2479)
    assert growths(below, above, talk.peers)[0] == RequiredGrowth("bluesky", "voice", 10, 20)


def test_in_a_listing_favorites_are_meant_and_for_the_classic_rule_both() -> None:
    upper = candidate("2401.00001", attention(90, "x", 0, reposts=10, likes=90))
    lower = candidate("2401.00002", attention(60, "x", 0, reposts=5, likes=60))
    talk = RankingInput(candidates=(upper, lower), peers=(peers({60: 600, 80: 100}, network="x", age=0),))
    above, below = entries(talk, "rarity/1")
    assert growths(below, above, talk.peers) == (RequiredGrowth("x", "favorite", 60, 91),)
    above, below = entries(talk, "classic/1")
    assert growths(below, above, talk.peers) == (RequiredGrowth("x", "repost or like", 65, 101),)

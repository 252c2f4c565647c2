"""Compare two sites' issues place by place, also with each other's references."""

from __future__ import annotations

from hotpapers import ranking
from hotpapers.model import Attention, Candidate, RankingInput, VoiceHistogram
from tests.years.places import Causes, Compared, compare, with_law, with_references


def test_places_are_compared_one_by_one() -> None:
    one = {"2026-04-01": ["a", "b", "c"], "2026-04-02": ["d"]}
    other = {"2026-04-01": ["a", "c", "e"], "2026-04-02": ["d", "b"], "2026-04-03": ["f"]}
    found = compare(one, other, ["2026-04-01", "2026-04-02"])
    assert found == Compared(days=2, places=5, same=2, both=3, ever=4, first=2)
    assert found + Compared() == found
    assert (Causes() + Causes(found, found)).alike.same == 2


def test_nothing_in_common_is_said_so() -> None:
    assert compare({"2026-04-01": []}, {"2026-04-01": ["a"]}, ["2026-04-01"]) == Compared(days=1, places=1)
    assert compare({}, {}, []) == Compared()


def test_with_other_references_papers_are_compared_with_others() -> None:
    own = _talk(own=9)
    assert _points(own) == [0, 477]  # both others have three or more; log10(3 / 1)
    swapped = with_references(own, (_peers((3, 90), (9, 9)),))
    assert _points(swapped) == [0, 1000]  # log10(99 / 1) would be 1,996: fifty voices bring 20 each


def test_who_does_not_stand_in_the_other_reference_is_not_taken_out_of_it() -> None:
    swapped = with_references(_talk(own=9), (_peers((3, 1)),))
    assert [one.attention[0].own for one in swapped.candidates] == [3, None]
    assert _points(swapped)[1] == 301  # log10(2 / 1): the one other paper has fewer


def test_a_law_stands_for_references_on_all_archives_together() -> None:
    peers = (_peers((3, 8), (5, 3), (40, 1)), _peers((1, 9), (3, 2), (7, 1)))
    law = with_law(peers)
    assert [(one.network, one.age, one.archive, one.days) for one in law] == [("bluesky", 24, "", 9)]
    counts = dict(law[0].counts)
    assert counts[3] > counts[4] > counts[5] and counts[40] > 0
    swapped = with_references(_talk(own=9), law)
    assert [one.attention[0].own for one in swapped.candidates] == [None, None]
    assert _points(swapped)[0] == 0 < _points(swapped)[1]


def _talk(own: int) -> RankingInput:
    return RankingInput(
        candidates=(_candidate("arxiv:2604.00001", 3, 3), _candidate("arxiv:2604.00002", 50, own)),
        peers=(_peers((3, 2), (own, 1)),),
    )


def _candidate(paper: str, voices: int, own: int) -> Candidate:
    there = Attention(
        network="bluesky", until=1, age=24, voices=voices, reposts=0, likes=0, own=own, bots=0, counted=voices
    )
    return Candidate(paper=paper, archive="cs", announced_at=1, attention=(there,))


def _peers(*counts: tuple[int, int]) -> VoiceHistogram:
    return VoiceHistogram(network="bluesky", age=24, archive="cs", counts=counts, days=9)


def _points(talk: RankingInput) -> list[int]:
    scores = {one.paper: one.score for one in ranking.rank(talk, "rarity/2")}
    return [scores[one.paper] for one in talk.candidates]

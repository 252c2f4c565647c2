"""Compare two sites' issues place by place, also with each other's references."""

from __future__ import annotations

from hotpapers.base.model import Attention, Candidate, RankingInput, VoiceHistogram
from hotpapers.issues import ranking
from tests.years.places import Agreement, Causes, compare, with_fitted_law, with_references


def test_places_are_compared_one_by_one() -> None:
    first_site = {"2026-04-01": ["a", "b", "c"], "2026-04-02": ["d"]}
    second_site = {"2026-04-01": ["a", "c", "e"], "2026-04-02": ["d", "b"], "2026-04-03": ["f"]}
    agreement = compare(first_site, second_site, ["2026-04-01", "2026-04-02"])
    assert agreement == Agreement(days=2, places=5, same_place=2, same_issue=3, any_issue=4, same_first=2)
    assert agreement + Agreement() == agreement
    assert (Causes() + Causes(agreement, agreement)).alike_days.same_place == 2


def test_issues_with_nothing_in_common() -> None:
    assert compare({"2026-04-01": []}, {"2026-04-01": ["a"]}, ["2026-04-01"]) == Agreement(days=1, places=1)
    assert compare({}, {}, []) == Agreement()


def test_with_other_references_papers_are_compared_with_other_papers() -> None:
    own = _ranking_input(own=9)
    assert _points(own) == [0, 477]  # both others have three or more; log10(3 / 1)
    swapped = with_references(own, (_peers((3, 90), (9, 9)),))
    assert _points(swapped) == [0, 1000]  # log10(99 / 1) would be 1,996: fifty voices bring 20 each


def test_a_paper_that_is_not_in_the_other_reference_is_not_subtracted_from_it() -> None:
    swapped = with_references(_ranking_input(own=9), (_peers((3, 1)),))
    assert [candidate.attention[0].own for candidate in swapped.candidates] == [3, None]
    assert _points(swapped)[1] == 301  # log10(2 / 1): the one other paper has fewer


def test_a_fitted_law_replaces_the_references_of_all_archives() -> None:
    peers = (_peers((3, 8), (5, 3), (40, 1)), _peers((1, 9), (3, 2), (7, 1)))
    law = with_fitted_law(peers)
    assert [(histogram.network, histogram.age, histogram.archive, histogram.days) for histogram in law] == [
        ("bluesky", 24, "", 9)
    ]
    counts = dict(law[0].counts)
    assert counts[3] > counts[4] > counts[5] and counts[40] > 0
    swapped = with_references(_ranking_input(own=9), law)
    assert [histogram.attention[0].own for histogram in swapped.candidates] == [None, None]
    assert _points(swapped)[0] == 0 < _points(swapped)[1]


def _ranking_input(own: int) -> RankingInput:
    return RankingInput(
        candidates=(_candidate("arxiv:2604.00001", 3, 3), _candidate("arxiv:2604.00002", 50, own)),
        peers=(_peers((3, 2), (own, 1)),),
    )


def _candidate(paper: str, voices: int, own: int) -> Candidate:
    attention = Attention(
        network="bluesky", until=1, age=24, voices=voices, reposts=0, likes=0, own=own, bots=0, counted=voices
    )
    return Candidate(paper=paper, archive="cs", announced_at=1, attention=(attention,))


def _peers(*counts: tuple[int, int]) -> VoiceHistogram:
    return VoiceHistogram(network="bluesky", age=24, archive="cs", counts=counts, days=9)


def _points(ranking_input: RankingInput) -> list[int]:
    scores = {candidate.paper: candidate.score for candidate in ranking.rank(ranking_input, "rarity/2")}
    return [scores[candidate.paper] for candidate in ranking_input.candidates]

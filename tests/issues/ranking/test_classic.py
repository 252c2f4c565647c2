"""classic/1: reposts plus likes; ties keep the listing's order."""

from __future__ import annotations

from hotpapers.base.model import RankingInput
from hotpapers.issues import ranking
from tests.issues.ranking.inputs import attention, candidate


def test_reposts_and_likes_of_all_networks() -> None:
    low = candidate("2401.00001", attention(9, reposts=20, likes=29), order=1)
    high = candidate(
        "2401.00002", attention(1, reposts=1, likes=30), attention(2, "mastodon", reposts=0, likes=19), order=2
    )
    first, second = ranking.rank(RankingInput(candidates=(low, high), peers=()), "classic/1")
    assert (first.paper, first.score, first.voices) == ("arxiv:2401.00002", 50, 3)
    assert [(part.network, part.rule, part.score) for part in first.parts] == [
        ("bluesky", "classic", 31),
        ("mastodon", "classic", 19),
    ]
    assert (second.score, second.tied) == (49, False)


def test_ties_keep_their_order_in_the_file() -> None:
    papers = [candidate(f"2401.0000{9 - n}", attention(n, likes=50), order=n) for n in (3, 1, 2)]
    ordered = ranking.rank(RankingInput(candidates=tuple(papers), peers=()), "classic/1")
    assert [entry.paper[-1] for entry in ordered] == ["8", "7", "6"]
    assert all(entry.tied for entry in ordered)


def test_without_a_listing_the_earlier_announcement_then_the_id() -> None:
    late = candidate("2401.00001", attention(1, likes=50), announced_at=2)
    same_day = candidate("2401.00003", attention(1, likes=50), announced_at=1)
    early = candidate("2401.00002", attention(1, likes=50), announced_at=1)
    ordered = ranking.rank(RankingInput(candidates=(late, same_day, early), peers=()), "classic/1")
    assert [entry.paper[-1] for entry in ordered] == ["2", "3", "1"]


def test_a_paper_without_posts() -> None:
    (only,) = ranking.rank(RankingInput(candidates=(candidate("2401.00001"),), peers=()), "classic/1")
    assert (only.score, only.voices, only.parts) == (0, 0, ())

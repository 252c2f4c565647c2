"""Imported listings: what a publication's earlier listings are compared with."""

from __future__ import annotations

from hotpapers.base.model import HOUR, Paper, Tally
from hotpapers.discussion.engagement import queries as engagement_queries
from hotpapers.record.record import Record
from tests.issues.worlds import CUT


def tally(paper: str, reposts: int, likes: int, at: int = CUT, method: str = "made-up/1", network: str = "x") -> Tally:
    return Tally(paper=f"arxiv:{paper}", network=network, method=method, reposts=reposts, likes=likes, observed_at=at)


def test_what_a_listing_is_compared_with(store_url: str) -> None:
    """All that the publication listed in 90 days, 50 or more in total, each paper by its latest tally."""
    ninety_days_ago = CUT - 90 * 24 * HOUR
    items = [
        tally("2311.00001", 10, 40, CUT - 5), tally("2311.00001", 10, 90, CUT - 1, "made-up/2"),
        tally("2311.00002", 49, 0), tally("2311.00003", 0, 50), tally("2311.00004", 9, 99, ninety_days_ago),
        tally("2311.00005", 9, 99, ninety_days_ago + 1), tally("2311.00006", 9, 99, CUT + 1),
        tally("2311.00007", 9, 99, method="made-up-too/1"), tally("2311.00008", 9, 99, method="made-u/1"),
        tally("2311.00003", 60, 1, network="bluesky"),
        Paper(paper="arxiv:2311.00003", title="Three", categories=("hep-th",), observed_at=CUT),
        Paper(paper="arxiv:2311.00003", title="Three", categories=("cs.LG",), observed_at=CUT + 1),
    ]  # fmt: skip
    with Record(store_url) as record:
        record.append(items, source="made-up")
        view = record.view(CUT)
        peers = list(engagement_queries.listed_peers(view, "made-up", networks=()))
        assert list(engagement_queries.listed_peers(view, "made-up", ("bluesky",))) == peers[:1]
    assert peers == [
        ("bluesky", "hep-th", "arxiv:2311.00003", 1),
        ("x", "", "arxiv:2311.00001", 90),
        ("x", "hep-th", "arxiv:2311.00003", 50),
        ("x", "", "arxiv:2311.00005", 99),
    ]

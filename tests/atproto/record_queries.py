"""Simple queries of the record, by the network's own URIs."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import NamedTuple, TypeVar

from hotpapers.base.model import Account, Coverage, Item, Mention, Post, Reaction, Snapshot, Verdict
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.record import AsOfView, Record
from hotpapers.record.identities import key_of
from tests.atproto.network import Counts

T = TypeVar("T", bound=Item)

CLOCK_PAPER = "1901.00001"
"""The paper in the posts of the tests' own clock, and in no others."""


class Attention(NamedTuple):
    """A paper's attention as a ranking sees it."""

    voices: int
    reposts: int
    likes: int


def network_id(key: str) -> str:
    """The network's own identifier of a post or an account."""
    return key.removeprefix("bluesky:")


def posts(view: AsOfView, *, with_ticks: bool = False) -> dict[str, Post]:
    """Every post as last observed, by default without those of the clock."""
    ticks = (
        set()
        if with_ticks
        else {mention.post for mention in _all(view, Mention) if mention.paper.endswith(CLOCK_PAPER)}
    )
    return {network_id(post.post): post for post in _all(view, Post) if post.post not in ticks}


def existing_posts(view: AsOfView) -> set[str]:
    """The posts that still exist on the network, according to the record."""
    return {uri for uri, post in posts(view).items() if not post.gone}


def mentions(view: AsOfView) -> dict[str, set[tuple[str, str]]]:
    """The papers of each post, and where they were found: link, embed or text."""
    papers_by_post: dict[str, set[tuple[str, str]]] = {uri: set() for uri in posts(view)}
    for mention in _all(view, Mention):
        if network_id(mention.post) in papers_by_post:
            papers_by_post[network_id(mention.post)].add((mention.paper.removeprefix("arxiv:"), mention.found_in))
    return papers_by_post


def reaction_counts(view: AsOfView) -> Counter[tuple[str, str]]:
    """How many accounts have reacted to each post in each way and not withdrawn it."""
    return Counter(
        (network_id(reaction.post), reaction.type) for reaction in _all(view, Reaction) if not reaction.withdrawn
    )


def counts_of(view: AsOfView, uri: str) -> Counts:
    """How many accounts react to a post, counted as the network does."""
    counts = reaction_counts(view)
    return Counts(*(counts[uri, kind] for kind in ("like", "repost", "reply", "quote")))


def snapshot(view: AsOfView, uri: str) -> Counts | None:
    """A post's counts as last read; None if they never were."""
    row = view.latest_row(Snapshot, f"bluesky:{uri}")
    if row is None:
        return None
    item = row.item
    assert isinstance(item, Snapshot)
    assert None not in (item.likes, item.reposts, item.replies, item.quotes)
    return Counts(item.likes or 0, item.reposts or 0, item.replies or 0, item.quotes or 0)


def handle(view: AsOfView, did: str) -> str:
    """An account's handle, as far as the record knows it."""
    row = view.latest_row(Account, f"bluesky:{did}")
    return row.item.handle if row is not None and isinstance(row.item, Account) else ""


def judgement(view: AsOfView, did: str) -> tuple[str, str] | None:
    """Whether an account's posts are hidden or shown, and why; None without a verdict."""
    verdicts = [
        (verdict.judgement, verdict.reason) for verdict in _all(view, Verdict) if network_id(verdict.subject) == did
    ]
    return verdicts[-1] if verdicts else None


def attention(view: AsOfView, paper: str) -> Attention | None:
    """A paper's attention as a ranking sees it; None if nobody mentions it."""
    for engagement in read_engagement(view, MeasurementWindow(posted_from=0)):
        if engagement.paper == f"arxiv:{paper}" and engagement.network == "bluesky":
            return Attention(engagement.voices, engagement.reposts, engagement.likes)
    return None


def coverage(view: AsOfView) -> list[Coverage]:
    """How the network was read, in chronological order."""
    return sorted(_all(view, Coverage), key=lambda row: row.from_at)


def repeated_observations(record: Record) -> list[tuple[object, ...]]:
    """Observations that repeat the previous one: received twice, and stored twice."""
    queries = {
        "post": f"SELECT {key_of('post')}, text, gone FROM post WHERE until = 0 ORDER BY post, observed_at",
        "mention": f"""SELECT {key_of("post")}, {key_of("paper")}, found_in FROM mention WHERE until = 0
            ORDER BY post, paper, observed_at""",
        "reaction": f"""SELECT {key_of("post")}, {key_of("account")}, type, withdrawn FROM reaction WHERE until = 0
            ORDER BY post, account, type, observed_at""",
    }
    repeats: list[tuple[object, ...]] = []
    for kind, sql in queries.items():
        rows = record.database.rows(sql)
        repeats += [(kind, *row) for row, following in pairwise(rows) if row == following]
    return repeats


def _all(view: AsOfView, kind: type[T]) -> list[T]:
    """The latest observation of each item of a kind."""
    return [row.item for row in view.latest(kind) if isinstance(row.item, kind)]

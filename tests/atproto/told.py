"""What the record says: simple queries on a view, by the network's own addresses."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import NamedTuple, TypeVar

from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.model import Account, Coverage, Item, Mention, Post, Reaction, Snapshot, Verdict
from hotpapers.store import AsOfView, Record
from hotpapers.store.identities import key_of
from tests.atproto.network import Counts

T = TypeVar("T", bound=Item)

CLOCKS_PAPER = "1901.00001"
"""The paper in the posts of the tests' own clock, and in no others."""


class Attention(NamedTuple):
    """A paper's attention as a ranking sees it."""

    voices: int
    reposts: int
    likes: int


def bare(key: str) -> str:
    """The network's own identifier of a post or an account."""
    return key.removeprefix("bluesky:")


def posts(view: AsOfView, *, clocks: bool = False) -> dict[str, Post]:
    """Every post as last observed, by default without the clock's."""
    ticks = set() if clocks else {one.post for one in _all(view, Mention) if one.paper.endswith(CLOCKS_PAPER)}
    return {bare(post.post): post for post in _all(view, Post) if post.post not in ticks}


def there(view: AsOfView) -> set[str]:
    """The posts that still exist on the network, according to the record."""
    return {uri for uri, post in posts(view).items() if not post.gone}


def mentions(view: AsOfView) -> dict[str, set[tuple[str, str]]]:
    """The papers of each post, and where they were found: link, embed or text."""
    found: dict[str, set[tuple[str, str]]] = {uri: set() for uri in posts(view)}
    for one in _all(view, Mention):
        if bare(one.post) in found:
            found[bare(one.post)].add((one.paper.removeprefix("arxiv:"), one.found_in))
    return found


def standing(view: AsOfView) -> Counter[tuple[str, str]]:
    """How many accounts have reacted to each post in each way and not withdrawn it."""
    return Counter((bare(one.post), one.type) for one in _all(view, Reaction) if not one.withdrawn)


def reacted(view: AsOfView, uri: str) -> Counts:
    """How many accounts react to a post, counted as the network does."""
    found = standing(view)
    return Counts(*(found[uri, kind] for kind in ("like", "repost", "reply", "quote")))


def snapshot(view: AsOfView, uri: str) -> Counts | None:
    """A post's counts as last read; None if they never were."""
    row = view.latest_row(Snapshot, f"bluesky:{uri}")
    if row is None:
        return None
    one = row.item
    assert isinstance(one, Snapshot)
    assert None not in (one.likes, one.reposts, one.replies, one.quotes)
    return Counts(one.likes or 0, one.reposts or 0, one.replies or 0, one.quotes or 0)


def handle(view: AsOfView, did: str) -> str:
    """An account's handle, as far as the record knows it."""
    row = view.latest_row(Account, f"bluesky:{did}")
    return row.item.handle if row is not None and isinstance(row.item, Account) else ""


def judged(view: AsOfView, did: str) -> tuple[str, str] | None:
    """Whether an account's posts are hidden or shown, and why; None without a verdict."""
    found = [(one.judgement, one.reason) for one in _all(view, Verdict) if bare(one.subject) == did]
    return found[-1] if found else None


def attention(view: AsOfView, paper: str) -> Attention | None:
    """A paper's attention as a ranking sees it; None if nobody mentions it."""
    for one in read_engagement(view, MeasurementWindow(posted_from=0)):
        if one.paper == f"arxiv:{paper}" and one.network == "bluesky":
            return Attention(one.voices, one.reposts, one.likes)
    return None


def coverage(view: AsOfView) -> list[Coverage]:
    """How the network was read, in chronological order."""
    return sorted(_all(view, Coverage), key=lambda one: one.from_at)


def said_twice(record: Record) -> list[tuple[object, ...]]:
    """Observations that repeat the previous one: received twice, and stored twice."""
    queries = {
        "post": f"SELECT {key_of('post')}, text, gone FROM post WHERE until = 0 ORDER BY post, observed_at",
        "mention": f"""SELECT {key_of("post")}, {key_of("paper")}, found_in FROM mention WHERE until = 0
            ORDER BY post, paper, observed_at""",
        "reaction": f"""SELECT {key_of("post")}, {key_of("account")}, type, withdrawn FROM reaction WHERE until = 0
            ORDER BY post, account, type, observed_at""",
    }
    found: list[tuple[object, ...]] = []
    for kind, sql in queries.items():
        rows = record.database.rows(sql)
        found += [(kind, *one) for one, following in pairwise(rows) if one == following]
    return found


def _all(view: AsOfView, kind: type[T]) -> list[T]:
    """The latest observation of each item of a kind."""
    return [row.item for row in view.latest(kind) if isinstance(row.item, kind)]

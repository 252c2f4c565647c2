"""What the record tells: plain questions to a view, by the network's own addresses."""

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
"""What the posts of the tests' own clock name, and nothing else does."""


class Attention(NamedTuple):
    """What a ranking hears of a paper."""

    voices: int
    reposts: int
    likes: int


def bare(key: str) -> str:
    """The network's own name of a post or an account."""
    return key.removeprefix("bluesky:")


def posts(view: AsOfView, *, clocks: bool = False) -> dict[str, Post]:
    """Every post as the record last saw it; without those of the clock."""
    ticks = set() if clocks else {one.post for one in _all(view, Mention) if one.paper.endswith(CLOCKS_PAPER)}
    return {bare(post.post): post for post in _all(view, Post) if post.post not in ticks}


def there(view: AsOfView) -> set[str]:
    """The posts that the network still has, as far as the record knows."""
    return {uri for uri, post in posts(view).items() if not post.gone}


def mentions(view: AsOfView) -> dict[str, set[tuple[str, str]]]:
    """The papers of each post, and where they were found: link, embed or text."""
    found: dict[str, set[tuple[str, str]]] = {uri: set() for uri in posts(view)}
    for one in _all(view, Mention):
        if bare(one.post) in found:
            found[bare(one.post)].add((one.paper.removeprefix("arxiv:"), one.found_in))
    return found


def standing(view: AsOfView) -> Counter[tuple[str, str]]:
    """How many accounts react to each post in each way, and have not taken it back."""
    return Counter((bare(one.post), one.type) for one in _all(view, Reaction) if not one.withdrawn)


def reacted(view: AsOfView, uri: str) -> Counts:
    """The accounts that react to a post, as the network counts them."""
    found = standing(view)
    return Counts(*(found[uri, kind] for kind in ("like", "repost", "reply", "quote")))


def snapshot(view: AsOfView, uri: str) -> Counts | None:
    """A post's counts as they were last read; None where they never were."""
    row = view.latest_row(Snapshot, f"bluesky:{uri}")
    if row is None:
        return None
    one = row.item
    assert isinstance(one, Snapshot)
    assert None not in (one.likes, one.reposts, one.replies, one.quotes)
    return Counts(one.likes or 0, one.reposts or 0, one.replies or 0, one.quotes or 0)


def handle(view: AsOfView, did: str) -> str:
    """What an account is called, as far as the record knows."""
    row = view.latest_row(Account, f"bluesky:{did}")
    return row.item.handle if row is not None and isinstance(row.item, Account) else ""


def judged(view: AsOfView, did: str) -> tuple[str, str] | None:
    """Whether an account's posts are hidden or shown, and why; None where nothing was ever said of it."""
    found = [(one.judgement, one.reason) for one in _all(view, Verdict) if bare(one.subject) == did]
    return found[-1] if found else None


def attention(view: AsOfView, paper: str) -> Attention | None:
    """What a ranking hears of a paper; None where nobody speaks of it."""
    for one in read_engagement(view, MeasurementWindow(posted_from=0)):
        if one.paper == f"arxiv:{paper}" and one.network == "bluesky":
            return Attention(one.voices, one.reposts, one.likes)
    return None


def coverage(view: AsOfView) -> list[Coverage]:
    """How the network was read, in the order of time."""
    return sorted(_all(view, Coverage), key=lambda one: one.from_at)


def said_twice(record: Record) -> list[tuple[object, ...]]:
    """Observations that say the same as the one before them: heard twice, and written down twice."""
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
    """The latest observation of everything of a kind."""
    return [row.item for row in view.latest(kind) if isinstance(row.item, kind)]

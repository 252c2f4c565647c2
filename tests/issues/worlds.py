"""Small made-up records, drawn by Hypothesis: some papers, people on several networks, and what they did."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from hypothesis import strategies as st

from hotpapers.base.model import (
    BEGAN,
    HOUR,
    KINDS,
    READ_BACK,
    Alias,
    Announcement,
    Coverage,
    Item,
    Mention,
    Notice,
    Paper,
    Post,
    Reaction,
    Snapshot,
    Verdict,
    kind_of,
)
from hotpapers.record.identities import NUMBER
from hotpapers.record.item_rows import SPECS
from hotpapers.record.record import Record

CUT = 1_700_000_000_000_000
PAPERS = ("arxiv:2311.00001", "arxiv:2311.00002", "arxiv:hep-th/9901001")
ACCOUNTS = ("bluesky:ada", "bluesky:bo", "mastodon:cy", "mastodon:@bo", "x:1", "x:@ada", "")
TEXTS = {
    "The made-up lemma of the day is worth a long look": 1,
    "THE MADE-UP LEMMA of the day is worth a long look! https://made.up/abs/1": 1,
    "Another made-up remark, about something else entirely": 2,
    "Nice": 0,
    "": 0,
}
"""Texts, numbered by message; 0 if too short to tell."""

# (post, network, account, hours before the cut at which it was made)
POSTS = (
    ("bluesky:p1", "bluesky", "bluesky:ada", 170),
    ("bluesky:p2", "bluesky", "bluesky:bo", 90),
    ("bluesky:p3", "bluesky", "bluesky:ada", 20),
    ("bluesky:p9", "bluesky", "", 28),
    ("mastodon:p4", "mastodon", "mastodon:cy", 28),
    ("mastodon:p5", "mastodon", "mastodon:@bo", 10),
    ("x:p6", "x", "x:@ada", 28),
    ("x:p7", "x", "x:1", 2),
    ("x:p8", "x", "", 170),
)

LONG_AGO = (24 * 91, 24 * 90, 24 * 89, 200)
HOURS = (180, 168, 100, 96, 72, 30, 28, 25, 24, 12, 8, 6, 4, 2, 1, 0)


class Kept(NamedTuple):
    """An item and when the record held it: from batch `since` on, and before `until` unless that is 0."""

    item: Item
    since: int
    until: int


class World(NamedTuple):
    """Items, each with the batch (1 to 3) that adds it and the batch (or 0) that closes it."""

    kept: tuple[Kept, ...]


def moments(hours: tuple[int, ...] = HOURS) -> st.SearchStrategy[int]:
    """Moments around the critical ones: mostly before the cut, sometimes a microsecond off, rarely after it."""
    near = st.builds(lambda h, d: CUT - h * HOUR + d, st.sampled_from(hours), st.sampled_from((0, 0, 0, -1, 1)))
    return st.one_of(near, near, near, near, near, near, st.just(CUT + HOUR))


_papers = st.sampled_from(PAPERS)
_offsets = st.sampled_from((0, 0, 0, -1, 1))
_later = st.sampled_from((HOUR // 8, HOUR, HOUR))
_posts = st.sampled_from(POSTS)
_counts = st.one_of(st.none(), st.integers(0, 6))
T = TypeVar("T", bound=Item)

_announcements = st.builds(
    Announcement,
    paper=_papers,
    day=st.sampled_from(("2023-11-13", "2023-11-14")),
    category=st.sampled_from(("cs", "hep-th")),
    type=st.sampled_from(("new", "new", "new", "cross", "replacement")),
    announced_at=moments((*LONG_AGO, *HOURS, 3, 174)),
    observed_at=moments(),
)
_metadata = st.builds(
    Paper,
    paper=_papers,
    title=st.sampled_from(("One", "Two")),
    categories=st.sampled_from((("cs.LG",), ("hep-th", "math-ph"), ())),
    observed_at=moments(),
)
_notices = st.builds(
    Notice,
    paper=_papers,
    notice=st.sampled_from(("10.1234/one", "10.1234/two")),
    type=st.sampled_from(("retraction", "concern")),
    day=st.sampled_from(("2023-11-13", "")),
    observed_at=moments(),
)


@st.composite
def _post(draw: st.DrawFn) -> Post:
    post, network, account, hours = draw(_posts)
    return Post(
        post=post, network=network, account=account, created_at=CUT - hours * HOUR,
        text=draw(st.sampled_from(tuple(TEXTS))), gone=draw(st.sampled_from(("", "", "", "deleted"))),
        limits=draw(st.sampled_from(((), (), ("no-quote",)))), observed_at=draw(moments()),
    )  # fmt: skip


_mentions = st.builds(
    Mention, post=_posts.map(lambda p: p[0]), paper=_papers, form=st.just("abs"), observed_at=moments()
)
_reactions = st.builds(
    Reaction,
    post=_posts.map(lambda p: p[0]),
    account=st.sampled_from(ACCOUNTS[:-1]),
    type=st.sampled_from(("like", "like", "repost", "repost", "reply", "quote")),
    withdrawn=st.sampled_from((False, False, True)),
    observed_at=moments(),
)
_snapshots = st.builds(
    Snapshot, post=_posts.map(lambda p: p[0]), reposts=_counts, likes=_counts, replies=_counts, observed_at=moments()
)
_aliases = st.builds(
    Alias,
    account=st.sampled_from(("mastodon:@bo", "x:@ada")),
    stable=st.sampled_from(("bluesky:bo", "bluesky:ada", "x:1", "mastodon:7")),
    observed_at=moments(),
)
_on_accounts = st.builds(
    Verdict,
    subject=st.sampled_from(ACCOUNTS[:-1]),
    about=st.just(""),
    rule=st.sampled_from(("pace", "rate", "proved", "operator")),
    judgement=st.sampled_from(("bot", "bot", "human", "hidden")),
    version=st.just(1),
    reason=st.just("made up"),
    observed_at=moments(),
)
_on_mentions = st.builds(
    Verdict,
    subject=_posts.map(lambda p: p[0]),
    about=_papers,
    rule=st.sampled_from(("context", "operator")),
    judgement=st.sampled_from(("doubtful", "doubtful", "sound")),
    version=st.just(1),
    reason=st.just("made up"),
    observed_at=moments(),
)


def _mark(network: str, reason: str, at: int) -> Coverage:
    return Coverage(network=network, from_at=at, until_at=at, state="complete", reason=reason, observed_at=at)


_on_authors = st.builds(
    Verdict,
    subject=st.sampled_from(ACCOUNTS[:-1]),
    about=_papers,
    rule=st.sampled_from(("name", "words", "operator")),
    judgement=st.sampled_from(("author", "author", "independent")),
    version=st.just(1),
    reason=st.just("made up"),
    observed_at=moments(),
)


_marks = st.builds(
    _mark, st.sampled_from(("bluesky", "mastodon")), st.sampled_from((BEGAN, READ_BACK)), moments()
)  # fmt: skip


@st.composite
def _usual(draw: st.DrawFn) -> list[Item]:
    """The usual: two papers are announced, and most posts are about one of them. Sometimes a network is first read only
    after most of that, and read back."""
    hours = st.sampled_from((24 * 89, 200, 168, 100, 72, 30, 29, 24, 7, 6, 3))
    items: list[Item] = []
    for paper in PAPERS[:2]:
        at = CUT - draw(hours) * HOUR
        items.append(
            Announcement(paper=paper, day="2023-11-13", category="cs", type="new", announced_at=at, observed_at=at)
        )
    begins = CUT - draw(st.sampled_from((99, 99, 29, 25, 5, 2))) * HOUR
    backwards = draw(st.sampled_from(((), (), ("bluesky",), ("bluesky", "mastodon"))))
    for network in backwards:
        end = begins + draw(st.sampled_from((HOUR // 2, 2 * HOUR, 7 * HOUR)))
        items += [_mark(network, BEGAN, begins), _mark(network, READ_BACK, end)]
    for post, network, account, hour in draw(st.lists(_posts, unique=True, min_size=2)):
        made_at = CUT - hour * HOUR
        at = max(made_at, begins + HOUR // 4) if network in backwards else made_at
        text = draw(st.sampled_from(tuple(TEXTS)))
        items.append(Post(post=post, network=network, account=account, created_at=made_at, text=text, observed_at=at))
        paper = draw(st.sampled_from(PAPERS[:2]))
        papers = draw(st.sampled_from(((paper,), (paper,), PAPERS[:2])))
        items += [Mention(post=post, paper=paper, form="abs", observed_at=at) for paper in papers]
        if draw(st.booleans()):
            items.append(Snapshot(post=post, reposts=draw(_counts), likes=draw(_counts), observed_at=at + draw(_later)))
        for account in draw(st.sets(st.sampled_from(ACCOUNTS[:-1]), max_size=3)):
            items.append(Reaction(post=post, account=account, type="like", observed_at=at))
            if draw(st.booleans()):
                late = at + draw(st.sampled_from((HOUR // 2, 2 * HOUR)))
                items.append(Reaction(post=post, account=account, type="like", withdrawn=True, observed_at=late))
    for account in draw(st.sets(st.sampled_from(ACCOUNTS[:-1]), max_size=2)):
        items.append(
            Verdict(
                subject=account, about="", rule="pace", judgement="bot", version=1, reason="", observed_at=CUT - HOUR
            )
        )
    return items


EARLIER = ("arxiv:2309.00001", "arxiv:2309.00002", "arxiv:2309.00003")
LONG_KNOWN = (24 * 40,) * 6 + (24 * 30, 24 * 30 - 6, 24 * 20)
SETTLED = (24 * 9,) * 8 + (24 * 7, 24 * 7 - 6, 24 * 2)


@st.composite
def _earlier(draw: st.DrawFn) -> list[Item]:
    """What accounts said about or liked of other papers, mostly weeks before the cut; some gain standing by it."""
    items: list[Item] = []
    for account in draw(st.sets(st.sampled_from(ACCOUNTS[:-1]), min_size=draw(st.sampled_from((0, 2, 2))), max_size=4)):
        hours = [draw(st.sampled_from(LONG_KNOWN)), *(draw(st.sampled_from(SETTLED)) for _ in range(2))]
        papers = (EARLIER[0], EARLIER[1], EARLIER[draw(st.sampled_from((2, 2, 2, 2, 1)))])
        for number, hour in enumerate(hours):
            network = account.partition(":")[0]
            post, at = f"{network}:e{ACCOUNTS.index(account)}{number}", CUT - hour * HOUR + draw(_offsets)
            reacts = draw(st.sampled_from((False, False, True)))
            by = f"{network}:other{number}" if reacts else account
            items.append(Post(post=post, network=network, account=by, created_at=at, text="", observed_at=at))
            items.append(Mention(post=post, paper=papers[number], form="abs", observed_at=at))
            if reacts:
                items.append(Reaction(post=post, account=account, type="like", observed_at=at))
    return items


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A record: the usual, and anything else. No two items contradict each other about the same key and moment."""
    items: list[Item] = [
        *draw(_usual()),
        *draw(st.lists(_announcements, max_size=2)),
        *draw(st.lists(_metadata, max_size=2)),
        *draw(st.lists(_notices, max_size=2)),
        *draw(st.lists(_post(), max_size=3)),
        *draw(st.lists(_mentions, max_size=3)),
        *draw(st.lists(_reactions, max_size=8)),
        *draw(st.lists(_snapshots, max_size=4)),
        *draw(st.lists(_aliases, max_size=2)),
        *draw(st.lists(_marks, max_size=2)),
        *draw(st.lists(st.one_of(_on_accounts, _on_mentions), max_size=4)),
        *draw(st.lists(_on_authors, max_size=3)),
        *draw(_earlier()),
    ]
    once = {(kind_of(i), *(getattr(i, name) for name in type(i).key), i.observed_at): i for i in items}
    usually = st.sampled_from(((1, 0),) * 8 + ((1, 2), (1, 3), (2, 0), (2, 3), (3, 0)))
    return World(tuple(Kept(item, *draw(usually)) for item in once.values()))


def emptied(record: Record) -> Record:
    """Deletes every item from the record."""
    with record.database.write():
        for kind in KINDS:
            record.database.run(f"DELETE FROM {kind_of(kind)}")
        for table in ("batch", "standing", "standing_state"):
            record.database.run(f"DELETE FROM {table}")
    return record


def fill(record: Record, world: World) -> World:
    """Writes the world's items in their batches into an empty record; returns the world with the actual positions."""
    positions = {0: 0}
    for batch in (1, 2, 3):
        brought: list[Item] = [row.item for row in world.kept if row.since == batch]
        note: Item = Paper(paper="arxiv:1001.00001", title=f"batch {batch}", observed_at=batch)
        positions[batch] = record.append([*brought, note], source="made-up").position or 0
    with record.database.write():
        for row in world.kept:
            if row.until:
                _close(record, row.item, positions[row.until])
    return World(tuple(Kept(row.item, positions[row.since], positions[row.until]) for row in world.kept))


def _close(record: Record, item: Item, position: int) -> None:
    names = (*type(item).key, "observed_at")
    keys = SPECS[type(item)].identities
    where = " AND ".join(f'"{name}" = {NUMBER if name in keys else "?"}' for name in names)
    values = [getattr(item, name) for name in names]
    assert record.database.run(f"UPDATE {kind_of(item)} SET until = ? WHERE {where}", (position, *values)) == 1

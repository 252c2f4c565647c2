"""Who talked about what, as a ranking needs it: SQL finds what was said, plain functions count whose voices it was.

For every paper announced in a window and every age (6, 24, 72, 168 h) that it has reached, the voices that it had by
then on each network: the accounts that posted about it and those that reposted or liked such a post, each once; where
a network tells only counts, the counts. Posts of bots are left out and counted apart; posts of the publication itself
and doubtful mentions are left out. Posts of the same text, or of the same account, on several networks are one voice,
on the network where the post is strongest; reactions count where they are.

What a network told of the time before it was first read was observed late: it stands for the last age that a paper had
reached by then, and for none before. A post counts from when it was made, with the counts that it had when it was read.

Papers come one by one, and the reactions to some hundreds of posts at a time, so memory holds no more than these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

from hotpapers.engagement import measurement, queries
from hotpapers.engagement.post_reactions import NOTHING, ReactionsByPost
from hotpapers.store.as_of import AsOfView


class Engagement(NamedTuple):
    """One paper's attention on one network by one moment. `peer`: counts in the reference of its age.

    `announced_at` is 0 for a paper that counts with the posts of a window.
    """

    paper: str
    announced_at: int
    age: int
    until: int
    peer: int
    network: str
    archive: str
    voices: int
    reposts: int
    likes: int
    bots: int


class PostAtAge(NamedTuple):
    """A post about a paper as it was at a mark.

    `post`: its number; `same`: a mark of its text, 0 for none; `voice`: the number of whose it is; `counted_at`: when
    its counts were read, None for never."""

    paper: str
    archive: str
    announced_at: int
    age: int
    until: int
    peer: int
    network: str
    post: int
    same: int
    voice: int
    automated: int
    reposts: int
    likes: int
    counted_at: int | None


def read_engagement(view: AsOfView, window: measurement.MeasurementWindow) -> Iterator[Engagement]:
    """All attention that the window measures, in the order of paper, age and network."""
    rows = map(PostAtAge._make, view.database.iterate(queries.posts_at_age_sql(view, window)))
    papers = (list(group) for _, group in groupby(rows, key=attrgetter("paper")))
    if not queries.has_reactions(view.database):
        yield from count_engagement(papers, {})
        return
    people = queries.people(view, window.own_voices)
    for some in _some(papers):
        yield from count_engagement(some, queries.reactions_to(view, _moments(some), people), people.left_out)


AT_ONCE = 500
"""Posts whose reactions are read together, or all those of a paper."""


def _some(papers: Iterable[list[PostAtAge]]) -> Iterator[list[list[PostAtAge]]]:
    """Papers, a few at a time: with some hundreds of posts, or a single one."""
    some: list[list[PostAtAge]] = []
    count = 0
    for spoken in papers:
        some.append(spoken)
        count += len(spoken)
        if count >= AT_ONCE:
            yield some
            some, count = [], 0
    if some:
        yield some


def _moments(papers: Iterable[Iterable[PostAtAge]]) -> dict[int, list[int]]:
    """When each post is measured whose reactions count, ascending."""
    moments: dict[int, set[int]] = defaultdict(set)
    for post in chain.from_iterable(papers):
        if not post.automated:
            moments[post.post].add(post.until)
    return {post: sorted(some) for post, some in moments.items()}


# ---- whose voices: plain functions -------------------------------------------------------------------


def count_engagement(
    papers: Iterable[Sequence[PostAtAge]], reactions: ReactionsByPost, left_out: Set[int] = frozenset()
) -> Iterator[Engagement]:
    """Attention from what was said of each paper and the reactions to it. `left_out`: voices of bots and our own."""
    for spoken in papers:
        marks: dict[tuple[int, int], list[PostAtAge]] = defaultdict(list)
        for post in spoken:
            marks[post.age, post.peer].append(post)
        for _, at_mark in sorted(marks.items()):
            yield from _of_mark(at_mark, reactions, left_out)


def _of_mark(spoken: Sequence[PostAtAge], reactions: ReactionsByPost, left_out: Set[int]) -> Iterator[Engagement]:
    networks: dict[str, list[PostAtAge]] = defaultdict(list)
    for one in spoken:
        networks[one.network].append(one)
    texts, voices = _homes(spoken) if len(networks) > 1 else ({}, {})
    for network, there in sorted(networks.items()):
        at_home = {
            post.voice
            for post in there
            if not post.automated and texts.get(post.same, network) == network == voices.get(post.voice, network)
        }
        yield _summed(there, at_home, reactions, left_out)


def _homes(spoken: Sequence[PostAtAge]) -> tuple[dict[int, str], dict[int, str]]:
    """On which network each text, and each voice, is strongest; level ones where the name comes first.

    Never by the post's id: it may be forgotten, and the issue must still be rebuilt alike.
    """
    texts: dict[int, str] = {}
    voices: dict[int, str] = {}
    for post in sorted(spoken, key=lambda one: (one.automated, -one.reposts - one.likes, one.network)):
        if post.same:
            texts.setdefault(post.same, post.network)
        if post.voice:
            voices.setdefault(post.voice, post.network)
    return texts, voices


def _summed(
    there: Sequence[PostAtAge], at_home: Set[int], reactions: ReactionsByPost, left_out: Set[int]
) -> Engagement:
    """One network: its voices, and beyond them the counts that no account explains."""
    reposts = likes = unexplained = bots = 0
    voices = set(at_home)
    for post in there:
        if post.automated:
            bots += 1
            continue
        reposts, likes = reposts + post.reposts, likes + post.likes
        known = reactions.get(post.post)
        for type, count in (("repost", post.reposts), ("like", post.likes)):
            standing = known[type].at(post.until, post.counted_at) if known and type in known else NOTHING
            voices |= standing.voices
            unexplained += max(count - len(standing.held), 0)
    first = there[0]
    return Engagement(
        paper=first.paper, announced_at=first.announced_at, age=first.age, until=first.until, peer=first.peer,
        network=first.network, archive=first.archive, voices=len(voices - left_out) + unexplained, reposts=reposts,
        likes=likes, bots=bots,
    )  # fmt: skip

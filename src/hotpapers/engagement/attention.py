"""Who talked about what, as a ranking needs it: SQL finds what was said, plain functions count whose voices it was.

For every paper announced in a window and every age (6, 24, 72, 168 h) that it has reached, the voices that it had by
then on each network: the accounts that posted about it and those that reposted or liked such a post, each once; where
a network tells only counts, the counts. Posts of bots are left out and counted apart; posts of the publication itself
and doubtful mentions are left out. Posts of the same text, or of the same account, on several networks are one voice,
on the network where the post is strongest; reactions count where they are.

What a network told of the time before it was first read was observed late: it stands for the last age that a paper had
reached by then, and for none before. A post counts from when it was made, with the counts that it had when it was read.

Papers come one by one, so memory holds no more than what was said of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from hotpapers.engagement import measurement, queries
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

    `post`: the number of its row; `same`: a mark of its text, 0 for none; `voice`: a mark of whose it is;
    `counted_at`: when its counts were read, None for never.
    """

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


class ReactionEvent(NamedTuple):
    """An account's repost or like of a post, or its withdrawal, as observed at a moment.

    `account`: a mark of the account as the network named it; `voice`: of whose it is; `left_out`: a bot or our own.
    """

    paper: str
    post: int
    account: int
    voice: int
    type: str
    observed_at: int
    withdrawn: int
    left_out: int


def read_engagement(view: AsOfView, window: measurement.MeasurementWindow) -> Iterator[Engagement]:
    """All attention that the window measures, in the order of paper, age and network."""
    rows = view.database.iterate(queries.posts_at_age_sql(view, window))
    reactions: Iterable[Sequence[object]] = ()
    if queries.has_reactions(view.database):
        reactions = view.database.iterate(queries.reaction_events_sql(view, window))
    yield from count_engagement(map(PostAtAge._make, rows), map(ReactionEvent._make, reactions))


# ---- whose voices: plain functions -------------------------------------------------------------------


def count_engagement(spoken: Iterable[PostAtAge], reacted: Iterable[ReactionEvent]) -> Iterator[Engagement]:
    """Attention from what was said and the reactions to it, both in the order of their papers."""
    waiting = groupby(reacted, key=attrgetter("paper"))
    paper_of_reactions, reactions = next(waiting, ("", iter(())))
    for paper, group in groupby(spoken, key=attrgetter("paper")):
        while paper_of_reactions < paper:
            paper_of_reactions, reactions = next(waiting, (LAST, iter(())))
        yield from _of_paper(list(group), list(reactions) if paper_of_reactions == paper else [])


LAST = "\U0010ffff"
"""Comes after every paper."""


def _of_paper(spoken: Sequence[PostAtAge], reacted: Sequence[ReactionEvent]) -> Iterator[Engagement]:
    marks: dict[tuple[int, int], list[PostAtAge]] = defaultdict(list)
    for post in spoken:
        marks[post.age, post.peer].append(post)
    in_time = sorted(reacted, key=attrgetter("observed_at"))
    for _, at_mark in sorted(marks.items()):
        yield from _of_mark(at_mark, in_time)


def _of_mark(spoken: Sequence[PostAtAge], reacted: Sequence[ReactionEvent]) -> Iterator[Engagement]:
    networks: dict[str, list[PostAtAge]] = defaultdict(list)
    for one in spoken:
        networks[one.network].append(one)
    texts, voices = _homes(spoken) if len(networks) > 1 else ({}, {})
    reactions = _standing(reacted, spoken[0].until) if reacted else {}
    for network, there in sorted(networks.items()):
        at_home = {
            post.voice
            for post in there
            if not post.automated and texts.get(post.same, network) == network == voices.get(post.voice, network)
        }
        yield _summed(there, at_home, reactions)


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


def _standing(reacted: Iterable[ReactionEvent], until: int) -> dict[int, list[ReactionEvent]]:
    """Each post's reactions as they stood at a moment: of every account and type the last one seen by then."""
    last = {(one.post, one.account, one.type): one for one in reacted if one.observed_at <= until}
    result: dict[int, list[ReactionEvent]] = defaultdict(list)
    for event in last.values():
        result[event.post].append(event)
    return result


def _summed(
    there: Sequence[PostAtAge], voices: set[int], reactions: Mapping[int, Sequence[ReactionEvent]]
) -> Engagement:
    """One network: its voices, and beyond them the counts that no account explains."""
    reposts = likes = unexplained = bots = 0
    for post in there:
        if post.automated:
            bots += 1
            continue
        reposts, likes = reposts + post.reposts, likes + post.likes
        known = reactions.get(post.post, ())
        unexplained += _beyond(post.reposts, "repost", known, post) + _beyond(post.likes, "like", known, post)
        voices |= {r.voice for r in known if not r.withdrawn and not r.left_out}
    first = there[0]
    return Engagement(
        paper=first.paper, announced_at=first.announced_at, age=first.age, until=first.until, peer=first.peer,
        network=first.network, archive=first.archive, voices=len(voices) + unexplained, reposts=reposts, likes=likes,
        bots=bots,
    )  # fmt: skip


def _beyond(count: int, kind: str, known: Sequence[ReactionEvent], post: PostAtAge) -> int:
    """A post's count without the accounts that it holds: what was taken back after it was read is still in it."""
    if not known:
        return count
    held = {
        event.voice
        for event in known
        if event.type == kind
        and (not event.withdrawn or (post.counted_at is not None and event.observed_at > post.counted_at))
    }
    return max(count - len(held), 0)


# ---- papers and moments: SQL -----------------------------------------------------------------------------


# ---- whose voice counts: SQL --------------------------------------------------------------------------------


# ---- what was said: SQL --------------------------------------------------------------------------------


# ---- imported listings ---------------------------------------------------------------------------------

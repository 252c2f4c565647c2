"""Inject lies into one of two collectors, and count how many of the changed counts stay unexplained.

    raised    a reading with more likes, by at least half and at least ten
    invented  a post that nobody wrote, made within an hour of a real one and read like it
    dropped   a post that the other collector has

A lie cannot be detected if it makes a count equal to the other collector's, or to what that may have been: where the
other collector was blind, or between two of its readings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

import msgspec

from hotpapers.comparison.compare import compare_collectors
from hotpapers.comparison.facts import CollectorFacts
from hotpapers.comparison.lines import PostLine
from hotpapers.comparison.moments import MeasuredMoment, state_at, voices
from hotpapers.engagement.measurement import AGES
from tests.loopback.script import SECOND

Count = tuple[str, str, int]
"""Paper, network and age."""


class Caught(NamedTuple):
    """How many counts lies of one kind made different from the other collector's, and how many are unexplained."""

    changed: int
    unexplained: int


def counted(facts: CollectorFacts) -> dict[Count, int]:
    """All counts of a collector."""
    found = {}
    for paper, at in facts.announced.items():
        for age in AGES:
            moment = MeasuredMoment(paper, at, age)
            if moment.until <= facts.header.until:
                here = voices(state_at(facts, moment), moment)
                found.update({(paper, network, age): count for network, count in here.items()})
    return found


def raised(post: PostLine, rng: Random) -> PostLine:
    """The post with more likes in one of its readings."""
    which = rng.randrange(len(post.readings))
    at, reposts, likes = post.readings[which]
    more = (likes or 0) + max(10, (likes or 0) // 2)
    return msgspec.structs.replace(
        post, readings=[*post.readings[:which], (at, reposts, more), *post.readings[which + 1 :]]
    )


def invented(post: PostLine, rng: Random) -> PostLine:
    """A similar post by somebody else."""
    who = f"{rng.getrandbits(128):032x}"
    return msgspec.structs.replace(
        post, post=f"{rng.getrandbits(128):032x}", account=who, voice=who, reactions=[],
        created_at=post.created_at + rng.randrange(3600) * SECOND, seen=[(at, there, "") for at, there, _ in post.seen],
    )  # fmt: skip


LIES: dict[str, Callable[[PostLine, Random], PostLine | None]] = {
    "raised": raised, "invented": invented, "dropped": lambda post, rng: None,
}  # fmt: skip


def caught(pair: tuple[CollectorFacts, CollectorFacts], number: int, seed: int) -> Iterator[tuple[str, Caught]]:
    """Inject this many lies of each kind, one at a time, into either collector in turn."""
    rng = Random(f"{seed} injected")
    for kind, lie in LIES.items():
        changed = unexplained = 0
        for n in range(number):
            one = _one(pair, n % 2, lie, rng)
            changed, unexplained = changed + one.changed, unexplained + one.unexplained
        yield kind, Caught(changed, unexplained)


def _one(
    pair: tuple[CollectorFacts, CollectorFacts], liar: int, lie: Callable[[PostLine, Random], PostLine | None],
    rng: Random,
) -> Caught:  # fmt: skip
    whole = [post for post in pair[liar].posts.values() if post.readings and post.papers and post.seen[0][1]]
    post = rng.choice(whole)
    papers = {paper: pair[liar].announced[paper] for paper, _, _ in post.papers if paper in pair[liar].announced}
    a, b = (facts._replace(announced={p: facts.announced[p] for p in papers if p in facts.announced}) for facts in pair)
    honest, other = (a, b) if liar == 0 else (b, a)
    told = lie(post, rng)
    posts = {mark: one for mark, one in honest.posts.items() if told is not None or mark != post.post}
    posts_by_paper = {paper: marks & posts.keys() for paper, marks in honest.posts_by_paper.items()}
    if told is not None:
        posts[told.post] = told
        posts_by_paper |= {paper: posts_by_paper[paper] | {told.post} for paper, _, _ in told.papers}
    lying = honest._replace(posts=posts, posts_by_paper=posts_by_paper)
    before, after, theirs = counted(honest), counted(lying), counted(other)
    changed = {
        key
        for key in before | after
        if before.get(key, 0) != after.get(key, 0) and after.get(key, 0) != theirs.get(key, 0)
    }
    found = compare_collectors(*((lying, other) if liar == 0 else (other, lying))).unexplained
    return Caught(len(changed), len(changed & {(one.paper, one.network, one.age) for one in found}))

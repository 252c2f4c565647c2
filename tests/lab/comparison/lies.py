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

from hotpapers.discussion.engagement.measurement import AGES
from lab.comparison.compare import compare_collectors
from lab.comparison.facts import CollectorFacts, MeasuredMoment, Side, voices
from lab.comparison.lines import PostLine
from tests.loopback.script import SECOND

Count = tuple[str, str, int]
"""Paper, network and age."""


class LieCounts(NamedTuple):
    """How many counts lies of one kind made different from the other collector's, and how many are unexplained."""

    changed: int
    unexplained: int


def counts_of(facts: CollectorFacts) -> dict[Count, int]:
    """All counts of a collector."""
    counts = {}
    for paper, at in facts.announced.items():
        for age in AGES:
            moment = MeasuredMoment(paper, at, age)
            if moment.until <= facts.header.until:
                voices_now = voices(Side(facts, moment), moment)
                counts.update({(paper, network, age): count for network, count in voices_now.items()})
    return counts


def raise_likes(post: PostLine, rng: Random) -> PostLine:
    """The post with more likes in one of its readings."""
    index = rng.randrange(len(post.readings))
    at, reposts, likes = post.readings[index]
    raised_likes = (likes or 0) + max(10, (likes or 0) // 2)
    return msgspec.structs.replace(
        post, readings=[*post.readings[:index], (at, reposts, raised_likes), *post.readings[index + 1 :]]
    )


def invent_post(post: PostLine, rng: Random) -> PostLine:
    """A similar post by somebody else."""
    account = f"{rng.getrandbits(128):032x}"
    return msgspec.structs.replace(
        post, post=f"{rng.getrandbits(128):032x}", account=account, voice=account, reactions=[],
        created_at=post.created_at + rng.randrange(3600) * SECOND,
        seen=[(at, is_visible, "") for at, is_visible, _ in post.seen],
    )  # fmt: skip


LIES: dict[str, Callable[[PostLine, Random], PostLine | None]] = {
    "raised": raise_likes, "invented": invent_post, "dropped": lambda post, rng: None,
}  # fmt: skip


def inject_lies(pair: tuple[CollectorFacts, CollectorFacts], number: int, seed: int) -> Iterator[tuple[str, LieCounts]]:
    """Inject this many lies of each kind, one at a time, into either collector in turn."""
    rng = Random(f"{seed} injected")
    for kind, lie in LIES.items():
        changed = unexplained = 0
        for n in range(number):
            counts = _inject_lie(pair, n % 2, lie, rng)
            changed, unexplained = changed + counts.changed, unexplained + counts.unexplained
        yield kind, LieCounts(changed, unexplained)


def _inject_lie(
    pair: tuple[CollectorFacts, CollectorFacts], liar: int, lie: Callable[[PostLine, Random], PostLine | None],
    rng: Random,
) -> LieCounts:  # fmt: skip
    candidates = [post for post in pair[liar].posts.values() if post.readings and post.papers and post.seen[0][1]]
    post = rng.choice(candidates)
    papers = {paper: pair[liar].announced[paper] for paper, _, _ in post.papers if paper in pair[liar].announced}
    a, b = (
        msgspec.structs.replace(facts, announced={p: facts.announced[p] for p in papers if p in facts.announced})
        for facts in pair
    )
    honest, other = (a, b) if liar == 0 else (b, a)
    false_post = lie(post, rng)
    posts = {mark: line for mark, line in honest.posts.items() if false_post is not None or mark != post.post}
    if false_post is not None:
        posts[false_post.post] = false_post
    lying = msgspec.structs.replace(honest, posts=posts)
    counts_before, counts_after, other_counts = counts_of(honest), counts_of(lying), counts_of(other)
    changed = {
        key
        for key in counts_before | counts_after
        if counts_before.get(key, 0) != counts_after.get(key, 0)
        and counts_after.get(key, 0) != other_counts.get(key, 0)
    }
    differences = compare_collectors(*((lying, other) if liar == 0 else (other, lying))).unexplained
    return LieCounts(
        len(changed),
        len(changed & {(difference.paper, difference.network, difference.age) for difference in differences}),
    )

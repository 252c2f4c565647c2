"""Applies causes, in order, to what two collectors count at a moment.

Whatever a cause accounts for is made the same on both sides, and voices are counted again. The change in the difference
is what the cause explains; the difference left after all causes is unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from hotpapers.wings.peers.comparison.causes import (
    CAUSES,
    Cause,
    ReadCount,
    count_cause,
    judgement_cause,
    missing_post_cause,
    missing_reaction_cause,
)
from hotpapers.wings.peers.comparison.moments import CountedPost, MeasuredMoment, Side, known_by, voices


class ComparedCount(NamedTuple):
    """Two counts of a paper's voices on a network at an age, in hours after its announcement. `causes`: how much of
    a − b each explains; `unexplained`: the rest."""

    paper: str
    network: str
    age: int
    a: int
    b: int
    causes: Mapping[Cause, int]
    unexplained: int


def align(a: Side, b: Side, moment: MeasuredMoment) -> Iterator[ComparedCount]:
    """The counts on every network at a moment, with the causes of differences, which change the sides."""
    counts_a, counts_b = voices(a, moment), voices(b, moment)
    networks = sorted(counts_a.keys() | counts_b.keys())
    first = remaining = {network: counts_a.get(network, 0) - counts_b.get(network, 0) for network in networks}
    explained: dict[str, dict[Cause, int]] = {network: {} for network in networks}
    for cause in CAUSES if any(first.values()) else ():
        _apply(cause, a, b, moment)
        now_a, now_b = voices(a, moment), voices(b, moment)
        now = {network: now_a.get(network, 0) - now_b.get(network, 0) for network in networks}
        for network in networks:
            if first[network] and (amount := remaining[network] - now[network]):
                explained[network][cause] = amount
        remaining = now
    for network in networks:
        yield ComparedCount(
            moment.paper,
            network,
            moment.age,
            counts_a.get(network, 0),
            counts_b.get(network, 0),
            explained[network],
            unexplained=remaining[network] if first[network] else 0,
        )


def _apply(cause: Cause, a: Side, b: Side, moment: MeasuredMoment) -> None:
    """Makes the same on both sides what a cause accounts for."""
    both = ((a, b), (b, a))
    if cause in ("version", "rule"):
        bots = set[str]().union(*(_bots(side, other, cause) for side, other in both))
        a.bots -= bots
        b.bots -= bots
    if cause != "forgetting":
        for side, other in both:
            _drop_posts(side, other, cause, moment)
    if cause in ("coverage", "moment"):
        for side, other in both:
            _drop_reactions(side, other, cause, moment)
    if cause == "rule":
        _use_common_voices(a, b)
    if cause != "version":
        for mark in a.posts.keys() & b.posts.keys():
            _use_same_counts(mark, a, b, cause)


# ---- versions and rules ----------------------------------------------------------------------------------


def _bots(side: Side, other: Side, cause: Cause) -> set[str]:
    """The voices that only `side` considers bots, for one cause."""
    alone = side.bots - other.bots
    return {voice for voice in alone if judgement_cause(side.facts.bots[voice], other.facts.header.rules) == cause}


def _use_common_voices(a: Side, b: Side) -> None:
    """If only one side knows whose an account is, the account counts as that voice on both sides."""
    stable = {
        post.fact.account: post.voice
        for side in (a, b)
        for mark, post in side.posts.items()
        if post.voice != post.fact.account and mark not in side.facts.forgotten
    }
    for post in (*a.posts.values(), *b.posts.values()):
        post.voice = stable.get(post.fact.account, post.voice)


# ---- posts, reactions and counts that one side lacks -------------------------------------------------------


def _drop_posts(side: Side, other: Side, cause: Cause, moment: MeasuredMoment) -> None:
    """Drops the posts that the other side lacks for a cause."""
    for mark in side.posts.keys() - other.posts.keys():
        fact = side.posts[mark].fact
        known = known_by(other.facts, fact.network, moment)
        if missing_post_cause(fact, moment.paper, side.facts, other.facts, known) == cause:
            del side.posts[mark]


def _drop_reactions(side: Side, other: Side, cause: Cause, moment: MeasuredMoment) -> None:
    """Drops the reactions that the other side lacks for a cause."""
    for mark in side.posts.keys() & other.posts.keys():
        post, own = side.posts[mark], other.posts[mark]
        known = {(voice, type, withdrawn) for voice, type, _, withdrawn in own.reactions}
        post.reactions = [
            (voice, type, at, withdrawn)
            for voice, type, at, withdrawn in post.reactions
            if (voice, type, withdrawn) in known
            or missing_reaction_cause(at, own.fact, post.fact.network, other.facts, moment.until) != cause
        ]


def _use_same_counts(mark: str, a: Side, b: Side, cause: Cause) -> None:
    """Gives b a's values for a post's counts, and its text's mark, if they differ for a cause."""
    post, own = a.posts[mark], b.posts[mark]
    if own.reposts != post.reposts and _count_cause(post, own, 1, a, b) == cause:
        own.reposts = post.reposts
    if own.likes != post.likes and _count_cause(post, own, 2, a, b) == cause:
        own.likes = post.likes
    if own.text != post.text and _text_cause(post, own, a, b) == cause:
        own.text = post.text


def _count_cause(post: CountedPost, own: CountedPost, column: Literal[1, 2], a: Side, b: Side) -> Cause | None:
    end = min(a.facts.header.until, b.facts.header.until)
    return count_cause(ReadCount(post, column, a.facts), ReadCount(own, column, b.facts), end)


def _text_cause(post: CountedPost, own: CountedPost, a: Side, b: Side) -> Cause:
    """Why texts differ: one side does not know the words, as they are forgotten or withheld by the network's terms; or
    the post was edited between two readings."""
    if any(post.fact.post in side.facts.forgotten for side in (a, b)):
        return "forgetting"
    withheld = any(post.fact.network not in side.facts.networks_with_text for side in (a, b))
    return "rule" if withheld or post.text.startswith("~") or own.text.startswith("~") else "moment"

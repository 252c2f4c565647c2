"""Applies causes, in order, to what two collectors count at a moment.

Whatever a cause accounts for is made the same on both sides, and voices are counted again. The change in the difference
is what the cause explains; the difference left after all causes is unexplained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
from hotpapers.wings.peers.comparison.facts import CollectorFacts
from hotpapers.wings.peers.comparison.lines import PostLine
from hotpapers.wings.peers.comparison.moments import CountedPost, MeasuredMoment, MomentState, known_by, voices


class Side(NamedTuple):
    """One collector: all it knows, and what it counts at the moment."""

    facts: CollectorFacts
    state: MomentState

    def with_posts(self, posts: Mapping[str, CountedPost]) -> Side:
        """This side with other posts."""
        return self._replace(state=self.state._replace(posts=posts))


class Sides(NamedTuple):
    """Both collectors."""

    a: Side
    b: Side


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


def align(sides: Sides, moment: MeasuredMoment) -> Iterator[ComparedCount]:
    """The counts on every network at a moment, with the causes of differences."""
    a, b = voices(sides.a.state, moment), voices(sides.b.state, moment)
    networks = sorted(a.keys() | b.keys())
    first = remaining = {network: a.get(network, 0) - b.get(network, 0) for network in networks}
    explained: dict[str, dict[Cause, int]] = {network: {} for network in networks}
    for cause in CAUSES if any(first.values()) else ():
        sides = STEPS[cause](sides, moment)
        now = _difference(sides, moment)
        for network in networks:
            if first[network] and (amount := remaining[network] - now.get(network, 0)):
                explained[network][cause] = amount
        remaining = {network: now.get(network, 0) for network in networks}
    for network in networks:
        yield ComparedCount(
            moment.paper,
            network,
            moment.age,
            a.get(network, 0),
            b.get(network, 0),
            explained[network],
            unexplained=remaining[network] if first[network] else 0,
        )


def _difference(sides: Sides, moment: MeasuredMoment) -> dict[str, int]:
    a, b = voices(sides.a.state, moment), voices(sides.b.state, moment)
    return {network: a.get(network, 0) - b.get(network, 0) for network in a.keys() | b.keys()}


# ---- versions and rules ----------------------------------------------------------------------------------


def _judgements(cause: Cause) -> Callable[[Sides, MeasuredMoment], Sides]:
    def step(sides: Sides, moment: MeasuredMoment) -> Sides:
        a, b = sides
        bots = _bots(a, b, cause) | _bots(b, a, cause)
        a, b = (side._replace(state=side.state._replace(bots=side.state.bots - bots)) for side in (a, b))
        sides = _without(Sides(a, b), cause, moment)
        return _with_same_counts(_with_common_voices(sides), cause) if cause == "rule" else sides

    return step


def _bots(side: Side, other: Side, cause: Cause) -> set[str]:
    """The voices that only `side` considers bots, for one cause."""
    alone = side.state.bots - other.state.bots
    return {voice for voice in alone if judgement_cause(side.facts.bots[voice], other.facts.header.rules) == cause}


def _with_common_voices(sides: Sides) -> Sides:
    """If only one side knows whose an account is, the account counts as that voice on both sides."""
    stable = {
        post.fact.account: post.voice
        for side in sides
        for mark, post in side.state.posts.items()
        if post.voice != post.fact.account and mark not in side.facts.forgotten
    }
    return Sides(
        *(
            side.with_posts(
                {
                    mark: post._replace(voice=stable.get(post.fact.account, post.voice))
                    for mark, post in side.state.posts.items()
                }
            )
            for side in sides
        )
    )


# ---- posts, reactions and counts that one side lacks -------------------------------------------------------


def _without(sides: Sides, cause: Cause, moment: MeasuredMoment) -> Sides:
    """Both sides without the posts that the other lacks for a cause."""
    a, b = sides
    return Sides(_with_common_posts(a, b, cause, moment), _with_common_posts(b, a, cause, moment))


def _with_common_posts(side: Side, other: Side, cause: Cause, moment: MeasuredMoment) -> Side:
    def missing_cause(fact: PostLine) -> Cause | None:
        known = known_by(other.facts, fact.network, moment)
        return missing_post_cause(fact, moment.paper, side.facts, other.facts, known)

    return side.with_posts(
        {
            mark: post
            for mark, post in side.state.posts.items()
            if mark in other.state.posts or missing_cause(post.fact) != cause
        }
    )


def _observed(cause: Cause) -> Callable[[Sides, MeasuredMoment], Sides]:
    def step(sides: Sides, moment: MeasuredMoment) -> Sides:
        a, b = _without(sides, cause, moment)
        a, b = _with_common_reactions(a, b, cause, moment), _with_common_reactions(b, a, cause, moment)
        return _with_same_counts(Sides(a, b), cause)

    return step


def _with_common_reactions(side: Side, other: Side, cause: Cause, moment: MeasuredMoment) -> Side:
    """The side without the reactions that the other lacks for a cause."""
    return side.with_posts(
        {
            mark: _without_missing_reactions(post, other, other.state.posts[mark], cause, moment)
            if mark in other.state.posts
            else post
            for mark, post in side.state.posts.items()
        }
    )


def _without_missing_reactions(
    post: CountedPost, other: Side, own: CountedPost, cause: Cause, moment: MeasuredMoment
) -> CountedPost:
    both = {(voice, type, withdrawn) for voice, type, _, withdrawn in own.reactions}
    network = post.fact.network
    reactions = tuple(
        (voice, type, at, withdrawn)
        for voice, type, at, withdrawn in post.reactions
        if (voice, type, withdrawn) in both
        or missing_reaction_cause(at, own.fact, network, other.facts, moment.until) != cause
    )
    return post._replace(reactions=reactions)


def _with_same_counts(sides: Sides, cause: Cause) -> Sides:
    """Both sides with a's values for counts, and marks of texts, that differ for a cause."""
    a, b = sides
    posts = {
        mark: _with_counts_of(a.state.posts[mark], post, sides, cause) if mark in a.state.posts else post
        for mark, post in b.state.posts.items()
    }
    return Sides(a, b.with_posts(posts))


def _with_counts_of(post: CountedPost, own: CountedPost, sides: Sides, cause: Cause) -> CountedPost:
    changed = own
    if own.reposts != post.reposts and _count_cause(post, own, 1, sides) == cause:
        changed = changed._replace(reposts=post.reposts)
    if own.likes != post.likes and _count_cause(post, own, 2, sides) == cause:
        changed = changed._replace(likes=post.likes)
    is_other = own.text != post.text and _text_cause(post, own, sides) == cause
    return changed._replace(text=post.text) if is_other else changed


def _text_cause(post: CountedPost, own: CountedPost, sides: Sides) -> Cause:
    """Why texts differ: one side does not know the words, as they are forgotten or withheld by the network's terms; or
    the post was edited between two readings."""
    if any(post.fact.post in side.facts.forgotten for side in sides):
        return "forgetting"
    withheld = any(post.fact.network not in side.facts.networks_with_text for side in sides)
    return "rule" if withheld or post.text.startswith("~") or own.text.startswith("~") else "moment"


def _count_cause(post: CountedPost, own: CountedPost, column: Literal[1, 2], sides: Sides) -> Cause | None:
    a, b = sides
    coverages = a.facts.covered(own.fact.network), b.facts.covered(own.fact.network)
    end = min(side.facts.header.until for side in sides)
    return count_cause(_read_count(post, column, a), _read_count(own, column, b), coverages, end)


def _read_count(post: CountedPost, column: Literal[1, 2], side: Side) -> ReadCount:
    at, fact = post.counted_at, post.fact
    value = post.reposts if column == 1 else post.likes
    was_forgotten = fact.post in side.facts.forgotten
    return ReadCount(fact, fact.created_at if at is None else at, value, column, at is not None, was_forgotten)


STEPS: dict[Cause, Callable[[Sides, MeasuredMoment], Sides]] = {
    "forgetting": lambda sides, moment: _with_same_counts(sides, "forgetting"),
    "version": _judgements("version"),
    "rule": _judgements("rule"),
    "coverage": _observed("coverage"),
    "moment": _observed("moment"),
}
"""How each cause makes the sides the same."""

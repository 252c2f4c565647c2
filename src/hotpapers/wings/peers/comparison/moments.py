"""A collector's posts about a paper at a moment, from its facts alone, and their voices: plain functions.

Which posts count matches `engagement.queries.posts_at_age_sql`; a test checks that both give the same counts. Voices
are counted by `engagement.attention` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import NamedTuple

from hotpapers.base.model import HOUR
from hotpapers.issues.engagement.attention import PostAtAge, VoiceRule, count_engagement
from hotpapers.issues.engagement.measurement import age_after
from hotpapers.issues.engagement.post_reactions import PostReactions, ReactionEvent, ReactionEvents
from hotpapers.wings.peers.comparison.facts import CollectorFacts
from hotpapers.wings.peers.comparison.lines import PostLine, ReactionRow, SightingRow


class MeasuredMoment(NamedTuple):
    """A paper at an age. `announced_at`: µs UTC; `age`: hours after the announcement."""

    paper: str
    announced_at: int
    age: int

    @property
    def until(self) -> int:
        """The moment itself."""
        return self.announced_at + self.age * HOUR


class CountedPost(NamedTuple):
    """A post as it counts at a moment. `fact`: all that is known about it; `counted_at`: when its counts were read,
    None for never; `reactions`: those observed by then."""

    fact: PostLine
    voice: str
    text: str
    reposts: int
    likes: int
    counted_at: int | None
    reactions: tuple[ReactionRow, ...]


class MomentState(NamedTuple):
    """Posts by mark, and the voices that count as bots."""

    posts: Mapping[str, CountedPost]
    bots: frozenset[str]


def known_by(facts: CollectorFacts, network: str, moment: MeasuredMoment) -> int:
    """Up to when observations count at a moment. What was read back from before a network's first reading counts for
    the last age that the paper had reached by then."""
    back = facts.header.back.get(network)
    following = moment.announced_at + age_after(moment.age) * HOUR
    return back if back is not None and moment.until < back < following else moment.until


def state_at(facts: CollectorFacts, moment: MeasuredMoment) -> MomentState:
    """What a collector counts at a moment."""
    posts = {}
    for mark in sorted(facts.posts_by_paper.get(moment.paper, ())):
        fact = facts.posts[mark]
        known, since = known_by(facts, fact.network, moment), named_at(fact, moment.paper)
        in_time = fact.created_at <= moment.until or known == moment.until
        is_named = since is not None and since <= known and (mark, moment.paper) not in facts.doubtful
        if is_named and in_time and is_there(fact, known):
            posts[mark] = _counted(fact, known, moment.until)
    return MomentState(posts, frozenset(facts.bots))


def named_at(fact: PostLine, paper: str) -> int | None:
    """When the record first had that a post names a paper; None if it does not."""
    return next((at for name, at, _ in fact.papers if name == paper), None)


def is_there(fact: PostLine, moment: int) -> bool:
    """Whether a post had been observed by a moment, and existed when last observed."""
    sighting = last_sighting(fact, moment)
    return sighting is not None and sighting[1]


def last_sighting(fact: PostLine, moment: int) -> SightingRow | None:
    """The last observation of a post by a moment; None if there is none."""
    return next((sighting for sighting in reversed(fact.seen) if sighting[0] <= moment), None)


def _counted(fact: PostLine, known: int, until: int) -> CountedPost:
    at, reposts, likes = next((row for row in reversed(fact.readings) if row[0] <= known), (None, 0, 0))
    reactions = tuple(reaction for reaction in fact.reactions if reaction[2] <= until)
    sighting = last_sighting(fact, known)
    return CountedPost(fact, fact.voice, sighting[2] if sighting else "", reposts or 0, likes or 0, at, reactions)


# ---- voices ----------------------------------------------------------------------------------------------


class _Numbers(dict[str, int]):
    """A number for each mark; 0 for the empty mark."""

    def __init__(self) -> None:
        super().__init__({"": 0})
        self._next = count(1)

    def __missing__(self, mark: str) -> int:
        self[mark] = number = next(self._next)
        return number


def voices(state: MomentState, moment: MeasuredMoment) -> dict[str, int]:
    """How many voices a paper has at a moment, by network."""
    numbers = _Numbers()
    bots = frozenset(numbers[voice] for voice in state.bots)
    rows = [_row(mark, post, moment, numbers, bots) for mark, post in sorted(state.posts.items())]
    reactions = {numbers[mark]: _events(post.reactions, numbers) for mark, post in state.posts.items()}
    engagement = count_engagement([rows], reactions, VoiceRule(bots))
    return {count.network: count.voices for count in engagement}


def _row(mark: str, post: CountedPost, moment: MeasuredMoment, numbers: _Numbers, bots: frozenset[int]) -> PostAtAge:
    voice = numbers[post.voice]
    return PostAtAge(
        paper=moment.paper,
        archive="",
        announced_at=moment.announced_at,
        age=moment.age,
        until=moment.until,
        peer=1,
        network=post.fact.network,
        post=numbers[mark],
        text_fingerprint=numbers[f"text {post.text}"] if post.text else 0,
        voice=voice,
        automated=int(voice in bots),
        reposts=post.reposts,
        likes=post.likes,
        counted_at=post.counted_at,
    )


def _events(reactions: Iterable[ReactionRow], numbers: _Numbers) -> PostReactions:
    events: dict[str, list[ReactionEvent]] = {}
    for voice, type, at, withdrawn in reactions:
        events.setdefault(type, []).append(ReactionEvent(at, numbers[voice], numbers[voice], int(withdrawn)))
    return {type: ReactionEvents(type_events) for type, type_events in events.items()}

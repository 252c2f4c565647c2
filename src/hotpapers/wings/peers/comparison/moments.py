"""A collector's posts about a paper at a moment, from its facts alone, and their voices.

Which posts count matches `engagement.queries.posts_at_age_sql`; a test checks that both give the same counts. Voices
are counted by `engagement.attention` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

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


class CountedPost(msgspec.Struct):
    """A post as it counts at a moment. `fact`: all that is known about it; `counted_at`: when its counts were read,
    None for never; `reactions`: those observed by then."""

    fact: PostLine
    voice: str
    text: str
    reposts: int
    likes: int
    counted_at: int | None
    reactions: list[ReactionRow]


class Side:
    """One of two collectors: all it knows, and the posts, by mark, and bots that it counts at a moment, None if it does
    not know the paper. What a cause accounts for is changed here."""

    def __init__(self, facts: CollectorFacts, moment: MeasuredMoment | None) -> None:
        self.facts, self.bots = facts, set(facts.bots)
        self.posts = dict(_counted_posts(facts, moment)) if moment else {}


def known_by(facts: CollectorFacts, network: str, moment: MeasuredMoment) -> int:
    """Up to when observations count at a moment. What was read back from before a network's first reading counts for
    the last age that the paper had reached by then."""
    back = facts.header.back.get(network)
    following = moment.announced_at + age_after(moment.age) * HOUR
    return back if back is not None and moment.until < back < following else moment.until


def _counted_posts(facts: CollectorFacts, moment: MeasuredMoment) -> Iterator[tuple[str, CountedPost]]:
    for mark in facts.posts_by_paper.get(moment.paper, ()):
        fact = facts.posts[mark]
        known, since = known_by(facts, fact.network, moment), named_at(fact, moment.paper)
        in_time = fact.created_at <= moment.until or known == moment.until
        is_named = since is not None and since <= known and (mark, moment.paper) not in facts.doubtful
        sighting = last_sighting(fact, known)
        if is_named and in_time and sighting and sighting[1]:
            at, reposts, likes = next((row for row in reversed(fact.readings) if row[0] <= known), (None, 0, 0))
            reactions = [reaction for reaction in fact.reactions if reaction[2] <= moment.until]
            yield mark, CountedPost(fact, fact.voice, sighting[2], reposts or 0, likes or 0, at, reactions)


def named_at(fact: PostLine, paper: str) -> int | None:
    """When the record first had that a post names a paper; None if it does not."""
    return next((at for name, at, _ in fact.papers if name == paper), None)


def last_sighting(fact: PostLine, moment: int) -> SightingRow | None:
    """The last observation of a post by a moment; None if there is none."""
    return next((sighting for sighting in reversed(fact.seen) if sighting[0] <= moment), None)


# ---- voices ----------------------------------------------------------------------------------------------


def voices(side: Side, moment: MeasuredMoment) -> dict[str, int]:
    """How many voices a paper has at a moment, by network."""
    bots = frozenset(map(_number, side.bots))
    rows = [_row(mark, post, moment, bots) for mark, post in sorted(side.posts.items())]
    reactions = {_number(mark): _events(post.reactions) for mark, post in side.posts.items()}
    engagement = count_engagement([rows], reactions, VoiceRule(bots))
    return {count.network: count.voices for count in engagement}


def _number(mark: str) -> int:
    """A mark's own number; 0 for the empty mark."""
    return int(mark.replace("~", "1") or "0", 16)


def _row(mark: str, post: CountedPost, moment: MeasuredMoment, bots: frozenset[int]) -> PostAtAge:
    voice = _number(post.voice)
    return PostAtAge(
        paper=moment.paper,
        archive="",
        announced_at=moment.announced_at,
        age=moment.age,
        until=moment.until,
        peer=1,
        network=post.fact.network,
        post=_number(mark),
        text_fingerprint=_number(post.text),
        voice=voice,
        automated=int(voice in bots),
        reposts=post.reposts,
        likes=post.likes,
        counted_at=post.counted_at,
    )


def _events(reactions: Iterable[ReactionRow]) -> PostReactions:
    events: dict[str, list[ReactionEvent]] = {}
    for mark, type, at, withdrawn in reactions:
        voice = _number(mark)
        events.setdefault(type, []).append(ReactionEvent(at, voice, voice, int(withdrawn)))
    return {type: ReactionEvents(type_events) for type, type_events in events.items()}

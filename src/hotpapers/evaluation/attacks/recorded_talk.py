"""What was said of a paper of a record, with a campaign's posts, likes and reposts among it: plain functions.

Honest posts are as they were measured; what a campaign adds comes to their counts and to who reacted. Of somebody
else's post that links the paper too, the counts are those of the mark of its own paper before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hotpapers.engagement.attention import PostAtAge
from hotpapers.engagement.measurement import AGES
from hotpapers.engagement.post_reactions import NOTHING, ReactionsByPost, StandingByMoment, StandingReactions
from hotpapers.evaluation.attacks.campaign import ATTACKERS
from hotpapers.evaluation.attacks.scene import Mark
from hotpapers.evaluation.worlds import Reacted, TalkPost
from hotpapers.model import HOUR

TYPES = ("like", "repost")


def marks_of(announced_at: int, cut: int, youngest: int) -> list[Mark]:
    """The moments at which a record measures a paper: the ages that it has reached; and the cut, at the age `youngest`,
    while it has not reached that. `announced_at` is 0 for one that counts with the posts of a window."""
    if not announced_at:
        return [Mark(AGES[-1], cut, 0)]
    marks = [(age, announced_at + age * HOUR) for age in AGES]
    reached = [Mark(age, at, 1) for age, at in marks if at <= cut]
    return reached if announced_at + youngest * HOUR <= cut else [*reached, Mark(youngest, cut, 0)]


class MeasuredTalk(NamedTuple):
    """What a record has of a paper: each post at its marks, ascending, by number; who reacted."""

    paper: str
    archive: str
    announced_at: int
    posts: Mapping[int, Sequence[PostAtAge]]
    reactions: ReactionsByPost

    def rows(self) -> list[PostAtAge]:
        return [row for rows in self.posts.values() for row in rows]


SILENCE = MeasuredTalk("", "", 0, {}, {})


def measured_talk(rows: Iterable[PostAtAge], reactions: ReactionsByPost) -> MeasuredTalk:
    """From a paper's posts at its marks."""
    posts: dict[int, list[PostAtAge]] = defaultdict(list)
    some = sorted(rows, key=lambda row: row.until)
    for row in some:
        posts[row.post].append(row)
    first, announced_at = some[0], max(row.announced_at for row in some)
    return MeasuredTalk(
        first.paper, first.archive, announced_at, posts, {post: reactions.get(post, {}) for post in posts}
    )


class AddedReactions(NamedTuple):
    """Reactions of one type, `recorded` ones and those that a campaign `added`. `moments`: the recorded ones of which
    moment stand for which one."""

    recorded: StandingByMoment | None
    added: Sequence[Reacted]
    moments: Mapping[int, int]

    def at(self, until: int, counted_at: int | None) -> StandingReactions:
        before = NOTHING
        if self.recorded is not None and until in self.moments:
            before = self.recorded.at(self.moments[until], counted_at)
        more = {account for reaction in self.added if reaction.at <= until for account in reaction.accounts}
        return StandingReactions(before.voices | more, before.held | more) if more else before


class AttackedTalk(NamedTuple):
    """A paper under a campaign: its key, its archive, its moments; `own`: what was said of it; `elsewhere`: the posts
    that link it and another paper, by number, with what was said of that one. `naming`: networks that tell who reacted;
    `bots`: accounts judged to be some; `same`: the marks of texts that others wrote too."""

    paper: str
    archive: str
    announced_at: int
    marks: Sequence[Mark]
    own: MeasuredTalk
    elsewhere: Mapping[int, MeasuredTalk]
    naming: frozenset[str]
    bots: frozenset[int]
    same: Mapping[str, int]

    def measured(self, posts: Iterable[TalkPost]) -> MeasuredTalk:
        """Its posts at its marks, as they are then."""
        rows: dict[int, list[PostAtAge]] = {}
        reactions: dict[int, Mapping[str, StandingByMoment]] = {}
        for post in posts:
            talk = self._talk_of(post)
            there = self._made(post) if talk is None else self._recorded(post, talk)
            judged = int(post.account in self.bots)
            rows[post.id] = [_with(row._replace(automated=row.automated | judged), post) for _, row in there]
            moments = {row.until: measured_at for measured_at, row in there}
            known = {} if talk is None else talk.reactions.get(post.id, {})
            reactions[post.id] = self._reactions(post, known, moments)
        return MeasuredTalk(self.paper, self.archive, self.announced_at, rows, reactions)

    def _talk_of(self, post: TalkPost) -> MeasuredTalk | None:
        """Where an honest post was measured; None for a campaign's own."""
        if post.id > ATTACKERS:
            return None
        return self.own if post.id in self.own.posts else self.elsewhere.get(post.id, SILENCE)

    def _recorded(self, post: TalkPost, talk: MeasuredTalk) -> list[tuple[int, PostAtAge]]:
        """(moment at which it was measured, as it is at a mark) of an honest post."""
        if talk is self.own:
            shared = int(post.id in self.elsewhere)
            return [(row.until, row._replace(shared=row.shared | shared)) for row in talk.posts[post.id]]
        result = []
        for mark in self.marks:
            before = [row for row in talk.posts.get(post.id, ()) if row.until <= mark.until]
            if before:
                row = before[-1]._replace(
                    paper=self.paper, archive=self.archive, announced_at=self.announced_at, age=mark.age,
                    until=mark.until, peer=mark.peer, shared=1,
                )  # fmt: skip
                result.append((before[-1].until, row))
        return result

    def _made(self, post: TalkPost) -> list[tuple[int, PostAtAge]]:
        """The same of a campaign's own."""
        text = (self.same.get(post.text) or hash(post.text) or 1) if post.text else 0
        return [
            (mark.until, PostAtAge(
                paper=self.paper, archive=self.archive, announced_at=self.announced_at, age=mark.age, until=mark.until,
                peer=mark.peer, network=post.network, post=post.id, same=text, voice=post.account,
                automated=0, reposts=0, likes=0, counted_at=mark.until,
                shared=int(post.shared),
            ))
            for mark in self.marks if post.at <= mark.until
        ]  # fmt: skip

    def _reactions(
        self, post: TalkPost, known: Mapping[str, StandingByMoment], moments: Mapping[int, int]
    ) -> Mapping[str, StandingByMoment]:
        added = post.reactions if post.network in self.naming else ()
        return {
            type: AddedReactions(known.get(type), [more for more in added if more.type == type], moments)
            for type in TYPES
        }


def _with(row: PostAtAge, post: TalkPost) -> PostAtAge:
    """A post with the likes and reposts that a campaign gave it by then."""
    if not post.reactions:
        return row
    by_then = Counter[str]()
    for reaction in post.reactions:
        by_then[reaction.type] += len(reaction.accounts) if reaction.at <= row.until else 0
    return row._replace(likes=row.likes + by_then["like"], reposts=row.reposts + by_then["repost"])

"""What the clauses of `rarity/2` are worth: counts without some of them.

matching   unknown named accounts count as far as known ones match them; without it, known voices alone count
several    reactions to a post about several papers count for none of them; without it, for each
named      a post's count is less the accounts that are named for it; without it, the whole count
replies    replies and quotes give standing; without it, posts, likes and reposts alone
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from hotpapers.base.model import Publication, RankingInput, Reaction
from hotpapers.discussion.engagement import attention, measurement, queries
from hotpapers.discussion.engagement.attention import NO_COUNT, Engagement, PostAtAge, PostCount, VoiceRule
from hotpapers.discussion.engagement.post_reactions import ReactionsByPost
from hotpapers.discussion.engagement.standing.queries import ENOUGH_KNOWN, AccountHistory, add_activity
from hotpapers.issues.ranking_input import CandidateWindow, collect_input
from hotpapers.record.as_of import AsOfView
from lab.queries import activities_but_replies
from lab.worlds import has_standing

MATCHING, SEVERAL, NAMED, REPLIES = CLAUSES = ("matching", "several", "named", "replies")

Count = Callable[[Iterable[Sequence[PostAtAge]], ReactionsByPost, VoiceRule], Iterator[Engagement]]
"""Counts engagement, as `count_engagement` does."""


def count_without(clauses: Collection[str]) -> Count:
    """Counts engagement without some clauses."""
    return partial(_count, clauses) if clauses else attention.count_engagement


def _count(
    clauses: Collection[str], papers: Iterable[Sequence[PostAtAge]], reactions: ReactionsByPost, rule: VoiceRule
) -> Iterator[Engagement]:
    for posts in papers:
        if SEVERAL in clauses:
            posts = [post._replace(shared=0) for post in posts]
        for counts in attention.count_by_network([posts], reactions, rule):
            known = None if rule.known is None else len(rule.known & counts.vouching)
            if NAMED in clauses:
                counts = counts._replace(highest=_highest(counts.row, posts))
            if MATCHING in clauses and known is not None:
                counts = counts._replace(named=known)
            yield counts.counted_anew(known)


def _highest(row: Engagement, posts: Iterable[PostAtAge]) -> PostCount:
    """The highest count of a single post, whoever is named for it."""
    moment = (row.network, row.age, row.peer, row.announced_at)
    counts = [
        (number, type)
        for post in posts
        if moment == (post.network, post.age, post.peer, post.announced_at) and not post.automated and not post.shared
        for number, type in ((post.reposts, "reposts"), (post.likes, "likes"))
    ]
    return max(counts, key=lambda count: count[0], default=NO_COUNT)


class StoreCounter(NamedTuple):
    """Counts what a store recorded without some clauses, as of a view."""

    view: AsOfView
    own_voices: tuple[int, ...]
    clauses: Collection[str]

    def rule(self, *, with_standing: bool) -> VoiceRule:
        """Whose voices count."""
        people = queries.read_people(self.view, self.own_voices)
        rule = attention.voice_rule(self.view, people, with_standing=with_standing)
        if not with_standing or REPLIES not in self.clauses:
            return rule
        histories: dict[int, AccountHistory] = {}
        for activity in activities_but_replies(self.view):
            histories[activity.account] = add_activity(histories.get(activity.account), activity)
        known = {account for account, history in histories.items() if has_standing(history, self.view.as_of)}
        return rule._replace(
            known=frozenset(people.stable.get(account, account) for account in known)
            if len(known) >= ENOUGH_KNOWN
            else None
        )

    def inputs(self, publication: Publication, span: CandidateWindow) -> RankingInput:
        """A ranking's input."""
        return collect_input(self.view, publication, span, self.own_voices, read=self._read, curves=None)

    def _read(self, view: AsOfView, window: measurement.MeasurementWindow) -> Iterator[Engagement]:
        rule, people = self.rule(with_standing=window.with_standing), queries.read_people(view, self.own_voices)
        last, count = view.last_row(Reaction), count_without(self.clauses)
        for group, reactions in attention.with_reactions(view, attention.read_posts(view, window), people, last):
            yield from count(group, reactions, rule)

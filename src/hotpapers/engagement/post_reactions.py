"""The reposts and likes of a post by account, as they stood at the moments at which it is measured: plain functions.

A store holds millions of them, so they come in groups, each a list of accounts (see `group_of`). Where nobody took one
back or gave it twice, which is nearly everywhere, sets of voices are all that is needed; else events are gone through
one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

TYPES = ("repost", "like")


def group_of(most: int, post: str, passed: str, type: str, withdrawn: str) -> str:
    """The SQL expression for a reaction's group as a number, of expressions for its post, how many of the post's
    moments it came after, whether it is a like, and whether it was taken back. `most`: how many moments a post has."""
    return f"{post} * {_steps(most)} + ({passed}) * 4 + ({type}) * 2 + {withdrawn}"


def by_post(most: int, groups: Mapping[int, list[int]]) -> dict[int, dict[int, list[int]]]:
    """The accounts of groups by post and by what else a group says."""
    result: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for group, accounts in groups.items():
        post, kind = divmod(group, _steps(most))
        result[post][kind] = accounts
    return result


def _steps(most: int) -> int:
    return 4 * (most + 1)


class ReactionEvent(NamedTuple):
    """An account's repost or like, or its withdrawal, as observed at a moment. `voice`: whose it is."""

    observed_at: int
    account: int
    voice: int
    withdrawn: int


class StandingReactions(NamedTuple):
    """What stood of a post's reactions of one type at a moment. `held`: the voices that are in its count: also those
    that were taken back after the count was read."""

    voices: Set[int]
    held: Set[int]


NOTHING = StandingReactions(frozenset(), frozenset())


class CountedReactions:
    """Reactions of one type of which none was taken back or given twice. `voices`: those that came after so many of the
    moments."""

    def __init__(self, moments: Sequence[int], voices: Mapping[int, Sequence[int]]) -> None:
        self._standing: dict[int, StandingReactions] = {}
        so_far: frozenset[int] = frozenset()
        for passed, moment in enumerate(moments):
            if voices.get(passed):
                so_far = so_far.union(voices[passed])
            self._standing[moment] = StandingReactions(so_far, so_far)

    def at(self, until: int, counted_at: int | None) -> StandingReactions:
        """As they stood at one of the moments. `counted_at`: when the post's own count was read, None for never."""
        return self._standing[until]


class ReactionEvents:
    """Reactions of one type, one by one."""

    def __init__(self, events: Iterable[ReactionEvent]) -> None:
        self._events = sorted(events)

    def at(self, until: int, counted_at: int | None) -> StandingReactions:
        """The same: of every account the last event by then."""
        last = {event.account: event for event in self._events if event.observed_at <= until}.values()
        return StandingReactions(
            {event.voice for event in last if not event.withdrawn},
            {event.voice for event in last if not event.withdrawn or _came_later(event, counted_at)},
        )


def _came_later(event: ReactionEvent, counted_at: int | None) -> bool:
    return counted_at is not None and event.observed_at > counted_at


PostReactions = Mapping[str, CountedReactions | ReactionEvents]
"""A post's reactions by type."""
ReactionsByPost = Mapping[int, PostReactions]
"""Those of posts, by their numbers."""


def counted(
    kinds: Mapping[int, Sequence[int]], moments: Sequence[int], stable: Mapping[int, int]
) -> PostReactions | None:
    """A post's reactions from the accounts of its groups; None where one was taken back or given twice. `stable`: the
    stable account of each account that has one."""
    if any(kind % 2 for kind in kinds):
        return None
    result: dict[str, CountedReactions] = {}
    for number, type in enumerate(TYPES):
        accounts = {kind // 4: some for kind, some in kinds.items() if kind % 4 == number * 2}
        if len(frozenset().union(*accounts.values())) < sum(map(len, accounts.values())):
            return None
        voices = {passed: [stable.get(one, one) for one in some] for passed, some in accounts.items() if stable}
        result[type] = CountedReactions(moments, voices or accounts)
    return result

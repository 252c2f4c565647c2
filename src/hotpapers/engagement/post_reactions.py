"""The reposts and likes of a post by account, as they stood at the moments at which it is measured: plain functions.

A store holds millions of them, so they come in groups, each a list of accounts (see `group_of`). Where nobody took one
back, which is nearly everywhere, sets of voices are all that is needed; else events are gone through one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

TYPES = ("like", "repost")
KINDS = len(TYPES) + 1
"""These types, and all others."""


def group_of(moments: Sequence[str], post: str, at: str, type: str) -> str:
    """The SQL expression for a reaction's group as a number, of expressions for its post, when it was observed and its
    type, and for the moments of the post, ascending: the group says how many of these it came after. See `counted`."""
    upto = " ".join(f"WHEN {at} <= {moment} THEN {KINDS * passed}" for passed, moment in enumerate(moments))
    passed = f"CASE {upto} ELSE {KINDS * len(moments)} END"
    kind = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(TYPES))
    return f"{post} * {_steps(len(moments))} + {passed} + CASE {type} {kind} ELSE {len(TYPES)} END"


def _steps(most: int) -> int:
    return KINDS * (most + 1)


class ReactionEvent(NamedTuple):
    """An account's repost or like, or its withdrawal, as observed at a moment. `voice`: whose it is."""

    observed_at: int
    account: int
    voice: int
    withdrawn: int


class CurrentReactions(NamedTuple):
    """What stood of a post's reactions of one type at a moment. `held`: the voices that are in its count: also those
    that were taken back after the count was read."""

    voices: frozenset[int]
    held: frozenset[int]


NO_REACTIONS = CurrentReactions(frozenset(), frozenset())


class CountedReactions:
    """Reactions of one type of which none was taken back; one that was given twice stands from the first time on.
    `voices`: those that came after so many of the moments."""

    def __init__(self, moments: Sequence[int], voices: Mapping[int, Sequence[int]]) -> None:
        self._by_moment: dict[int, CurrentReactions] = {}
        so_far = NO_REACTIONS
        for passed, moment in enumerate(moments):
            if some := voices.get(passed):
                held = so_far.held.union(some)
                so_far = CurrentReactions(held, held)
            self._by_moment[moment] = so_far

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        """As they stood at one of the moments. `counted_at`: when the post's own count was read, None for never."""
        return self._by_moment[until]


class ReactionEvents:
    """Reactions of one type, one by one."""

    def __init__(self, events: Iterable[ReactionEvent]) -> None:
        self._events = sorted(events)

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        """The same: of every account the last event by then."""
        last = {event.account: event for event in self._events if event.observed_at <= until}.values()
        voices = frozenset(event.voice for event in last if not event.withdrawn)
        counted_up_to = until if counted_at is None else counted_at
        return CurrentReactions(voices, voices | {event.voice for event in last if event.observed_at > counted_up_to})


class ReactionsByMoment(Protocol):
    """Reactions of one type to a post."""

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        """As they stood at a moment at which the post is measured."""


PostReactions = Mapping[str, ReactionsByMoment]
"""A post's reactions by type."""
ReactionsByPost = Mapping[int, PostReactions]
"""Those of posts, by their numbers."""


def counted(
    groups: Mapping[int, Sequence[int]], post: int, most: int, moments: Sequence[int], stable: Mapping[int, int]
) -> PostReactions:
    """A post's reactions from the accounts of groups. `most`: how many moments posts have in these; `stable`: the
    stable account of each account that has one."""
    result: dict[str, CountedReactions] = {}
    for first, type in enumerate(TYPES, post * _steps(most)):
        numbers = range(first, first + KINDS * len(moments), KINDS)
        voices = {passed: groups[number] for passed, number in enumerate(numbers) if number in groups}
        if stable:
            voices = {passed: [stable.get(account, account) for account in some] for passed, some in voices.items()}
        if voices:
            result[type] = CountedReactions(moments, voices)
    return result

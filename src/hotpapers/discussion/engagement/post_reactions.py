"""A post's reposts and likes by account, as of the moments at which it is measured: plain functions.

A store holds millions of them, so they come in groups, each a list of accounts (see `group_of`). Where none was
withdrawn, which is nearly everywhere, sets of voices suffice; otherwise events are processed one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

TYPES = ("like", "repost")
KINDS = len(TYPES) + 1
"""These types, plus one for all others."""


def group_of(moments: Sequence[str], post: str, at: str, type: str) -> str:
    """The SQL expression for a reaction's group number, from SQL expressions for its post, the moment it was observed,
    its type, and the post's moments, ascending. The group tells how many of the moments the reaction came after. See
    `count_reactions`."""
    upto = " ".join(f"WHEN {at} <= {moment} THEN {KINDS * passed}" for passed, moment in enumerate(moments))
    passed = f"CASE {upto} ELSE {KINDS * len(moments)} END"
    kind = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(TYPES))
    return f"{post} * {_steps(len(moments))} + {passed} + CASE {type} {kind} ELSE {len(TYPES)} END"


def _steps(most: int) -> int:
    return KINDS * (most + 1)


class ReactionEvent(NamedTuple):
    """An account's repost or like, or its withdrawal, as observed at a moment. `voice`: the account's voice."""

    observed_at: int
    account: int
    voice: int
    withdrawn: int


class CurrentReactions(NamedTuple):
    """A post's reactions of one type that were in place at a moment, each voice once. `counted`: the number of voices
    included in the post's own count, also those withdrawn after it was read."""

    voices: Collection[int]
    counted: int


class CountedReactions:
    """Reactions of one type, none withdrawn; one given twice counts from the first time on. `voices`: by number
    of moments passed, the voices that came then."""

    def __init__(self, moments: Sequence[int], voices: Mapping[int, Sequence[int]]) -> None:
        in_order: dict[int, None] = {}
        self._upto = {}
        for passed, moment in enumerate(moments):
            if some := voices.get(passed):
                in_order |= dict.fromkeys(some)
            self._upto[moment] = len(in_order)
        self._voices = tuple(in_order)

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        """The reactions in place at one of the moments. `counted_at`: when the post's own count was read, None for
        never."""
        upto = self._upto[until]
        return CurrentReactions(self._voices[:upto], upto)


class ReactionEvents:
    """Reactions of one type, as single events."""

    def __init__(self, events: Iterable[ReactionEvent]) -> None:
        self._events = sorted(events)

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        """The reactions in place at any moment, from each account's last event by then."""
        last = {event.account: event for event in self._events if event.observed_at <= until}.values()
        voices = frozenset(event.voice for event in last if not event.withdrawn)
        counted_up_to = until if counted_at is None else counted_at
        later_voices = {event.voice for event in last if event.observed_at > counted_up_to}
        counted = voices | later_voices
        return CurrentReactions(voices, len(counted))


class ReactionsByMoment(Protocol):
    """Reactions of one type to a post."""

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        """The reactions in place at a moment at which the post is measured."""


PostReactions = Mapping[str, ReactionsByMoment]
"""A post's reactions by type."""
ReactionsByPost = Mapping[int, PostReactions]
"""The reactions of several posts, by the posts' numbers."""


def count_reactions(
    groups: Mapping[int, Sequence[int]], post: int, most: int, moments: Sequence[int], stable: Mapping[int, int]
) -> PostReactions:
    """A post's reactions, from groups of accounts. `most`: how many moments the posts in these groups have at most;
    `stable`: the stable account of each account that has one."""
    result = {}
    for first, type in enumerate(TYPES, post * _steps(most)):
        numbers = range(first, first + KINDS * len(moments), KINDS)
        voices = {passed: groups[number] for passed, number in enumerate(numbers) if number in groups}
        if stable:
            voices = {
                passed: [stable.get(account, account) for account in accounts] for passed, accounts in voices.items()
            }
        if voices:
            result[type] = CountedReactions(moments, voices)
    return result

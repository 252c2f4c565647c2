"""The reposts and likes of a post by account, as they stood at a moment: plain functions.

A store can hold millions of them. Where nobody took one back or gave it twice, which is nearly everywhere, a set of
voices a type is all that is needed; else the events are gone through one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

TYPES = ("repost", "like")


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


class PostReactions:
    """A post's reactions of one type."""

    def __init__(self, events: Sequence[ReactionEvent]) -> None:
        self._events = events
        self._last = max(event.observed_at for event in events)
        self._is_plain = not any(event.withdrawn for event in events) and (
            len({event.account for event in events}) == len(events)
        )
        self._all = frozenset(event.voice for event in events) if self._is_plain else frozenset()

    def at(self, until: int, counted_at: int | None) -> StandingReactions:
        """As they stood at a moment. `counted_at`: when the post's own count was read, None for never."""
        if not self._is_plain:
            return _one_by_one(self._events, until, counted_at)
        if until >= self._last:
            return StandingReactions(self._all, self._all)
        voices = {event.voice for event in self._events if event.observed_at <= until}
        return StandingReactions(voices, voices)


def _one_by_one(events: Iterable[ReactionEvent], until: int, counted_at: int | None) -> StandingReactions:
    """Of every account the last event by then."""
    in_time = sorted(event for event in events if event.observed_at <= until)
    last = {event.account: event for event in in_time}.values()
    return StandingReactions(
        {event.voice for event in last if not event.withdrawn},
        {event.voice for event in last if not event.withdrawn or _came_later(event, counted_at)},
    )


def _came_later(event: ReactionEvent, counted_at: int | None) -> bool:
    return counted_at is not None and event.observed_at > counted_at


ReactionsByPost = Mapping[int, Mapping[str, PostReactions]]
"""The reactions of posts, by the post's number and the type."""

"""Whether counts of nobody are known to be so: how networks were read until a paper had an age."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from hotpapers.base.text.timestamps import SECOND
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.issues.coverage import LOST, unread_times
from hotpapers.issues.queries import first_read_at
from hotpapers.record.as_of import AsOfView

ReadingState = Literal["complete", "partial", "none", "before"]
"""`before`: reading began later."""


class ReadingStates:
    """How networks were read, up to a view's moment, in the 90 days before it or since a moment, µs UTC."""

    def __init__(self, view: AsOfView, since: int | None = None) -> None:
        self.as_of = view.as_of
        self._unread = unread_times(view, since=since)
        self._first_read_at = cache(lambda network: first_read_at(view, network, LOST))

    def of(self, network: str, start: int, end: int) -> tuple[ReadingState, int]:
        """The state of the time between two moments, and how many seconds of it were not read in full."""
        unread = self._unread.of(network, start, end)
        if not unread:
            return "complete", 0
        state: ReadingState
        if unread < end - start:
            state = "partial"
        elif (began := self._first_read_at(network)) is None or began >= end:
            state = "before"
        else:
            state = "none"
        return state, unread // SECOND


class KnownNumbers(NamedTuple):
    """A paper's counts on a network at an age. None for what is not known."""

    voices: int | None
    reposts: int | None
    likes: int | None
    bots: int | None


def known_numbers(counts: Engagement | None, reading: ReadingState) -> KnownNumbers:
    """The numbers of counts. Nobody is only known of a network that was read in full, sums only where counts were."""
    if counts is None:
        numbers = KnownNumbers(0, 0, 0, 0)
    elif counts.posts_read:
        numbers = KnownNumbers(counts.voices, counts.reposts, counts.likes, counts.bots)
    else:
        numbers = KnownNumbers(counts.voices, None, None, counts.bots)
    nobody = 0 if reading == "complete" else None
    return KnownNumbers(*(nobody if number == 0 else number for number in numbers))

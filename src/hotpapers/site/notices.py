"""What long work tells: events for programs, sentences for people; and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol

from hotpapers.record import Record

OFFLINE = "no network can be reached: you seem to be offline"

Progress = Callable[..., AbstractContextManager[Callable[[int], None]]]
"""Shows how far work is: called with a label, the number of steps, and whether they are bytes (`in_bytes`); yields the
function to call with the size of each step."""


def no_progress(label: str, length: int, *, in_bytes: bool = False) -> AbstractContextManager[Callable[[int], None]]:
    """Shows nothing."""
    return nullcontext(lambda size: None)


class Notice(NamedTuple):
    """Something to tell: an event with fields for programs, a sentence for people; either may be empty."""

    event: str
    fields: dict[str, Any]
    sentence: str = ""


class Watch(Protocol):
    """Something to look at again and again."""

    def look(self, record: Record, at: int) -> Iterator[Notice]:
        """What is new since the last look, at a moment (µs UTC)."""

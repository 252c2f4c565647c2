"""Lists that show nothing of what they had. A network that fails may answer so: then it counts as partly read, and
reading does not move on, so that what was missed is read later."""

from __future__ import annotations

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY

DOUBTED_FOR = 30 * DAY
"""How long such a list is doubted, µs: some are cleared for good."""


def no_overlap(name: str) -> PartiallyRead:
    """The error for a list that shows nothing of what it had."""
    return PartiallyRead(f"{name}: lists nothing of what it listed before")


def overlap_problem(name: str, last_at: int | None, now: int) -> PartiallyRead | None:
    """The error for an empty list, if it is doubted. `last_at`: when it was last seen with entries, or when its newest
    known entry was made, in µs; None if it is not known to have had any."""
    return no_overlap(name) if last_at is not None and now - last_at < DOUBTED_FOR else None


def check_overlap(name: str, last_at: int | None, now: int) -> None:
    """Raises it."""
    problem = overlap_problem(name, last_at, now)
    if problem:
        raise problem

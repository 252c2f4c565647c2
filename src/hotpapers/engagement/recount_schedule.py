"""When each post's counts are asked for again: at four ages, and daily while an issue shows it.

These rows are about the work, not about the world: they are no items, are in no batch and in no export.
"""

from typing import NamedTuple

from hotpapers.engagement.measurement import AGES
from hotpapers.model import DAY, HOUR, LARGEST

SHOWN_FOR = 30 * DAY
"""How long after it was frozen the posts that an issue shows are asked for again every day."""
FOLLOWED_FOR = 2 * SHOWN_FOR
"""How long after it was made a post is followed, unless an issue shows it: no window is longer than a month."""
FRESH = 7 * DAY
"""How long after its announcement a paper may come into the next issue."""
LATER = 6 * HOUR
"""After how long a post is asked for again for which nobody answered."""
NEVER = LARGEST


class DuePost(NamedTuple):
    """A post that is to be asked for. `reactions`: its reposts and likes by the last count."""

    post: str
    created_at: int
    shown: bool
    fresh: bool
    reactions: int

    @property
    def worth(self) -> tuple[bool, bool, int, int]:
        """What asking is worth to the next issue: what is shown, then what may come in, then the loudest."""
        return (self.shown, self.fresh, self.reactions, self.created_at)


def due_after(created_at: int, asked_at: int, shown_until: int) -> int:
    """When a post is to be asked for, after it was last asked for (0: never)."""
    marks = [created_at + age * HOUR for age in AGES]
    coming = min((mark for mark in marks if mark > asked_at), default=NEVER)
    daily = asked_at + DAY if asked_at < shown_until else NEVER
    return min(coming, daily)

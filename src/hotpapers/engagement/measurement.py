"""What engagement is measured for: which papers, at which ages, from when on; and when each post's counts are asked for
again: at four ages, and daily while an issue shows it."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.model import DAY, HOUR, LARGEST
from hotpapers.ranking import rarity

AGES = rarity.AGES
"""Hours after the announcement at which papers are measured, for rankings and for all else."""

REFERENCE_DAYS = 90

BACK_WITHIN = 6 * HOUR
"""How long after a network was first read what it tells of the time before may be late, µs."""

NO_LATER_AGE = 1_000_000
"""Hours after which no further age follows."""


class MeasurementWindow(NamedTuple):
    """What to measure. `posted_from`: papers announced up to `candidates_from`, or never, count with the posts made
    since then; None: not at all. `papers`: these alone; none for all. `with_standing`: it is told which voices have
    standing. `announced_from`: papers announced before are not measured. `youngest`: the age at which papers are
    measured that have not reached it, as they are; the first one by default."""

    ages: tuple[int, ...] = AGES
    networks: tuple[str, ...] = ()
    own_voices: tuple[int, ...] = ()
    candidates_from: int = 0
    posted_from: int | None = None
    papers: tuple[str, ...] = ()
    with_standing: bool = False
    announced_from: int = 0
    youngest: int = 0


SHOWN_FOR = 30 * DAY
"""How long after it was frozen the posts that an issue shows are asked for again every day."""
FOLLOWED_FOR = 2 * SHOWN_FOR
"""How long after it was made a post is followed, unless an issue shows it: no window is longer than a month."""
FRESH = 7 * DAY
"""How long after its announcement a paper may come into the next issue."""
RETRY_AFTER = 6 * HOUR
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
    times = [created_at + age * HOUR for age in AGES]
    next_time = min((time for time in times if time > asked_at), default=NEVER)
    daily = asked_at + DAY if asked_at < shown_until else NEVER
    return min(next_time, daily)

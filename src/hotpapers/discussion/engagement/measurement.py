"""The scope of engagement measurements: which papers, at which ages, since when. Also the schedule of recounts: each
post at four ages, and daily while an issue shows it."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR, MAX_INTEGER

AGES = (6, 24, 72, 168)
"""Hours after the announcement at which papers are measured, for rankings and everything else."""

REFERENCE_DAYS = 90

BACK_WITHIN = 6 * HOUR
"""How long after a network was first read its reports about the time before may arrive, µs."""

NO_LATER_AGE = 1_000_000
"""Hours that represent the age after the last."""


def age_after(hours: int) -> int:
    """The first age at which rankings compare papers that is greater than a number of hours."""
    return next((age for age in AGES if age > hours), NO_LATER_AGE)


class MeasurementWindow(NamedTuple):
    """The scope of a measurement. `posted_from`: papers announced by `candidates_from`, or never, count with the posts
    made since this moment, and before `posted_until`; None: not at all. `papers`: only these; empty for all.
    `with_standing`: whether to count voices with standing. `announced_from`: papers announced earlier are not measured.
    `youngest`: papers that have not reached this age, in hours, are measured as they are; by default the first age.
    `vouching_once`: whether a voice vouches for a paper on one network alone."""

    ages: tuple[int, ...] = AGES
    networks: tuple[str, ...] = ()
    own_voices: tuple[int, ...] = ()
    candidates_from: int = 0
    posted_from: int | None = None
    posted_until: int = MAX_INTEGER
    papers: tuple[str, ...] = ()
    with_standing: bool = False
    announced_from: int = 0
    youngest: int = 0
    vouching_once: bool = True


SHOWN_FOR = 30 * DAY
"""How long after an issue is frozen the posts it shows are recounted daily."""
FOLLOWED_FOR = 2 * SHOWN_FOR
"""How long after its creation a post is recounted, unless an issue shows it: no window is longer than a month."""
FRESH = 7 * DAY
"""How long after its announcement a paper may enter the next issue."""
RETRY_AFTER = 6 * HOUR
"""When to ask again for a post that got no answer."""
NEVER = MAX_INTEGER
THREADS_AGAIN = 28 * DAY
"""When to ask again for the answers to a post that no issue shows. If then some cannot be seen, they lose their
words."""
UNREAD_FOR = 60 * DAY
"""How long answers keep their words although nobody could see whether they are still there."""
MAX_THREADS_A_DAY = 100
"""Most threads of a network that are requested in a day; half of them are kept for recent posts."""
MAX_THREADS_OF_PAPER = 5
"""Most of these for one paper."""


def next_recount_at(created_at: int, asked_at: int, shown_until: int) -> int:
    """When a post is due next, given when it was last asked for (0: never)."""
    times = [created_at + age * HOUR for age in AGES]
    next_time = min((time for time in times if time > asked_at), default=NEVER)
    daily = asked_at + DAY if asked_at < shown_until else NEVER
    return min(next_time, daily)

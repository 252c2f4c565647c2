"""What engagement is measured for: which papers, at which ages, from when on."""

from typing import NamedTuple

from hotpapers.model import HOUR
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

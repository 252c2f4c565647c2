"""What happens to the program and its store in the simulated years. Pure."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.model import DAY, HOUR
from tests.loopback.clock import moment
from tests.loopback.faults import Fault, fault
from tests.years.weather import Span, showers, storms


class Life(NamedTuple):
    """The program runs from one moment until another. `then`: what happens to its store afterwards."""

    start: int
    end: int
    then: str = ""


class Story(NamedTuple):
    """The whole story. `away`, `full`: when the store is unavailable, and when its disk is full. `backup`: the time of
    the backup that is restored. `before`: how many earlier days have papers and posts."""

    seed: int
    first: str
    days: int
    lives: tuple[Life, ...]
    away: tuple[Span, ...]
    full: tuple[Span, ...]
    faults: tuple[Fault, ...]
    backup: int

    @property
    def start(self) -> int:
        """When the program first starts, µs UTC."""
        return self.lives[0].start

    @property
    def end(self) -> int:
        """When everything ends, µs UTC."""
        return self.lives[-1].end

    @property
    def off(self) -> list[Span]:
        """When the program does not run."""
        pairs = zip(self.lives, self.lives[1:], strict=False)
        return [Span(before.end, after.start) for before, after in pairs]

    @property
    def lost(self) -> Span:
        """From the backup until the program continues with it: what was read in between is lost."""
        life = next(one for one in self.lives if one.then == "restored")
        return Span(self.backup, life.end)


UPGRADED, RESTORED = "upgraded", "restored"
"""After a life, the store goes through a migration, killed once; or it is lost and replaced by the nightly backup."""


def two_years(seed: int = 1) -> Story:
    """From a Monday in February: two winters, four clock changes in each zone, every holiday twice."""
    first = moment("2026-02-02T03:00")

    def at(day: int, hour: int, minute: int = 0) -> int:
        return first - 3 * HOUR + day * DAY + hour * HOUR + minute * 60_000_000

    lives = (
        Life(first, at(70, 10), UPGRADED),
        Life(at(70, 10, 20), at(121, 2)),  # misses a Wednesday with its feeds
        Life(at(122, 9, 30), at(204, 14), RESTORED),
        Life(at(205, 18), at(325, 12)),  # off over Christmas: what listings no longer cover is harvested
        Life(at(336, 12), at(730, 3)),
    )
    away = tuple(Span(at(day, 5), at(day, 8)) for day in (30, 160, 282, 430, 611))
    full = tuple(Span(at(day, 4), at(day, 9)) for day in (95, 389))
    doubled = fault("arxiv/rss", "doubled", at(44, 0), at(45, 0))
    hosts = ("bluesky.stream1", "bluesky.stream2")
    blind = [fault(host, "blind", at(250, 7), at(251, 22)) for host in hosts]  # longer than their history
    late = fault("arxiv", "502", at(295, 2), at(296, 2))  # a day's issue appears without its announcement
    faults = (doubled, *blind, late, *storms(seed, first, 728), *showers(seed, first, 728))
    return Story(seed, "2026-02-02", 730, lives, away, full, faults, at(204, 3))


def seventeen_days(seed: int = 1) -> Story:
    """A short version of the same."""
    first = moment("2026-03-02T03:00")

    def at(day: int, hour: int) -> int:
        return first - 3 * HOUR + day * DAY + hour * HOUR

    lives = (
        Life(first, at(4, 10), UPGRADED),
        Life(at(4, 11), at(8, 2)),
        Life(at(9, 9), at(14, 14), RESTORED),
        Life(at(15, 18), at(17, 12)),
    )
    faults = (
        fault("arxiv/rss", "doubled", at(2, 0), at(3, 0)), fault("hackernews", "refused", at(11, 1), at(11, 12)),
        fault("arxiv", "502", at(16, 2), at(17, 2)), *showers(seed, first, 20),
    )  # fmt: skip
    away, full = (Span(at(6, 5), at(6, 8)),), (Span(at(10, 4), at(10, 9)),)
    return Story(seed, "2026-03-02", 17, lives, away, full, faults, at(14, 3))

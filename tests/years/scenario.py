"""What happens to the program and its store in the simulated years. Pure."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.model import DAY, HOUR
from tests.loopback.clock import moment
from tests.loopback.faults import Fault, fault
from tests.years.fault_plan import Span, outages, short_faults


class Run(NamedTuple):
    """The program runs from one moment until another. `store_event`: what happens to its store afterwards."""

    start: int
    end: int
    store_event: str = ""


class Scenario(NamedTuple):
    """The whole scenario. `store_outages`, `full_disks`: when the store is unavailable, and when its disk is full.
    `backup`: when the backup that is restored was made."""

    seed: int
    first_day: str
    days: int
    runs: tuple[Run, ...]
    store_outages: tuple[Span, ...]
    full_disks: tuple[Span, ...]
    faults: tuple[Fault, ...]
    backup: int

    @property
    def start(self) -> int:
        """When the program first starts, µs UTC."""
        return self.runs[0].start

    @property
    def end(self) -> int:
        """When everything ends, µs UTC."""
        return self.runs[-1].end

    @property
    def pauses(self) -> list[Span]:
        """When the program does not run."""
        pairs = zip(self.runs, self.runs[1:], strict=False)
        return [Span(previous.end, following.start) for previous, following in pairs]

    @property
    def lost_span(self) -> Span:
        """From the backup until the run that the restore ends: what was read in between is lost."""
        run = next(run for run in self.runs if run.store_event == RESTORE)
        return Span(self.backup, run.end)


UPGRADE, RESTORE = "upgrade", "restore"
"""After a run, the store is migrated, the first attempt at which is killed; or it is lost, and the nightly backup
replaces it."""


def two_years(seed: int = 1) -> Scenario:
    """From a Monday in February: two winters, four clock changes in each zone, every holiday twice."""
    start = moment("2026-02-02T03:00")

    def at(day: int, hour: int, minute: int = 0) -> int:
        return start - 3 * HOUR + day * DAY + hour * HOUR + minute * 60_000_000

    runs = (
        Run(start, at(70, 10), UPGRADE),
        Run(at(70, 10, 20), at(121, 2)),  # misses a Wednesday with its feeds
        Run(at(122, 9, 30), at(204, 14), RESTORE),
        Run(at(205, 18), at(325, 12)),  # off over Christmas: what listings no longer cover is harvested
        Run(at(336, 12), at(730, 3)),
    )
    store_outages = tuple(Span(at(day, 5), at(day, 8)) for day in (30, 160, 282, 430, 611))
    full_disks = tuple(Span(at(day, 4), at(day, 9)) for day in (95, 389))
    doubled = fault("arxiv/rss", "doubled", at(44, 0), at(45, 0))
    hosts = ("bluesky.stream1", "bluesky.stream2")
    blind = [fault(host, "blind", at(250, 7), at(251, 22)) for host in hosts]  # longer than their history
    late_announcement = fault("arxiv", "502", at(295, 2), at(296, 2))  # a day's issue appears without its announcement
    faults = (doubled, *blind, late_announcement, *outages(seed, start, 728), *short_faults(seed, start, 728))
    return Scenario(seed, "2026-02-02", 730, runs, store_outages, full_disks, faults, at(204, 3))


def seventeen_days(seed: int = 1) -> Scenario:
    """A short version of the same."""
    start = moment("2026-03-02T03:00")

    def at(day: int, hour: int) -> int:
        return start - 3 * HOUR + day * DAY + hour * HOUR

    runs = (
        Run(start, at(4, 10), UPGRADE),
        Run(at(4, 11), at(8, 2)),
        Run(at(9, 9), at(14, 14), RESTORE),
        Run(at(15, 18), at(17, 12)),
    )
    faults = (
        fault("arxiv/rss", "doubled", at(2, 0), at(3, 0)), fault("hackernews", "refused", at(11, 1), at(11, 12)),
        fault("arxiv", "502", at(16, 2), at(17, 2)), *short_faults(seed, start, 20),
    )  # fmt: skip
    store_outages, full_disks = (Span(at(6, 5), at(6, 8)),), (Span(at(10, 4), at(10, 9)),)
    return Scenario(seed, "2026-03-02", 17, runs, store_outages, full_disks, faults, at(14, 3))

"""The whole simulation: one run of the program after another, and what happens to its store in between."""

from __future__ import annotations

import datetime
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpapers.base import logs
from hotpapers.base.model import DAY, HOUR
from hotpapers.keep.transfer import backup as backups
from hotpapers.publish.schedule.health import assess_health
from hotpapers.record import Record
from tests.loopback.clock import moment
from tests.loopback.world import World as Script
from tests.years.fault_plan import DailyFaultPlan
from tests.years.program import Environment, SideTask, run_program, simulated_time, write_settings
from tests.years.scenario import RESTORE, UPGRADE, Scenario
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline
from tests.years.upgrade import upgrade_store

BACKUP = "backup.db"
NIGHT = 3 * HOUR
"""When the daily backup is taken, UTC."""
HISTORY_DAYS = 7
"""Days of papers and posts before the program starts."""
PAPERS = 12
CHATTER = 55
"""Seconds between irrelevant messages on Bluesky: a minute without any looks like a blind server."""


class Sample(NamedTuple):
    """The state at a moment: bytes of the store, megabytes of memory, what needs attention, what fails."""

    at: int
    store: int
    memory: int
    problems: tuple[str, ...]
    failing: tuple[str, ...]


class Result(NamedTuple):
    """The result of a simulation."""

    scenario: Scenario
    environment: Environment
    samples: list[Sample]
    restoration: backups.RestoreResult | None


def simulate(
    scenario: Scenario, folder: Path, papers: int = PAPERS, report: Callable[[Sample], None] = lambda _: None
) -> Result:
    """Run a scenario in a folder. Raises whatever breaks the program, or what is wrong with its store."""
    environment = make_environment(scenario, folder, papers)
    samples: list[Sample] = []
    restoration = None
    side_tasks: list[SideTask] = [back_up, partial(sample_daily, samples, report)]
    with simulated_time(environment), (folder / "log.txt").open("w") as log:
        logs.start_logging("text", log)
        for run in scenario.runs:
            environment.timeline.to_start(run.start)
            run_program(environment, run.end, side_tasks)
            restoration = _apply_store_event(run.store_event, environment, scenario) or restoration
    return Result(scenario, environment, samples, restoration)


def load_result(scenario: Scenario, folder: Path, papers: int = PAPERS) -> Result:
    """Load the result of an earlier simulation from a folder."""
    return Result(scenario, make_environment(scenario, folder, papers), [], None)


def make_environment(scenario: Scenario, folder: Path, papers: int) -> Environment:
    """Create the program's environment, and write its settings."""
    history_start = _date(moment(scenario.first_day) - HISTORY_DAYS * DAY)
    script = Script(scenario.seed, history_start, papers=papers, chatter=CHATTER)
    timeline = Timeline(scenario.start)
    failures = StoreFailures(timeline.now, scenario.store_outages, scenario.full_disks)
    return Environment(write_settings(folder, script), script, DailyFaultPlan(scenario.faults), timeline, failures)


def _date(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).date().isoformat()


def _apply_store_event(event: str, environment: Environment, scenario: Scenario) -> backups.RestoreResult | None:
    """Do to the store what the scenario says happens while the program is off."""
    store = Path(environment.context.store)
    if event == UPGRADE:
        upgrade_store(store)
    if event == RESTORE:
        for suffix in ("", "-wal", "-shm"):
            store.with_name(store.name + suffix).unlink(missing_ok=True)
        return backups.restore_backup(store.with_name(BACKUP), str(store))
    return None


# ---- beside the program ------------------------------------------------------------------------------------


def back_up(environment: Environment) -> None:
    """Make a backup every night, with the program's own function."""
    while True:
        environment.timeline.to(next_at(environment.timeline.now(), NIGHT))
        if environment.timeline.now() >= environment.timeline.until:
            return
        if not (environment.store_failures.is_unavailable or environment.store_failures.is_full):
            store = Path(environment.context.store)
            with Record(str(store), create=False) as record:
                backups.back_up_store(record, store.with_name(BACKUP))


def sample_daily(samples: list[Sample], report: Callable[[Sample], None], environment: Environment) -> None:
    """Take a sample every noon, after all jobs have run."""
    names = [publication.name for publication in environment.context.settings.publication]
    while True:
        environment.timeline.to(next_at(environment.timeline.now(), 12 * HOUR) + 1_000_000)
        if environment.timeline.now() >= environment.timeline.until:
            return
        if environment.store_failures.is_unavailable:
            continue
        with Record(environment.context.store, create=False) as record:
            now = environment.timeline.now()
            state = assess_health(record, names, now)
            samples.append(Sample(now, record.database.size(), resident(), state.problems, state.failing))
            report(samples[-1])


def next_at(now: int, time_of_day: int) -> int:
    """The next moment with a time of day, UTC."""
    return (now - time_of_day) // DAY * DAY + DAY + time_of_day


def resident() -> int:
    """The memory of this process, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1_000_000

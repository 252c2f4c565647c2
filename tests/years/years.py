"""The whole simulation: one run of the program after another, and what happens to its store in between."""

from __future__ import annotations

import datetime
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hotpapers import logs
from hotpapers.model import DAY, HOUR
from hotpapers.schedule.health import health
from hotpapers.store import Record
from hotpapers.transfer import backup as backups
from tests.loopback.clock import moment
from tests.loopback.world import World as Script
from tests.years.program import Extra, World, by_simulated_time, live, write_settings
from tests.years.story import RESTORED, UPGRADED, Story
from tests.years.timeline import Timeline
from tests.years.troubles import Troubles
from tests.years.upgrade import upgraded
from tests.years.weather import Weather

BACKUP = "backup.db"
NIGHT = 3 * HOUR
"""When the daily backup is taken, UTC."""
BEFORE = 7
"""Days of papers and posts before the program starts."""
PAPERS = 12
CHATTER = 55
"""Seconds between irrelevant messages on Bluesky: a minute without any is what a blind server looks like."""


class Sample(NamedTuple):
    """The state at a moment: bytes of the store, megabytes of memory, what needs attention, what fails."""

    at: int
    store: int
    memory: int
    problems: tuple[str, ...]
    failing: tuple[str, ...]


class Lived(NamedTuple):
    """The final result."""

    story: Story
    world: World
    samples: list[Sample]
    restored: backups.RestoreResult | None


def lived(story: Story, folder: Path, papers: int = PAPERS, told: Callable[[Sample], None] = lambda _: None) -> Lived:
    """Live through a story in a folder. Raises anything that breaks the program, or an invalid store."""
    world = world_of(story, folder, papers)
    samples: list[Sample] = []
    restored = None
    beside: list[Extra] = [back_up, partial(look, samples, told)]
    with by_simulated_time(world), (folder / "log.txt").open("w") as log:
        logs.listen("text", log)
        for life in story.lives:
            world.timeline.to_start(life.start)
            live(world, life.end, beside)
            restored = _then(life.then, world, story) or restored
    return Lived(story, world, samples, restored)


def found(story: Story, folder: Path, papers: int = PAPERS) -> Lived:
    """Load the result of an earlier simulation from a folder."""
    return Lived(story, world_of(story, folder, papers), [], None)


def world_of(story: Story, folder: Path, papers: int) -> World:
    """Create the world of the program, and write its settings."""
    script = Script(story.seed, _date(moment(story.first) - BEFORE * DAY), papers=papers, chatter=CHATTER)
    timeline = Timeline(story.start)
    troubles = Troubles(timeline.now, story.away, story.full)
    return World(write_settings(folder, script), script, Weather(story.faults), timeline, troubles)


def _date(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).date().isoformat()


def _then(what: str, world: World, story: Story) -> backups.RestoreResult | None:
    """Do to the store what the story says happens while the program is off."""
    store = Path(world.home.store)
    if what == UPGRADED:
        upgraded(store)
    if what == RESTORED:
        for end in ("", "-wal", "-shm"):
            store.with_name(store.name + end).unlink(missing_ok=True)
        return backups.restore(store.with_name(BACKUP), str(store))
    return None


# ---- besides the program -----------------------------------------------------------------------------------


def back_up(world: World) -> None:
    """Make a backup every night, with the program's own function."""
    while True:
        world.timeline.to(next_at(world.timeline.now(), NIGHT))
        if world.timeline.now() >= world.timeline.until:
            return
        if not (world.troubles.is_away or world.troubles.is_full):
            store = Path(world.home.store)
            with Record(str(store), create=False) as record:
                backups.backup(record, store.with_name(BACKUP))


def look(samples: list[Sample], told: Callable[[Sample], None], world: World) -> None:
    """Take a sample every noon, after all jobs have run."""
    names = [one.name for one in world.home.settings.publication]
    while True:
        world.timeline.to(next_at(world.timeline.now(), 12 * HOUR) + 1_000_000)
        if world.timeline.now() >= world.timeline.until:
            return
        if world.troubles.is_away:
            continue
        with Record(world.home.store, create=False) as record:
            at = world.timeline.now()
            state = health(record, names, at)
            samples.append(Sample(at, record.database.size(), resident(), state.problems, state.failing))
            told(samples[-1])


def next_at(now: int, time_of_day: int) -> int:
    """The next moment with a time of day, UTC."""
    return (now - time_of_day) // DAY * DAY + DAY + time_of_day


def resident() -> int:
    """The memory of this process, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1_000_000

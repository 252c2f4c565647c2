"""All of it: one life of the program after the other, and what becomes of its store in between."""

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
"""When the backup of a day is taken, UTC."""
BEFORE = 7
"""Days of papers and talk before the program is started."""
PAPERS = 12
CHATTER = 55
"""Seconds between two messages about nothing on Bluesky: a minute without any is one of a blind server."""


class Sample(NamedTuple):
    """How it stands at a moment: bytes of the store, megabytes of memory, what somebody must look at, what fails."""

    at: int
    store: int
    memory: int
    problems: tuple[str, ...]
    failing: tuple[str, ...]


class Lived(NamedTuple):
    """What there is in the end."""

    story: Story
    world: World
    samples: list[Sample]
    restored: backups.RestoreResult | None


def lived(story: Story, folder: Path, papers: int = PAPERS, told: Callable[[Sample], None] = lambda _: None) -> Lived:
    """Lives through a story in a folder. Raises what breaks the program, or what a store must not become."""
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
    """What was lived through before, in a folder."""
    return Lived(story, world_of(story, folder, papers), [], None)


def world_of(story: Story, folder: Path, papers: int) -> World:
    """Where the program lives, its settings written down."""
    script = Script(story.seed, _date(moment(story.first) - BEFORE * DAY), papers=papers, chatter=CHATTER)
    timeline = Timeline(story.start)
    troubles = Troubles(timeline.now, story.away, story.full)
    return World(write_settings(folder, script), script, Weather(story.faults), timeline, troubles)


def _date(at: int) -> str:
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).date().isoformat()


def _then(what: str, world: World, story: Story) -> backups.RestoreResult | None:
    """What happens to the store while the program does not run."""
    store = Path(world.home.store)
    if what == UPGRADED:
        upgraded(store)
    if what == RESTORED:
        for end in ("", "-wal", "-shm"):
            store.with_name(store.name + end).unlink(missing_ok=True)
        return backups.restore(store.with_name(BACKUP), str(store))
    return None


# ---- beside the program ------------------------------------------------------------------------------------


def back_up(world: World) -> None:
    """Every night, by the program's own backup."""
    while True:
        world.timeline.to(next_at(world.timeline.now(), NIGHT))
        if world.timeline.now() >= world.timeline.until:
            return
        if not (world.troubles.is_away or world.troubles.is_full):
            store = Path(world.home.store)
            with Record(str(store), create=False) as record:
                backups.backup(record, store.with_name(BACKUP))


def look(samples: list[Sample], told: Callable[[Sample], None], world: World) -> None:
    """Every noon, when all jobs have done their round."""
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
    """Megabytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1_000_000

"""A new site on the loopback internet: its first issue, and its issues two weeks later.

A site starts at any hour with the settings that the loopback writes: two weeks of history, sixty papers a day. Its
first issue must have ten papers, or all that three people mentioned, and must not call any network incomplete. Two
weeks later its issues are compared, place by place, with those of older sites (see `places`).
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import NamedTuple

from hotpapers import announcement_days, logs
from hotpapers.ids import arxiv
from hotpapers.issues.freeze import editions
from hotpapers.issues.queries import frozen_days
from hotpapers.model import DAY, HOUR, IssueContent
from hotpapers.store import Record
from tests.loopback import expected
from tests.loopback.clock import SteppedClock
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan
from tests.loopback.script import is_visible
from tests.loopback.settings import settings_toml
from tests.loopback.world import World as Script
from tests.years.places import NAME, Causes, causes, site
from tests.years.program import World, by_simulated_time, live
from tests.years.timeline import Timeline
from tests.years.troubles import Troubles

HISTORY = 14
LATER = 14
COMPARED = 5
"""When issues are compared, in days after the start, and how many days of issues."""
EARLIER = (7, HISTORY)
"""How many days older the other site is: as many as the new site reads back, or all history."""
PLAIN = """
[publish]
channels = ["markdown"]
"""
"""Only issues are compared, so no site is built."""
PAPERS = 60
CHATTER = 55
FIRST_BY = 36 * HOUR
"""How long a new site takes to have an issue; two days more over a weekend."""
ENOUGH, VOICES = 10, 3
MONDAY = datetime.date(2026, 3, 16)


class Start(NamedTuple):
    """When a new site starts, µs UTC, and the seed of its world."""

    seed: int
    at: int

    @property
    def history(self) -> str:
        """The first day with any events."""
        return _date(self.at - HISTORY * DAY).isoformat()

    @property
    def weekday(self) -> int:
        """0 on Mondays."""
        return _date(self.at).weekday()

    def script(self, papers: int) -> Script:
        """The script of that world."""
        return Script(self.seed, self.history, papers=papers, chatter=CHATTER)

    def __str__(self) -> str:
        return f"seed {self.seed}, {datetime.datetime.fromtimestamp(self.at / 1e6, datetime.UTC):%a %Y-%m-%d %H:%M}"


def start_of(seed: int) -> Start:
    """A weekday, an hour and a minute, derived from the seed."""
    rng = Random(f"newcomer {seed}")
    midnight = datetime.datetime.combine(MONDAY, datetime.time(), datetime.UTC)
    minutes = rng.randrange(7 * 24 * 60)
    return Start(seed, round(midnight.timestamp() + minutes * 60) * 1_000_000)


def ran(folder: Path, script: Script, start: int, end: int, more: str = "") -> Path:
    """The store of a site that ran from one moment until another. `more`: further settings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "hotpapers.toml"
    settings.write_text(settings_toml(DirectClient(script, SteppedClock(0)).bases) + more)
    timeline = Timeline(start)
    world = World(settings, script, Plan(), timeline, Troubles(timeline.now, (), ()), reads_back=True)
    with by_simulated_time(world), (folder / "log.txt").open("w") as log:
        logs.listen("text", log)
        live(world, end)
    return Path(world.home.store)


def first(
    start: Start, folder: Path, papers: int = PAPERS, until: int | None = None
) -> tuple[dict[str, IssueContent], list[str]]:
    """A new site's issues until the day after its first one, or until a moment, and the faults of the first."""
    script = start.script(papers)
    end = start.at + FIRST_BY + 2 * (start.weekday > 3) * DAY
    found = issues(ran(folder, script, start.at, until or end))
    return found, first_wrong(script, start, found)


def issues(store: Path) -> dict[str, IssueContent]:
    """A site's issues by day."""
    with Record(str(store), create=False) as record:
        return {day: editions(record, NAME, day)[0].content for day in frozen_days(record, NAME)}


# ---- the first issue ---------------------------------------------------------------------------------------


def first_wrong(script: Script, start: Start, found: dict[str, IssueContent]) -> list[str]:
    """What is wrong with a new site's first issue."""
    if not found:
        return [f"{start}: no issue"]
    day, content = min(found.items())
    talked = spoken_of(script, start, content)
    wrong = [f"{one.network} {one.state}: {one.reason}" for one in content.readings if one.state != "complete"]
    if len(content.entries) < min(ENOUGH, len(talked)):
        wrong.append(f"{len(content.entries)} entries, of {len(talked)} papers of which {VOICES} people speak")
    return [f"{start}: {day}: {one}" for one in wrong]


def spoken_of(script: Script, start: Start, content: IssueContent) -> set[str]:
    """The papers in an issue's window that three people mentioned, on networks whose history goes back that far."""
    people: dict[str, set[str]] = defaultdict(set)
    for network in ("hackernews", "huggingface", "lobsters", "reddit", "mastodon"):
        for said in expected.messages_with_papers(
            script, network, start.at - 6 * DAY, min(start.at, content.as_of - HOUR)
        ):
            if expected.is_findable(said) and not said.author.bot and is_visible(said, content.as_of):
                for paper in said.papers:
                    people[arxiv.key(paper)].add(said.author.name)
    fresh = {arxiv.key(one.id) for day in _days(content) for one in script.papers(day)}
    return {paper for paper, names in people.items() if len(names) >= VOICES and paper in fresh}


def _days(content: IssueContent) -> list[str]:
    """The announcements in an issue's window that are old enough to have an age."""
    first = _date(content.as_of - 6 * DAY)
    days = ((first + datetime.timedelta(days=n)).isoformat() for n in range(7))
    return [day for day in days if announcement_days.expected(day)
            and announcement_days.announced_at(day) + 6 * HOUR < content.as_of]  # fmt: skip


# ---- two weeks later ---------------------------------------------------------------------------------------


def later(start: Start, folder: Path) -> dict[int, Causes]:
    """Compare a site's issues two weeks after its start with those of sites that started this many days earlier."""
    since = start.at + LATER * DAY
    end = since + COMPARED * DAY
    new, *others = (
        site(ran(folder / f"{days} days before", start.script(PAPERS), start.at - days * DAY, end, PLAIN))
        for days in (0, *EARLIER)
    )
    return {days: causes(new, old, _date(since).isoformat()) for days, old in zip(EARLIER, others, strict=True)}


def _date(at: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).date()

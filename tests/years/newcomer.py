"""A new site on the loopback internet: its first issue, and its issues two weeks later.

A site starts at any hour with the settings that the loopback writes: two weeks of history, sixty papers a day. Its
first issue must have ten papers, or all that three people mentioned, and must tell no gap after the site started. Two
weeks later its issues are compared, place by place, with those of older sites (see `places`).
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import NamedTuple

from hotpapers.base import logs
from hotpapers.base.model import DAY, HOUR, IssueContent
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.record import Record
from tests.loopback import expected
from tests.loopback.clock import SteppedClock
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan
from tests.loopback.script import is_visible
from tests.loopback.settings import settings_toml
from tests.loopback.world import World as Script
from tests.years.places import NAME, Causes, causes, load_site
from tests.years.program import Environment, run_program, simulated_time
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline

HISTORY_DAYS = 14
COMPARISON_DELAY = 14
COMPARED_DAYS = 5
"""When issues are compared, in days after the start, and how many days of issues."""
HEAD_STARTS = (7, HISTORY_DAYS)
"""How many days older the other site is: as many as the new site reads back, or all history."""
MARKDOWN_ONLY = """
[publish]
channels = ["markdown"]
"""
"""Only issues are compared, so no site is built."""
PAPERS = 60
CHATTER = 55
FIRST_ISSUE_LIMIT = 36 * HOUR
"""How long a new site takes at most to have an issue, over a weekend two days more."""
FIRST_ROUND = HOUR // 2
"""How long a site needs to read all networks for the first time."""
LEAST_ENTRIES, LEAST_VOICES = 10, 3
MONDAY = datetime.date(2026, 3, 16)


class Start(NamedTuple):
    """When a new site starts, µs UTC, and the seed of its world."""

    seed: int
    at: int

    @property
    def history(self) -> str:
        """The first day with any events."""
        return _date(self.at - HISTORY_DAYS * DAY).isoformat()

    @property
    def weekday(self) -> int:
        """0 on Mondays."""
        return _date(self.at).weekday()

    def script(self, papers: int) -> Script:
        """The script of that world."""
        return Script(self.seed, self.history, papers=papers, chatter=CHATTER)

    def __str__(self) -> str:
        return f"seed {self.seed}, {datetime.datetime.fromtimestamp(self.at / 1e6, datetime.UTC):%a %Y-%m-%d %H:%M}"


def random_start(seed: int) -> Start:
    """A weekday, an hour and a minute, derived from the seed."""
    rng = Random(f"newcomer {seed}")
    midnight = datetime.datetime.combine(MONDAY, datetime.time(), datetime.UTC)
    minutes = rng.randrange(7 * 24 * 60)
    return Start(seed, round(midnight.timestamp() + minutes * 60) * 1_000_000)


def run_site(folder: Path, script: Script, start: int, end: int, settings_text: str = "") -> Path:
    """The store of a site that ran from one moment until another. `settings_text`: further settings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "hotpapers.toml"
    settings.write_text(settings_toml(DirectClient(script, SteppedClock(0)).bases) + settings_text)
    timeline = Timeline(start)
    environment = Environment(settings, script, Plan(), timeline, StoreFailures(timeline.now, (), ()), reads_back=True)
    with simulated_time(environment), (folder / "log.txt").open("w") as log:
        logs.start_logging("text", log)
        run_program(environment, end)
    return Path(environment.context.store)


def first_issues(
    start: Start, folder: Path, papers: int = PAPERS, until: int | None = None
) -> tuple[dict[str, IssueContent], list[str]]:
    """A new site's issues until the day after its first one, or until a moment, and what is wrong with the first."""
    script = start.script(papers)
    end = start.at + FIRST_ISSUE_LIMIT + 2 * (start.weekday > 3) * DAY
    issues_by_day = load_issues(run_site(folder, script, start.at, until or end))
    return issues_by_day, errors_of_first_issue(script, start, issues_by_day)


def load_issues(store: Path) -> dict[str, IssueContent]:
    """A site's issues by day."""
    with Record(str(store), create=False) as record:
        return {day: list_editions(record, NAME, day)[0].content for day in frozen_days(record, NAME)}


# ---- the first issue ---------------------------------------------------------------------------------------


def errors_of_first_issue(script: Script, start: Start, issues_by_day: dict[str, IssueContent]) -> list[str]:
    """What is wrong with a new site's first issue."""
    if not issues_by_day:
        return [f"{start}: no issue"]
    day, content = min(issues_by_day.items())
    papers = papers_with_voices(script, start, content)
    errors = [
        f"{reading.network} {gap.state} for {(gap.until_at - start.at) / HOUR:.1f} hours: {reading.reason}"
        for reading in content.readings
        for gap in reading.gaps or ()
        if gap.until_at - start.at > FIRST_ROUND
    ]
    if len(content.entries) < min(LEAST_ENTRIES, len(papers)):
        errors.append(f"{len(content.entries)} entries, of {len(papers)} papers that {LEAST_VOICES} people mentioned")
    return [f"{start}: {day}: {error}" for error in errors]


def papers_with_voices(script: Script, start: Start, content: IssueContent) -> set[str]:
    """The papers in an issue's window that three people mentioned, on networks whose history goes back that far."""
    authors: dict[str, set[str]] = defaultdict(set)
    for network in ("hackernews", "huggingface", "lobsters", "reddit", "mastodon"):
        for message in expected.messages_with_papers(
            script, network, start.at - 6 * DAY, min(start.at, content.as_of - HOUR)
        ):
            if expected.is_findable(message) and not message.author.bot and is_visible(message, content.as_of):
                for paper in message.papers:
                    authors[arxiv.key(paper)].add(message.author.name)
    announced_papers = {arxiv.key(paper.id) for day in _days(content) for paper in script.papers(day)}
    return {paper for paper, names in authors.items() if len(names) >= LEAST_VOICES and paper in announced_papers}


def _days(content: IssueContent) -> list[str]:
    """The announcements in an issue's window that are old enough to have an age."""
    first_day = _date(content.as_of - 6 * DAY)
    days = ((first_day + datetime.timedelta(days=n)).isoformat() for n in range(7))
    return [day for day in days if announcement_days.has_announcement(day)
            and announcement_days.announced_at(day) + 6 * HOUR < content.as_of]  # fmt: skip


# ---- two weeks later ---------------------------------------------------------------------------------------


def compare_later(start: Start, folder: Path) -> dict[int, Causes]:
    """Compare a site's issues two weeks after its start with those of sites that started this many days earlier."""
    comparison_start = start.at + COMPARISON_DELAY * DAY
    end = comparison_start + COMPARED_DAYS * DAY
    new_site, *older_sites = (
        load_site(
            run_site(folder / f"{days} days before", start.script(PAPERS), start.at - days * DAY, end, MARKDOWN_ONLY)
        )
        for days in (0, *HEAD_STARTS)
    )
    first_day = _date(comparison_start).isoformat()
    return {
        days: causes(new_site, older_site, first_day) for days, older_site in zip(HEAD_STARTS, older_sites, strict=True)
    }


def _date(at: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).date()

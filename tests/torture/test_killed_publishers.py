"""Processes are killed while they freeze and publish: each issue and delivery appears once, every file is complete."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.model import DAY, HOUR, Delivery, Issue, Publication
from hotpapers.issues import freeze
from hotpapers.issues.queries import frozen_days
from hotpapers.publish.deliver.export_site import export_site, unsent_days
from hotpapers.publish.schedule import due
from hotpapers.record import Record
from tests.issues import made
from tests.seeds import generator
from tests.torture import comparison
from tests.torture.comparison import Outcome
from tests.torture.forks import Forks
from tests.torture.rig import PATIENCE
from tests.torture.site import SiteParameters
from tests.torture.table import ALL, KILLS, Report, one_database, torture_only

NAMES = [f"paper-{n}" for n in range(8 if ALL else 1)]
CHANNELS = ["site", "feeds", "classic", "markdown"] if ALL else ["site", "classic"]
NOW = made.moment("2024-05-07T09:00")
START = NOW - 13 * DAY
DAYS = due.due_days(Publication(publication="any", title="", observed_at=0), (), START, NOW)
"""Everything due once the record is a fortnight old."""
LIFE = 0.25
"""A process's longest life in real seconds, by which time it has barely started."""
LONG_LIFE = 2.0
"""Real seconds for later processes, since the program reads what it needs before it does anything."""


def prepare(store: str) -> None:
    """Write a fortnight of papers and posts, and some publications."""
    items = made.background()
    for n, day in enumerate(DAYS):
        at = made.moment(day)
        for number in range(10 * n + 1, 10 * n + 9):
            items += [*made.paper(number, day), *made.posts_about(number, 12 + number % 5, at + HOUR)]
    publications = [
        Publication(publication=name, title=name.title(), posts=2, threshold=500, observed_at=START) for name in NAMES
    ]
    with Record(store) as record:
        record.append([*publications, *items], source="made-up", at=START)


def killed_until(forks: Forks, start: Callable[[], int], is_done: Callable[[], bool], kills: int, seed: int) -> int:
    """Start and kill processes until all is done, and return how many were killed."""
    rng, killed_count, deadline = generator(seed), 0, time.monotonic() + 3 * PATIENCE
    while not is_done():
        assert time.monotonic() < deadline, forks.output()
        pid = start()
        time.sleep(rng.uniform(0, LIFE if killed_count < kills else LONG_LIFE))
        assert forks.kill(pid) in (-signal.SIGKILL, 0), forks.output()
        killed_count += 1
    return killed_count


def compare(store: str, names: list[str], channels: list[str], folder: Path, reference_folder: Path) -> Outcome:
    """Compare issues, deliveries and files with those of an undisturbed site."""
    errors: list[str] = []
    with Record(store) as record:
        errors += comparison.store_damage(record)
        issues = comparison.all_observations(record, Issue)
        errors += [f"frozen twice: {issue.publication} {issue.day}" for issue in issues if issue.edition != 1]
        errors += [str(finding) for issue in issues for finding in freeze.check_issue(record, issue)]
        sent = (item for item in comparison.all_observations(record, Delivery) if item.state == "sent")
        deliveries = [comparison.key_of(delivery) for delivery in sent]
        duplicates = [f"sent twice: {key}" for key in {*deliveries} if deliveries.count(key) > 1]
        missing = [f"not frozen: {name}" for name in names if frozen_days(record, name) != DAYS]
        for name in names:
            for channel in channels:
                missing += [
                    f"not sent: {name} {day} {channel}"
                    for day in unsent_days(record, name, channel, folder / name / channel)
                ]
                export_site(record, name, DAYS, channel, reference_folder / name / channel)
    files, expected_files = files_in(folder), files_in(reference_folder)
    missing += [f"no file {path}" for path in expected_files if path not in files]
    errors += [f"file {path}" for path in files if files[path] != expected_files.get(path)]
    return Outcome(len(issues), tuple(missing), tuple(duplicates), tuple(errors))


def files_in(folder: Path) -> dict[str, bytes]:
    """All files by path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.long
@one_database
def test_killed_while_freezing_and_publishing(store_url: str, tmp_path: Path, report: Report) -> None:
    folder, kills, killed_count = tmp_path / "public", max(KILLS // 20, 2), 0
    prepare(store_url)
    parameters = SiteParameters(store_url, {}, NOW, 0.0, time.monotonic(), ("lobsters",))

    def is_done() -> bool:
        with Record(store_url) as record:
            return not any(
                is_pending(record, name, channel, folder / name / channel) for name in NAMES for channel in CHANNELS
            )

    with Forks(tmp_path / "log") as forks:

        def start() -> int:
            options: dict[str, Any] = {"publications": NAMES, "channels": CHANNELS, "folder": str(folder)}
            return forks.start("publish", parameters=parameters, **options)

        killed_count = killed_until(forks, start, is_done, kills, 1)
    outcome = compare(store_url, NAMES, CHANNELS, folder, tmp_path / "whole")
    report.add_row(f"killed while freezing and publishing, {store_url.partition(':')[0]}", killed_count, outcome)
    assert outcome.is_clean and killed_count >= 2, outcome


def is_pending(record: Record, name: str, channel: str, folder: Path) -> bool:
    """Whether a publication has an issue to freeze or a channel to send to."""
    return frozen_days(record, name) != DAYS or bool(unsent_days(record, name, channel, folder))


@torture_only
def test_the_command_is_killed_while_it_publishes(store_url: str, tmp_path: Path, report: Report) -> None:
    name, kills = NAMES[0], max(KILLS // 40, 2)
    folder = tmp_path / "public" / name / "site"
    prepare(store_url)
    with Record(store_url) as record:
        for day in DAYS[:-1]:
            freeze.freeze_issue(record, recorded_publication(record, name), day, at=NOW)

    def is_done() -> bool:
        with Record(store_url) as record:
            return not is_pending(record, name, "site", folder)

    with Forks(tmp_path / "log") as forks:
        command = ["publish", DAYS[-1], "--to", "site", "--output", str(folder), "--publication", name]
        command_for_all = ["publish", "--all", *command[2:]]

        def start() -> int:
            return forks.start(
                "command", arguments=[*(command if not is_all_frozen() else command_for_all), "--store", store_url]
            )

        def is_all_frozen() -> bool:
            with Record(store_url) as record:
                return frozen_days(record, name) == DAYS

        killed_count = killed_until(forks, start, is_done, kills, 2)
    outcome = compare(store_url, [name], ["site"], tmp_path / "public", tmp_path / "whole")
    report.add_row(f"`hotpapers publish` killed, {store_url.partition(':')[0]}", killed_count, outcome)
    assert outcome.is_clean, outcome


def recorded_publication(record: Record, name: str) -> Publication:
    """A publication as stored in the record."""
    return freeze.publication_of(record, name)

"""Killed while freezing and publishing: each issue and each delivery appears once, and every file is whole."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotpapers.deliver.export_site import export_site, unsent
from hotpapers.issues import freeze
from hotpapers.issues.queries import frozen_days
from hotpapers.model import DAY, HOUR, Delivery, Issue, Publication
from hotpapers.schedule import due
from hotpapers.store import Record
from tests.issues import made
from tests.torture import agree
from tests.torture.agree import Outcome
from tests.torture.forks import Forks
from tests.torture.rig import PATIENCE
from tests.torture.site import Given
from tests.torture.table import ALL, KILLS, Telling, at_length, one_is_enough

NAMES = [f"paper-{n}" for n in range(8 if ALL else 1)]
CHANNELS = ["site", "feeds", "classic", "markdown"] if ALL else ["site", "classic"]
NOW = made.moment("2024-05-07T09:00")
BEGAN = NOW - 13 * DAY
DAYS = due.due_days(Publication(publication="any", title="", observed_at=0), (), BEGAN, NOW)
"""Everything due once the record is a fortnight old."""
LIFE = 0.25
"""A process's longest life in real seconds: it has barely started."""
LONG = 2.0
"""Real seconds granted now and then: the program reads what it needs before it does anything."""


def prepare(store: str) -> None:
    """Write a fortnight of papers and posts, and some publications."""
    items = made.background()
    for n, day in enumerate(DAYS):
        at = made.moment(day)
        for number in range(10 * n + 1, 10 * n + 9):
            items += [*made.paper(number, day), *made.talk(number, 12 + number % 5, at + HOUR)]
    own = [
        Publication(publication=name, title=name.title(), posts=2, threshold=500, observed_at=BEGAN) for name in NAMES
    ]
    with Record(store) as record:
        record.append([*own, *items], source="made-up", at=BEGAN)


def killed_until(forks: Forks, start: Callable[[], int], done: Callable[[], bool], kills: int, seed: int) -> int:
    """Start and kill processes until all is done, and return how many were killed."""
    dice, killed, deadline = random.Random(seed), 0, time.monotonic() + 3 * PATIENCE
    while not done():
        assert time.monotonic() < deadline, forks.said()
        pid = start()
        time.sleep(dice.uniform(0, LIFE if killed < kills else LONG))
        assert forks.kill(pid) in (-signal.SIGKILL, 0), forks.said()
        killed += 1
    return killed


def checked(store: str, names: list[str], channels: list[str], folder: Path, whole: Path) -> Outcome:
    """Compare issues, deliveries and files with those of an undisturbed site."""
    wrong: list[str] = []
    with Record(store) as record:
        wrong += agree.unsound(record)
        issues = agree.everything(record, Issue)
        wrong += [f"frozen twice: {one.publication} {one.day}" for one in issues if one.edition != 1]
        wrong += [str(finding) for one in issues for finding in freeze.check_issue(record, one)]
        sent = [agree.key_of(one) for one in agree.everything(record, Delivery) if one.state == "sent"]
        doubled = [f"sent twice: {key}" for key in {*sent} if sent.count(key) > 1]
        lost = [f"not frozen: {name}" for name in names if frozen_days(record, name) != DAYS]
        for name in names:
            for to in channels:
                lost += [f"not sent: {name} {day} {to}" for day in unsent(record, name, to, folder / name / to)]
                export_site(record, name, DAYS, to, whole / name / to)
    there, wanted = files_in(folder), files_in(whole)
    lost += [f"no file {path}" for path in wanted if path not in there]
    wrong += [f"file {path}" for path in there if there[path] != wanted.get(path)]
    return Outcome(len(issues), tuple(lost), tuple(doubled), tuple(wrong))


def files_in(folder: Path) -> dict[str, bytes]:
    """All files by path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.long
@one_is_enough
def test_killed_while_freezing_and_publishing(store_url: str, tmp_path: Path, told: Telling) -> None:
    folder, kills, killed = tmp_path / "public", max(KILLS // 20, 2), 0
    prepare(store_url)
    given = Given(store_url, {}, NOW, 0.0, time.monotonic(), ("lobsters",))

    def done() -> bool:
        with Record(store_url) as record:
            return not any(pending(record, name, to, folder / name / to) for name in NAMES for to in CHANNELS)

    with Forks(tmp_path / "log") as forks:

        def start() -> int:
            words: dict[str, Any] = {"publications": NAMES, "channels": CHANNELS, "folder": str(folder)}
            return forks.start("publish", given=given, **words)

        killed = killed_until(forks, start, done, kills, 1)
    outcome = checked(store_url, NAMES, CHANNELS, folder, tmp_path / "whole")
    told.row(f"killed while freezing and publishing, {store_url.partition(':')[0]}", killed, outcome)
    assert outcome.good and killed >= 2, outcome


def pending(record: Record, name: str, to: str, folder: Path) -> bool:
    """Whether a publication has an issue to freeze or a channel to send to."""
    return frozen_days(record, name) != DAYS or bool(unsent(record, name, to, folder))


@at_length
def test_the_command_is_killed_while_it_publishes(store_url: str, tmp_path: Path, told: Telling) -> None:
    name, kills = NAMES[0], max(KILLS // 40, 2)
    folder = tmp_path / "public" / name / "site"
    prepare(store_url)
    with Record(store_url) as record:
        for day in DAYS[:-1]:
            freeze.freeze(record, made_publication(record, name), day, at=NOW)

    def done() -> bool:
        with Record(store_url) as record:
            return not pending(record, name, "site", folder)

    with Forks(tmp_path / "log") as forks:
        words = ["publish", DAYS[-1], "--to", "site", "--output", str(folder), "--publication", name]
        every = ["publish", "--all", *words[2:]]

        def start() -> int:
            return forks.start("command", words=[*(words if not frozen_all() else every), "--store", store_url])

        def frozen_all() -> bool:
            with Record(store_url) as record:
                return frozen_days(record, name) == DAYS

        killed = killed_until(forks, start, done, kills, 2)
    outcome = checked(store_url, [name], ["site"], tmp_path / "public", tmp_path / "whole")
    told.row(f"`hotpapers publish` killed, {store_url.partition(':')[0]}", killed, outcome)
    assert outcome.good, outcome


def made_publication(record: Record, name: str) -> Publication:
    """A publication as stored in the record."""
    return freeze.publication_of(record, name)

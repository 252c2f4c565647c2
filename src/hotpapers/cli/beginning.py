"""What `run` says when it starts: what it reads, since when, when the first issue appears; then how that goes on."""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from zoneinfo import ZoneInfo

import click

from hotpapers import logs
from hotpapers.cli import common
from hotpapers.cli.terminal import bar, plain
from hotpapers.errors import StoreError
from hotpapers.ids.timestamps import day_of
from hotpapers.ingest import ConfiguredSource
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.model import DAY
from hotpapers.schedule.first_issue import FirstIssue, first_issues, read_back_of
from hotpapers.store import Record, now

LOOK = 1.0
"""Seconds between two looks at how far it is."""


def tell(home: common.CommandContext, choices: Sequence[ConfiguredSource], names: Sequence[str]) -> None:
    """Says it: in sentences on a terminal, as events elsewhere."""
    at, days = now(), home.settings.run.read_back
    with Record(home.store) as record:
        new = [choice.name for choice in choices if jobs_queries.load_state(record, choice.name).started_at is None]
        frozen = {name: frozen_days(record, name) for name in names}
        firsts = list(first_issues([publication_of(record, name) for name in names], frozen, at)) if new else []
    zones = {publication.name: publication.zone for publication in home.settings.publication}
    if _is_read_by_people(home):
        for sentence in sentences([choice.name for choice in choices], new, days, firsts, zones, at):
            click.echo(plain(sentence), err=True)
        return
    if new and days:
        logs.log_event("reading back", sources=" ".join(new), since=day_of(at - days * DAY))
    for first in firsts:
        logs.log_event(
            "first issue", publication=first.publication, day=first.day, at=_local(first.at, zones[first.publication])
        )


def sentences(
    sources: Sequence[str], new: Sequence[str], days: int, firsts: Sequence[FirstIssue], zones: dict[str, str], at: int
) -> Iterator[str]:
    """What is said to people. `new`: what is read for the first time; `days`: from before now that are read too."""
    yield f"Reading {', '.join(sources)}, until stopped (Ctrl-C)."
    if new and days:
        whose = "" if len(new) == len(sources) else f" of {', '.join(new)}"
        yield f"First what was said{whose} since {day_of(at - days * DAY)}, as far back as each network remembers."
    for first in firsts:
        when = _local(first.at, zones[first.publication])
        soon = "as soon as that is read" if first.at <= at else f"on {when}"
        yield f"The first issue of {first.publication}, that of {first.day}, appears {soon}."
    yield "How it is going: `hotpapers status`, in another window."


def _local(at: int, zone: str) -> str:
    """`Monday 2026-11-23 at 08:00 Europe/Zurich`."""
    return f"{datetime.datetime.fromtimestamp(at / 1e6, ZoneInfo(zone)):%A %Y-%m-%d at %H:%M} {zone}"


def _is_read_by_people(home: common.CommandContext) -> bool:
    return home.settings.run.log == "text" and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress(home: common.CommandContext, jobs: Sequence[str], stop: threading.Event) -> Iterator[None]:
    """As long as it is read what was said before: on a terminal a bar of how many jobs have done so, elsewhere an event
    for each that has."""
    ended = threading.Event()
    display = threading.Thread(target=_show, args=(home, jobs, stop, ended), daemon=True)
    display.start()
    try:
        yield
    finally:
        ended.set()
        display.join()


def _show(home: common.CommandContext, jobs: Sequence[str], stop: threading.Event, ended: threading.Event) -> None:
    with suppress(StoreError), Record(home.store) as record:
        left = read_back_of(record, jobs, now())
        with bar("reading back", len(left) if _is_read_by_people(home) else 0) as step:
            while left and not (stop.is_set() or ended.wait(LOOK)):
                before, left = left, read_back_of(record, jobs, now())
                step(len(before) - len(left))
                for job in [] if _is_read_by_people(home) else before:
                    status = jobs_queries.load_state(record, job)
                    if job not in left and status.back_to is not None and status.back_at is not None:
                        logs.log_event("read back", job=job, since=day_of(status.back_to), items=status.items)

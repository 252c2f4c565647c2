"""Plays a change of a platform on a site that reads it, and says what went wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from hotpapers.base.model import HOUR
from tests.cli.run import run
from tests.loopback.direct_client import Change
from tests.loopback.faults import Plan
from tests.loopback.one_network import BEGIN, Site, running_site


class Drift(NamedTuple):
    """A change of a platform. `change`: what it does to answers; `says`: words of `hotpapers status` about the cause,
    none if everything can still be read; `step`: words of what it says to do. `counts`: only recounts notice.

    `hours`: how long it lasts; `shows_after`: how many hours pass until a round meets it. `lost`: what came meanwhile
    can never be read without an upgrade; `blind`: nor can papers that are named only in this form.
    """

    name: str
    network: str
    change: Change
    says: str = ""
    step: str = ""
    counts: bool = False
    hours: int = 12
    shows_after: int = 0
    lost: bool = False
    blind: str = ""

    @property
    def job(self) -> str:
        return self.network.split()[0] + ("/counts" if self.counts else "")


def play(drift: Drift, folder: Path) -> list[str]:
    """What is wrong: in the first round after the change, while it lasts, and nine hours after it was undone."""
    with running_site(drift.network, folder, Plan()) as site:
        site.blind = drift.blind
        site.run(BEGIN)
        problems = [f"before: {text}" for text in _faults(site)]
        site.change = drift.change
        site.run(BEGIN + (drift.shows_after or 1) * HOUR)
        problems += [f"first round: {text}" for text in (*_faults(site), *_untold(drift, _line(drift, folder, site)))]
        site.run(BEGIN + drift.hours * HOUR)
        problems += [f"meanwhile: {text}" for text in (*_faults(site), *_untold(drift, _line(drift, folder, site)))]
        site.change = None
        site.run(BEGIN + (drift.hours + 9) * HOUR)
        missing = () if drift.lost else _never_read(site)
        problems += [f"afterwards: {text}" for text in (*_faults(site), *missing, *_still_told(drift, folder, site))]
    return problems


def _faults(site: Site) -> Iterator[str]:
    """What may never be."""
    falsely_complete = [key for key, message in site.missing().items() if site.complete(message.at)]
    if falsely_complete:
        yield f"{len(falsely_complete)} posts missing under complete"
    if tagged := [post for post in site.known().values() if "</" in post.text]:
        yield f"{len(tagged)} posts with tags"
    for name, keys in (("gone", site.wrongly_gone()), ("misdated", site.misdated()), ("miscounted", site.miscounted())):
        if keys:
            yield f"{len(keys)} posts {name}"


def _never_read(site: Site) -> Iterator[str]:
    if missing := site.missing():
        yield f"{len(missing)} posts missing"


def _line(drift: Drift, folder: Path, site: Site) -> str:
    """What status says of the job, and of what to do."""
    with patch.object(time, "time_ns", lambda: site.clock.now() * 1000):
        lines = run("status", "--store", folder / "hotpapers.db").out.splitlines()
    starts = [number for number, line in enumerate(lines) if f" {drift.job} " in line or line.startswith("arxiv ")]
    return " ".join(line for start in starts for line in lines[start : start + 2])


def _untold(drift: Drift, line: str) -> Iterator[str]:
    if drift.says and drift.says not in line:
        yield f"status does not say {drift.says!r}: {line}"
    if drift.says and f"to do: {drift.step}" not in line:
        yield f"status does not say {drift.step!r}: {line}"
    if not drift.says and "to do:" in line:
        yield f"status complains: {line}"


def _still_told(drift: Drift, folder: Path, site: Site) -> Iterator[str]:
    if "to do:" in (line := _line(drift, folder, site)):
        yield f"status still says: {line}"

"""Two sites read one loopback internet with faults: one from streams, the other by polling and starting hours later.

Both are the whole program in simulated time (see `tests.years`), each with its own store. They read networks at
different moments: one on the hour, the other every 47 minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from hotpapers.base import logs
from hotpapers.base.model import DAY, HOUR
from hotpapers.record import Record
from lab.comparison.extract import Period, extract_lines
from lab.comparison.facts import CollectorFacts, decode_file, read_facts
from lab.comparison.lines import encode_line
from lab.comparison.shared_key import SharedKey
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Fault, fault
from tests.loopback.script import MINUTE
from tests.loopback.settings import settings_toml
from tests.loopback.world import World as Script
from tests.years.fault_plan import DOWN, HARMLESS, HOSTS, LIST_PATHS, WAITING, WAITS, DailyFaultPlan
from tests.years.program import Environment, RoundingClient, run_program, simulated_time
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline

CHATTER = 55
"""Seconds between irrelevant messages: see `tests.years`."""
LATER = 8 * HOUR + 25 * MINUTE
"""How much later the second site starts."""


class Week(NamedTuple):
    """What the two sites live through: `days` with so many `faults`. The internet's history is 10 days longer."""

    seed: int = 5
    start: str = "2026-03-09T03:00"
    days: int = 7
    papers: int = 30
    faults: int = 200

    @property
    def begins(self) -> int:
        """When the first site starts, µs UTC."""
        return moment(self.start)

    @property
    def ends(self) -> int:
        """When both end."""
        return self.begins + self.days * DAY

    def script(self) -> Script:
        """What happens on the networks."""
        return Script(self.seed, "2026-02-27", papers=self.papers, post_rate=2.0, chatter=CHATTER)


def faults(week: Week) -> Iterator[Fault]:
    """Faults at single hosts, each from 5 minutes to 6 hours long; no lies that cannot be detected."""
    rng = Random(f"{week.seed} comparison")
    hosts = [host for group in HOSTS.values() for host in group] + ["reddit", "x"]
    for _ in range(week.faults):
        start = week.begins + rng.randrange(week.days * 24 * 60) * MINUTE
        yield _fault(rng, rng.choice(hosts), start, start + min(round(rng.expovariate(1 / 50)) + 5, 360) * MINUTE)


def _fault(rng: Random, host: str, start: int, end: int) -> Fault:
    chance = rng.random()
    if chance < 0.15 and host in LIST_PATHS:
        return fault(
            LIST_PATHS[host], rng.choice(("empty", "replayed")), start, min(end, start + 55 * MINUTE), value=3600.0
        )
    if chance < 0.3:
        return fault(host, rng.choice(HARMLESS), start, end)
    if chance < 0.45:
        return fault(host, rng.choice(WAITING), start, end, value=float(rng.choice(WAITS)))
    return fault(host, rng.choice(DOWN), start, end)


class OddHours(Environment):
    """An environment in which jobs run every 47 minutes instead of every hour."""

    def client(self) -> RoundingClient:
        """A new client for a job."""
        client = super().client()
        client.round_interval = 47 * MINUTE
        return client


def run_week(week: Week, folder: Path, *, streams: bool) -> Path:
    """The store of a site that lived through the week: on streams from the start, or by polling and starting later."""
    folder.mkdir(parents=True, exist_ok=True)
    script = week.script()
    start = week.begins if streams else week.begins + LATER
    timeline = Timeline(start)
    settings = settings_file(folder, script, streams=streams)
    kind = Environment if streams else OddHours
    environment = kind(
        settings, script, DailyFaultPlan(faults(week)), timeline, StoreFailures(timeline.now, (), ()), reads_back=True
    )
    with simulated_time(environment), (folder / "log.txt").open("w") as log:
        logs.start_logging("text", log)
        run_program(environment, week.ends)
    return Path(environment.context.store)


def settings_file(folder: Path, script: Script, *, streams: bool) -> Path:
    """Default settings with the loopback's addresses, and with streams where networks have them."""
    text = settings_toml(DirectClient(script, SteppedClock(0)).bases)
    for comment in ("mode", "streaming") if streams else ():
        assert f"# {comment} = " in text
        text = text.replace(f"# {comment} = ", f"{comment} = ")
    file = folder / "hotpapers.toml"
    file.write_text(text)
    return file


KEY = SharedKey(b"agreed upon by both operators...")


def facts_of(store: Path, week: Week) -> CollectorFacts:
    """What a site knows of the week, read from its comparison file."""
    with Record(str(store), create=False) as record:
        lines = extract_lines(record, Period(week.begins - DAY, week.ends), KEY)
        return read_facts(decode_file(map(encode_line, lines), store.name), store.name)

"""Play sites: the whole program in simulated time, as its calendar says, and what readers got of it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.base import logs
from hotpapers.base.model import HOUR
from hotpapers.site.site import Site as HotPapers
from hotpapers.wings.mail import subscribers, tokens
from tests import postgres
from tests.cli.run import run
from tests.loopback.faults import Plan, parse
from tests.sites.calendars import Period, Site, Story
from tests.sites.hosting import runs_between, scheduled_run
from tests.sites.neighbors import Announced, Witness, hosts_around
from tests.wings.mail.server import Box, serving
from tests.years.program import Environment, run_programs, simulated_time
from tests.years.simulation import next_at
from tests.years.store_failures import StoreFailures
from tests.years.timeline import Timeline

NOON = 12 * HOUR
"""When a site is looked at, UTC: after its jobs' rounds of that hour."""


class Sample(NamedTuple):
    """A look at a site. `addresses`: the files of the public folder. `statuses`: the texts of the pages /status/ by
    folder; `status`: what `hotpapers status` printed."""

    at: int
    addresses: frozenset[str]
    statuses: dict[str, str]
    status: str


class Played(NamedTuple):
    """A played site: its folder, store and world, the looks at it, and what was sent."""

    site: Site
    folder: Path
    store: str
    script: Story
    timeline: Timeline
    samples: list[Sample]
    mailbox: Box
    announced: list[Announced]
    witness: Witness | None
    log_file: Path

    @property
    def public(self) -> Path:
        """What readers see."""
        return self.folder / "public"

    @property
    def log(self) -> str:
        """The program's log."""
        return self.log_file.read_text("utf-8")


@contextmanager
def played(sites: Sequence[Site], folder: Path) -> Iterator[list[Played]]:
    """Play sites side by side, each in a folder of its name; inside the context the clock stands at their end. They
    share a world, and their periods begin and end together."""
    log_file = folder / f"{sites[0].name}.log"
    folder.mkdir(parents=True, exist_ok=True)
    suspended = [span for period in sites[0].periods for span in period.suspended]
    timeline, script = Timeline(sites[0].periods[0].start, suspended), sites[0].world()
    with ExitStack() as stack:
        results = [_set_up(site, folder / site.name, (timeline, script, log_file), stack) for site in sites]
        log = stack.enter_context(log_file.open("w", encoding="utf-8"))
        stack.enter_context(simulated_time(environments_of(results, 0)[0]))
        logs.start_logging("text", log)
        for number in range(len(sites[0].periods)):
            _play_period(results, number)
        log.flush()
        yield results


def _set_up(site: Site, folder: Path, shared: tuple[Timeline, Story, Path], stack: ExitStack) -> Played:
    folder.mkdir(parents=True, exist_ok=True)
    timeline, script, log_file = shared
    store = str(folder / "hotpapers.db")
    if site.postgres:
        server = stack.enter_context(postgres.server(None))
        store = stack.enter_context(postgres.database_on(server))
    witness = None
    if site.logged:
        witness = Witness(folder, site.base, site.logged)
    return Played(site, folder, store, script, timeline, [], stack.enter_context(serving()), [], witness, log_file)


def environments_of(results: Sequence[Played], number: int) -> list[Environment]:
    """Write the settings of a period. What the programs run with, site by site."""
    public = {urlsplit(played.site.base).netloc: played.public / "site" for played in results if played.site.base}
    environments = []
    for played in results:
        period = played.site.periods[number]
        _write_settings(played, period)
        timeline, failures = played.timeline, StoreFailures(played.timeline.now, (), ())
        others = hosts_around(public, played.announced, next((p.witness for p in results if p.witness), None))
        for process in range(period.processes):
            environments.append(
                Environment(
                    played.folder / "hotpapers.toml", played.script, Plan(map(parse, played.site.faults)), timeline,
                    failures, True, others,
                    f"{played.site.name} {process}",
                )
            )  # fmt: skip
    return environments


def _write_settings(played: Played, period: Period) -> None:
    store = "hotpapers.db" if period.every else played.store
    policy = played.witness.policy if played.witness else ""
    text = Template(period.settings).substitute(store=store, port=played.mailbox.port, policy=policy)
    file = played.folder / "hotpapers.toml"
    if not file.exists() or file.read_text("utf-8") != text:
        file.write_text(text, "utf-8")


def _play_period(results: Sequence[Played], number: int) -> None:
    period, timeline = results[0].site.periods[number], results[0].timeline
    environments = environments_of(results, number)
    timeline.to_start(period.start)
    if not number:
        for played in results:
            _subscribe(played)
    if period.every:
        _run_on_schedule(results[0], period, environments[0])
        return

    def look() -> None:
        for played in results:
            played.samples.append(sample(played))

    def look_at_noon(environment: Environment) -> None:
        while True:
            timeline.to(next_at(timeline.now(), NOON) + 1_000_000)
            if timeline.now() >= timeline.until:
                return
            look()

    run_programs(environments, period.end, [look_at_noon])
    look()


def _run_on_schedule(played: Played, period: Period, environment: Environment) -> None:
    """Single runs on a host without a disk, whose store in the end becomes the site's."""
    host = played.folder / "host"
    host.mkdir()
    for at in runs_between(period.start, period.end, period.every):
        played.timeline.to_start(at)
        text = scheduled_run(environment, host, played.public / "site")
        with played.log_file.open("a", encoding="utf-8") as log:
            log.write(text)
        played.samples.append(sample(played))
    shutil.copy(host / "checkout" / "hotpapers.db", played.store)


def _subscribe(played: Played) -> None:
    """Nine or three hundred readers who confirmed before the first issue."""
    if not played.site.readers:
        return
    context, at = HotPapers.open(played.folder / "hotpapers.toml"), played.timeline.now()
    name = context.own_publications[0]
    with context.opened(create=True, publications=True) as record:
        for n in range(played.site.readers):
            subscriber = subscribers.ask(record, name, f"reader{n}@moth{n % 5}.example", at)
            assert subscriber is not None
            subscribers.confirm(record, tokens.MailToken("confirm", subscriber.mark, subscriber.since // 1_000_000), at)


def sample(played: Played) -> Sample:
    """What readers and the owner see now."""
    public = played.public
    addresses = frozenset(str(file.relative_to(public)) for file in public.rglob("*") if file.is_file())
    pages = [address for address in addresses if re.search(r"(^|/)status/index\.html$", address)]
    statuses = {address.removesuffix("status/index.html"): (public / address).read_text("utf-8") for address in pages}
    status = "" if played.site.every else run("status", "--config", played.folder / "hotpapers.toml").out
    return Sample(played.timeline.now(), addresses, statuses, status)

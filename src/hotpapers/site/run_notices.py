"""The notices of `run`: what it reads and since when, when issues come, what a late one waits for, what is missing.

While it works, each watch compares the store, or the settings, with its last look, and yields the news.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from hotpapers.base.errors import StoreError, UsageError
from hotpapers.base.model import DAY
from hotpapers.base.settings import Settings, is_placeholder
from hotpapers.base.text.timestamps import day_of
from hotpapers.collect.job_factory import obsolete_settings
from hotpapers.discussion.moderation.quotation_policy import save_blocklist
from hotpapers.issues.freeze import publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import COUNTS, JobState, seems_offline, state_of
from hotpapers.publish.schedule.due import (
    ExpectedIssue,
    first_issues,
    is_skipped,
    next_issues,
    still_reading_back,
)
from hotpapers.record import Record, current_time
from hotpapers.site.configured_site import ConfiguredSite, RunNotice, Watch
from hotpapers.site.site_jobs import settings_checks

NO_CONTACT = 'no contact is set: networks and readers cannot reach you; write contact = "…"'

PLACEHOLDER = "the contact {} is a placeholder: networks and readers cannot reach you; write your own"


def start_notices(
    record: Record, site: ConfiguredSite, sources: Sequence[str], read_names: Sequence[str], at: int
) -> tuple[list[RunNotice], list[ExpectedIssue]]:
    """The notices at the start, and the next issues that they announce. `sources`: those being read; `read_names`: the
    same with followed sites."""
    names = site.own_publications
    new = [name for name in sources if jobs_queries.load_state(record, name).started_at is None]
    issue_days = {name: frozen_days(record, name) for name in names}
    if new:
        publications = [publication_of(record, name) for name in names]
        firsts = list(first_issues(publications, issue_days, at))
    else:
        firsts = []
    first_names = {first.publication for first in firsts}
    following = list(next_issues(record, names, at))
    announced = [
        *reading_notices(read_names, new, site.settings.run.read_back, at),
        *(
            RunNotice(
                "proxy", {"address": proxy.origin, "from": proxy.named}, f"Asking through {proxy} ({proxy.named})."
            )
            for proxy in site.proxies.distinct
        ),
        *first_notices(firsts, time_zones(site), at),
        *next_notices([issue for issue in following if issue.publication not in first_names], time_zones(site), at),
        *contact_notices(site.settings.contact.strip(), site.file),
        *(
            RunNotice("obsolete setting", {"key": key}, f"{site.file}: {key} is ignored: it can be deleted.")
            for key in obsolete_settings(site.settings.source)
        ),
        RunNotice("", {}, "To see how it is going, run `hotpapers status` in another window."),
    ]
    return announced, following


def contact_notices(contact: str, file: Path) -> Iterator[RunNotice]:
    """That nobody can reach the operator."""
    if contact and not is_placeholder(contact):
        return
    problem = PLACEHOLDER.format(contact) if contact else NO_CONTACT
    yield RunNotice("no contact", {"reason": problem}, f"{problem[0].upper()}{problem[1:]} in {file}.")


def reading_notices(sources: Sequence[str], new: Sequence[str], days: int, at: int) -> Iterator[RunNotice]:
    """Yields notices about the networks being read. `new`: sources read for the first time; `days`: how many past days
    to read back."""
    yield RunNotice("", {}, f"Reading {', '.join(sources)} until stopped (Ctrl-C).")
    if new and days:
        since = day_of(at - days * DAY)
        if len(new) == len(sources):
            origin = ""
        else:
            origin = f" from {', '.join(new)}"
        sentence = f"First, it reads back posts{origin} since {since}, as far as each network allows."
        yield RunNotice("reading back", {"sources": " ".join(new), "since": since}, sentence)


def first_notices(firsts: Sequence[ExpectedIssue], zone_of: dict[str, str], at: int) -> Iterator[RunNotice]:
    """When the first issues of new publications appear."""
    for first in firsts:
        moment = local_time(first.at, zone_of[first.publication])
        when = "as soon as that is done" if first.at <= at else f"on {moment}"
        fields = {"publication": first.publication, "day": first.day, "when": moment}
        yield RunNotice(
            "first issue",
            fields,
            f"The first issue of {first.publication}, for {first.day}, appears {when}.",
        )


# ---- the next issues ---------------------------------------------------------------------------------------


BETWEEN_LOOKS = 10_000_000
"""Microseconds between two looks."""


def time_zones(site: ConfiguredSite) -> dict[str, str]:
    """The time zone of each publication in the settings."""
    return {publication.name: publication.zone for publication in site.settings.publication}


def common_zone(site: ConfiguredSite) -> str:
    """The time zone of all publications, for moments that concern no single one; UTC if they differ."""
    different = set(time_zones(site).values())
    return different.pop() if len(different) == 1 else "UTC"


def local_time(at: int, zone: str) -> str:
    """`Monday 2026-11-23 at 08:00 Europe/Zurich`."""
    moment = datetime.datetime.fromtimestamp(at / 1e6, ZoneInfo(zone))
    return f"{moment:%A %Y-%m-%d at %H:%M} {zone}"


def next_sentence(following: ExpectedIssue, zone: str, at: int) -> str:
    """A sentence about a publication's next issue. `at`: now, µs UTC."""
    moment = local_time(following.at, zone)
    if following.at > at:
        return f"The next issue of {following.publication}, for {following.day}, comes on {moment}."
    return f"The issue of {following.publication} for {following.day} closed on {moment}, and {_state(following)}."


def _state(late: ExpectedIssue) -> str:
    """The state of an issue that closed, as a predicate: what it waits for, or why it has not appeared."""
    if late.waits_for:
        return f"waits for {late.waits_for}"
    return f"has not appeared: {late.failure}" if late.failure else "is due"


def next_notices(following: Sequence[ExpectedIssue], zone_of: Mapping[str, str], at: int) -> Iterator[RunNotice]:
    """Yields notices about the next issues: those that wait for something or failed, and those that have not closed."""
    for issue in following:
        zone = zone_of.get(issue.publication, "UTC")
        fields = {"publication": issue.publication, "day": issue.day, "when": local_time(issue.at, zone)}
        if issue.at <= at and (reason := issue.waits_for or issue.failure):
            yield RunNotice("issue waits", {**fields, "reason": reason}, next_sentence(issue, zone, at))
        elif issue.at > at:
            yield RunNotice("next issue", fields, next_sentence(issue, zone, at))


class NextIssueWatch:
    """The next issue of each publication: after one has appeared, or when one begins to wait for something else.
    `announced`: the next issues that people know of."""

    def __init__(self, site: ConfiguredSite, announced: Sequence[ExpectedIssue]) -> None:
        self._site = site
        self._announced = {issue.publication: _essence(issue) for issue in announced}
        self._looked_at = 0

    def look(self, record: Record, at: int) -> Iterator[RunNotice]:
        if 0 <= at - self._looked_at < BETWEEN_LOOKS:
            return
        self._looked_at = at
        for issue in next_issues(record, self._site.own_publications, at):
            if self._announced.get(issue.publication) != _essence(issue):
                self._announced[issue.publication] = _essence(issue)
                yield from next_notices([issue], time_zones(self._site), at)


def _essence(issue: ExpectedIssue) -> tuple[str, str]:
    """The part that must change for a new announcement: not that one of several networks has been waited for long
    enough."""
    return issue.day, (issue.waits_for or issue.failure).partition(":")[0]


# ---- while it works ----------------------------------------------------------------------------------


LOOK, LOOK_LATER = 1.0, 2.0
"""Seconds between two looks, while networks read back and afterwards."""


@contextmanager
def watch_events(
    site: ConfiguredSite, jobs: Sequence[str], more: Sequence[Watch], stop: threading.Event
) -> Iterator[None]:
    """Reports events, from another thread. `jobs`: those that read networks; `more`: further watches."""
    finished = threading.Event()
    own = ConfiguredSite(site.store)  # a connection belongs to a thread
    offline_watch = OfflineWatch(jobs, site.offline)
    watches: list[Watch] = [offline_watch, SettingsWatch(site), *more]

    def look(watches: Sequence[Watch]) -> None:
        """Reports news; nothing if the store cannot be read now, which is opened again for the next look."""
        try:
            for watch in watches:
                site.tell(watch.look(own.record, current_time()))
        except StoreError:
            own.close()

    def watch() -> None:
        reading = ReadingWatch(jobs)
        with own:
            look([reading])
            with site.progress("reading back", len(reading.jobs) if site.speak else 0) as step:
                reading.step = step
                while reading.jobs and not (stop.is_set() or finished.wait(LOOK)):
                    look([reading, *watches])
            while not (stop.is_set() or finished.wait(LOOK_LATER)):
                look(watches)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


class ReadingWatch:
    """The first reading of networks. `jobs`: those that still read back; `step`: advances the progress bar, only for
    jobs that have read back: one that gave up for now is reported instead."""

    def __init__(self, jobs: Sequence[str]) -> None:
        self.jobs = list(jobs)
        self.step: Callable[[int], None] = lambda _: None
        self._is_first = True

    def look(self, record: Record, at: int) -> Iterator[RunNotice]:
        earlier = self.jobs
        self.jobs = still_reading_back(record, self.jobs, at)
        if self._is_first:
            self._is_first = False
            return
        states = jobs_queries.all_states(record)
        ended = [job for job in earlier if job not in self.jobs]
        skipped = [job for job in ended if is_skipped(job, states, at)]
        self.step(len(ended) - len(skipped))
        for job in ended:
            state = state_of(states, job) or JobState(source=job)
            if job in skipped:
                if not job.endswith(COUNTS):
                    sentence = f"{job} could not be read back yet and is tried again: {state.reason}"
                    yield RunNotice("not read back", {"job": job, "reason": state.reason}, sentence)
            elif state.back_to is not None and state.back_at is not None:
                yield RunNotice("read back", {"job": job, "since": day_of(state.back_to), "items": state.items})


class OfflineWatch:
    """Whether any network can be reached. `jobs`: those that read networks; `offline`: the message if none can."""

    def __init__(self, jobs: Sequence[str], offline: str) -> None:
        self._offline = offline
        self._readers = [job for job in jobs if not job.endswith(COUNTS)]
        self._is_offline = False

    def look(self, record: Record, at: int) -> Iterator[RunNotice]:
        states = jobs_queries.all_states(record)
        if not self._is_offline and seems_offline(self._readers, states):
            self._is_offline = True
            first_letter = self._offline[0].upper()
            sentence = f"{first_letter}{self._offline[1:]}. The networks are asked again until they answer."
            yield RunNotice("offline", {"reason": self._offline}, sentence)
        elif self._is_offline and any(s.source in self._readers and s.failing_since is None for s in states):
            self._is_offline = False
            yield RunNotice("online", {}, "A network answers again.")


class SettingsWatch:
    """The settings file: changes in it are applied where that is safe; others take a restart."""

    def __init__(self, site: ConfiguredSite) -> None:
        self._site = site
        self._applied = site
        self._digest = self._last_digest = _digest(site)
        self._restart: list[str] = []

    def look(self, record: Record, at: int) -> Iterator[RunNotice]:
        digest = _digest(self._site)
        before = self._last_digest
        self._last_digest = digest
        if digest is None or digest == self._digest or digest != before:  # missing, unchanged, or still being written
            return
        self._digest = digest
        try:
            changed = type(self._site).open(self._site.file, self._site.store)
            for check in settings_checks(changed):
                check()
        except UsageError as problem:
            sentence = f"The settings have changed, but cannot be used: {problem}. Those before still apply."
            yield RunNotice("settings not usable", {"reason": problem}, sentence)
            return
        applied, restart = changed_keys(self._applied.settings, changed.settings)
        if applied:
            self._applied = apply_changes(record, self._applied, changed)
            keys = ", ".join(applied)
            yield RunNotice("settings applied", {"keys": keys}, f"The settings have changed. Applied: {keys}.")
        if restart and restart != self._restart:
            keys = ", ".join(restart)
            yield RunNotice("restart to apply", {"keys": keys}, f"The settings have changed. Restart to apply: {keys}.")
        self._restart = restart


def _digest(site: ConfiguredSite) -> bytes | None:
    """The SHA-256 of the settings file. Returns None if it cannot be read, so that a file that is being replaced
    changes nothing."""
    try:
        return hashlib.sha256(site.file.read_bytes()).digest()
    except OSError:
        return None


# ---- changed settings: which can be applied at once, and which take a restart ------------------------------

# Applied at once is what every round reads from the store: the facts of publications that it already works for, and the
# blocklist of quotations. All else was handed to jobs when they were made.

RESTART = frozenset(("output", "base", "window"))
"""Settings of a publication that jobs were made with."""


def changed_keys(running: Settings, changed: Settings) -> tuple[list[str], list[str]]:
    """The keys that differ: those that can be applied immediately, and those that take a restart."""
    at_once = list[str]()
    restart = list[str]()
    old, new = ({table.name: table for table in settings.publication} for settings in (running, changed))
    for name in {**old, **new}:
        if name not in old or name not in new:
            restart.append(f"publication {name}")
            continue
        for key in _differing(old[name], new[name]):
            (restart if key in RESTART else at_once).append(f"publication {name}: {key}")
    if [*old] != [*new] and {*old} == {*new}:
        restart.append("the order of publications")
    at_once += [f"quote.{key}" for key in _differing(running.quote, changed.quote)]
    networks = sorted({*running.source, *changed.source})
    restart += [f"source.{name}" for name in networks if running.source.get(name) != changed.source.get(name)]
    for key in _differing(running, changed):
        tables = getattr(running, key), getattr(changed, key)
        if isinstance(tables[0], msgspec.Struct) and key != "quote":
            restart += [f"{key}.{part}" for part in _differing(*tables)]
        elif key not in ("publication", "quote", "source"):
            restart.append(key)
    return at_once, restart


def _differing(old: msgspec.Struct, new: msgspec.Struct) -> Iterator[str]:
    return (key for key in old.__struct_fields__ if getattr(old, key) != getattr(new, key))


def apply_changes(record: Record, running: ConfiguredSite, changed: ConfiguredSite) -> ConfiguredSite:
    """Saves the changes that can be applied immediately, and returns the context with them."""
    new = {table.name: table for table in changed.settings.publication}
    tables = tuple(
        msgspec.structs.replace(new.get(table.name, table), **{key: getattr(table, key) for key in RESTART})
        for table in running.settings.publication
    )
    settings = msgspec.structs.replace(running.settings, publication=tables, quote=changed.settings.quote)
    merged = running.with_settings(settings)
    save_blocklist(record.database, merged.blocklist)
    merged.save_publications(record)
    return merged

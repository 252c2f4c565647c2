"""What `run` tells while it works. Each watch compares the store, or the settings, with what it saw last, and yields
what is new."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec

from hotpapers.base.errors import StoreError, UsageError
from hotpapers.base.ids.timestamps import day_of
from hotpapers.base.settings import Settings
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.collect.jobs.job_state import COUNTS, JobState, seems_offline, state_of
from hotpapers.issues.moderation.blocklist import save_blocklist
from hotpapers.publish.schedule.due import is_skipped, still_reading_back
from hotpapers.record import Record, now
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.notices import OFFLINE, Notice, Watch
from hotpapers.site.site_jobs import settings_checks

LOOK, LOOK_LATER = 1.0, 2.0
"""Seconds between two looks, while networks read back and afterwards."""


@contextmanager
def watching(site: ConfiguredSite, jobs: Sequence[str], more: Sequence[Watch], stop: threading.Event) -> Iterator[None]:
    """Tells what happens, from another thread. `jobs`: those that read networks; `more`: further watches."""
    finished = threading.Event()
    watches: list[Watch] = [OfflineWatch(jobs), SettingsWatch(site), *more]
    thread = threading.Thread(target=_watch, args=(site, jobs, watches, stop, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _watch(
    site: ConfiguredSite,
    jobs: Sequence[str],
    watches: Sequence[Watch],
    stop: threading.Event,
    finished: threading.Event,
) -> None:
    reading = ReadingWatch(jobs)
    with ConfiguredSite(site.store) as own:  # a connection belongs to a thread
        look = partial(_look, site, own)
        look([reading])
        with site.progress("reading back", len(reading.jobs) if site.speak else 0) as step:
            reading.step = step
            while reading.jobs and not (stop.is_set() or finished.wait(LOOK)):
                look([reading, *watches])
        while not (stop.is_set() or finished.wait(LOOK_LATER)):
            look(watches)


def _look(site: ConfiguredSite, own: ConfiguredSite, watches: Sequence[Watch]) -> None:
    """Tells what is new; nothing if the store cannot be read now, which is opened again for the next look."""
    try:
        for watch in watches:
            site.tell(watch.look(own.record, now()))
    except StoreError:
        own.close()


class ReadingWatch:
    """The first reading of networks. `jobs`: those that still read back; `step`: advances the progress bar, only for
    jobs that have read back: one that gave up for now is told instead."""

    def __init__(self, jobs: Sequence[str]) -> None:
        self.jobs = list(jobs)
        self.step: Callable[[int], None] = lambda _: None
        self._is_first = True

    def look(self, record: Record, at: int) -> Iterator[Notice]:
        earlier, self.jobs = self.jobs, still_reading_back(record, self.jobs, at)
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
                    yield _not_read_back(state)
            elif state.back_to is not None and state.back_at is not None:
                yield Notice("read back", {"job": job, "since": day_of(state.back_to), "items": state.items})


def _not_read_back(state: JobState) -> Notice:
    return Notice(
        "not read back",
        {"job": state.source, "reason": state.reason},
        f"{state.source} could not be read back yet and is tried again: {state.reason}",
    )


class OfflineWatch:
    """Whether any network can be reached. `jobs`: those that read networks."""

    def __init__(self, jobs: Sequence[str]) -> None:
        self._readers = [job for job in jobs if not job.endswith(COUNTS)]
        self._is_offline = False

    def look(self, record: Record, at: int) -> Iterator[Notice]:
        states = jobs_queries.all_states(record)
        if not self._is_offline and seems_offline(self._readers, states):
            self._is_offline = True
            sentence = f"{OFFLINE[0].upper()}{OFFLINE[1:]}. The networks are asked again until they answer."
            yield Notice("offline", {"reason": OFFLINE}, sentence)
        elif self._is_offline and any(s.source in self._readers and s.failing_since is None for s in states):
            self._is_offline = False
            yield Notice("online", {}, "A network answers again.")


class SettingsWatch:
    """The settings file: what changes in it is applied where that is safe, else it takes a restart."""

    def __init__(self, site: ConfiguredSite) -> None:
        self._site, self._applied = site, site
        self._digest = self._last_digest = _digest(site)
        self._restart: list[str] = []

    def look(self, record: Record, at: int) -> Iterator[Notice]:
        digest, before = _digest(self._site), self._last_digest
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
            yield Notice("settings not usable", {"reason": problem}, sentence)
        else:
            yield from self._changes(record, changed)

    def _changes(self, record: Record, changed: ConfiguredSite) -> Iterator[Notice]:
        applied, restart = changed_keys(self._applied.settings, changed.settings)
        if applied:
            self._applied = apply_changes(record, self._applied, changed)
            keys = ", ".join(applied)
            yield Notice("settings applied", {"keys": keys}, f"The settings have changed. Applied: {keys}.")
        if restart and restart != self._restart:
            keys = ", ".join(restart)
            yield Notice("restart to apply", {"keys": keys}, f"The settings have changed. Restart to apply: {keys}.")
        self._restart = restart


def _digest(site: ConfiguredSite) -> bytes | None:
    """What the settings file says; None without one, so that a file that is being replaced changes nothing."""
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
    """The keys that differ: those that can be applied at once, and those that take a restart."""
    at_once, restart = list[str](), list[str]()
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
    restart += [
        f"source.{network}"
        for network in sorted({*running.source, *changed.source})
        if running.source.get(network) != changed.source.get(network)
    ]
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
    """Saves what can be applied at once, and returns the context with it."""
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

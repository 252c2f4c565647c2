"""Trying every source, sender and folder of the settings: what each needs to work."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from hotpapers.base.errors import HotPapersError, NetError, NotFound, SettingsError, StoreError, UsageError
from hotpapers.base.http import ClientLimits, HostPacer
from hotpapers.base.model import TriableSender
from hotpapers.collect.job_factory import (
    ConfiguredSource,
    addresses,
    chosen_sources,
    secrets_of,
)
from hotpapers.collect.next_steps import KEYS
from hotpapers.collect.pace import PACE
from hotpapers.collect.source_check import SourceCheck, check_source, how_to_switch_on
from hotpapers.collect.sources import SOURCES
from hotpapers.issues.ranking.words import count_noun
from hotpapers.publish.deliver.export_site import check_folder_owner
from hotpapers.publish.schedule import SenderDestination
from hotpapers.record import Record
from hotpapers.record.database import without_password
from hotpapers.record.record import is_server, store_path
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.destinations import check_unmoved
from hotpapers.site.sending import SENDERS, client_opener
from hotpapers.site.site_jobs import issue_destinations, settings_checks

MAX_TRIAL_SECONDS = 90.0
"""Seconds after which sources that have not answered are given up."""
LIMITS = ClientLimits(connect=10, read=20, whole=40, tries=1, silence=5)
State = Literal["works", "partly", "needs", "fails", "untried", "off"]
BAD = ("needs", "fails")


class CheckedPart(NamedTuple):
    """A part of the settings. `finding`: what trying it showed; `next`: what to do, empty if nothing."""

    part: str
    state: State
    finding: str
    next: str = ""


def try_settings(file: Path | None, store: str | None) -> list[CheckedPart]:
    """Tries all parts of the settings in a file, as far as it can be read. Stores and sends nothing."""
    try:
        site = ConfiguredSite.open(file, store)
    except SettingsError as problem:
        step = "correct the file; `hotpapers docs settings` lists all"
        return [CheckedPart("settings", "fails", str(problem), step)]
    with _record(site) as record:
        return [*_settings(site), *_store(site), *_folders(site, record), *_sources(site), *_senders(site, record)]


# ---- settings and store --------------------------------------------------------------------------------


def _settings(site: ConfiguredSite) -> Iterator[CheckedPart]:
    if not site.has_settings:
        step = "`hotpapers init` creates a file" if not site.file.exists() else f"add --config {site.file}"
        yield CheckedPart("settings", "works", "the defaults; no publication", step)
        return
    problems = dict.fromkeys(filter(None, (_problem(check) for check in settings_checks(site))))
    for problem in problems:
        yield CheckedPart("settings", "needs", problem, "change the setting")
    if not problems:
        names = ", ".join(site.own_publications) or "no publication"
        step = "" if site.settings.contact else "set contact: networks and readers want to know whom to ask"
        yield CheckedPart("settings", "works", f"{site.file}: {names}", step)


def _problem(check: Callable[[], object]) -> str:
    """The error that a check raises; empty if it raises none."""
    try:
        check()
    except (UsageError, StoreError) as problem:
        return str(problem)
    return ""


def _store(site: ConfiguredSite) -> Iterator[CheckedPart]:
    where = without_password(site.store)
    try:
        with Record(site.store, create=False) as record:
            yield CheckedPart("store", "works", f"{where}: {count_noun(record.head.position, 'batch', 'batches')}")
    except NotFound as problem:
        if is_server(site.store):
            yield CheckedPart("store", "works", str(problem), "`hotpapers run` creates the tables")
        else:
            yield _written("store", store_path(site.store).parent, f"{where}: not created yet", "")
    except (StoreError, UsageError) as problem:
        yield CheckedPart("store", "fails", str(problem), "correct `store` in the settings, or start the server")


@contextmanager
def _record(site: ConfiguredSite) -> Iterator[Record]:
    """The store, or else an empty one."""
    try:
        record = Record(site.store, create=False)
    except (StoreError, UsageError):
        with tempfile.TemporaryDirectory() as folder, Record(str(Path(folder) / "empty.db")) as empty:
            yield empty
    else:
        with record:
            yield record


# ---- folders -------------------------------------------------------------------------------------------


def _folders(site: ConfiguredSite, record: Record) -> Iterator[CheckedPart]:
    try:
        destinations = issue_destinations(site)
    except SettingsError:
        return  # told with the settings
    for target in destinations:
        checks = (
            partial(check_unmoved, site, record, target.publication),
            partial(check_folder_owner, record, target.folder),
        )
        problem = next(filter(None, map(_problem, checks)), "")
        yield _written(f"{target.channel} of {target.publication}", target.folder, str(target.folder), problem)


def _written(part: str, folder: Path, finding: str, problem: str) -> CheckedPart:
    """Whether a file can be written to a folder, or to the one in which it will be created."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return CheckedPart(part, "fails", f"{there}: {error.strerror}", "let this user write there, or name another")
    return (
        CheckedPart(part, "needs", problem, "choose another folder") if problem else CheckedPart(part, "works", finding)
    )


# ---- sources -------------------------------------------------------------------------------------------


def _sources(site: ConfiguredSite) -> Iterator[CheckedPart]:
    """All of them, tried at the same time."""
    stop = threading.Event()
    timer = threading.Timer(MAX_TRIAL_SECONDS, stop.set)
    timer.start()
    try:
        with ThreadPoolExecutor(len(SOURCES)) as pool:
            yield from pool.map(partial(_source, site, HostPacer(), stop), SOURCES)
    finally:
        timer.cancel()


def _source(site: ConfiguredSite, pace: HostPacer, stop: threading.Event, name: str) -> CheckedPart:
    tables = {key: table for key, table in site.settings.source.items() if key == name}
    try:
        choices = chosen_sources(tables, (), str(site.file), site.terms)
    except SettingsError as problem:
        return CheckedPart(name, "needs", str(problem), f"`hotpapers docs sources/{name}`")
    choice = next((choice for choice in choices if choice.name == name), None)
    if choice is None:
        return CheckedPart(name, "off", f"to read it: {how_to_switch_on(name)}")
    client = site.http(
        tuple(addresses(choice.settings)),
        pace=PACE,
        reserve=pace,
        stop=stop,
        limits=LIMITS,
        secrets=tuple(secrets_of(choice.settings)),
    )
    with closing(client):
        try:
            return _verdict(choice, check_source(choice, client))
        except HotPapersError as problem:
            return CheckedPart(name, "fails", str(problem), "try again later")


def _verdict(choice: ConfiguredSource, check: SourceCheck) -> CheckedPart:
    name = choice.name
    if check.is_metered:
        return CheckedPart(name, "untried", "has a token and a budget; not asked, since each answer costs money")
    entries = f": {count_noun(check.entries, 'entry', 'entries')}" if check.entries else ""
    answered = ", ".join(check.answered) + entries if check.answered else ""
    if not check.failed:
        return CheckedPart(name, "works", answered, _better_with(choice))
    others = [f"and {len(check.failed) - 1} more fail"] if len(check.failed) > 1 else []
    finding = "; ".join([next(iter(check.failed.values())), *others, *([f"works: {answered}"] if answered else [])])
    hint = f"check the address, or set the {KEYS[name]}" if name in KEYS else f"check the addresses in [source.{name}]"
    step = (
        hint
        if check.is_refused
        else f"check the addresses in [source.{name}]; if they are right, try again later, as `run` does"
    )
    return CheckedPart(name, "partly" if answered else "needs" if check.is_refused else "fails", finding, step)


def _better_with(choice: ConfiguredSource) -> str:
    if choice.name == "reddit" and not getattr(choice.settings, "client_id", ""):
        return "reads feeds, which have no counts; for counts, set client_id and client_secret in [source.reddit]"
    return ""


# ---- senders -------------------------------------------------------------------------------------------


def _senders(site: ConfiguredSite, record: Record) -> Iterator[CheckedPart]:
    open_client = client_opener(site, LIMITS)
    for channel, sender in SENDERS.items():
        try:
            for destination in sender.destinations(record, site, open_client):
                with closing(destination):
                    yield _sender(channel, destination)
        except (UsageError, StoreError) as problem:
            yield CheckedPart(channel, "needs", str(problem), f"`hotpapers docs wings/{channel}`")


def _sender(channel: str, destination: SenderDestination) -> CheckedPart:
    part = f"{channel} {destination.target}".rstrip()
    if not isinstance(destination.sender, TriableSender):
        step = f"`hotpapers publish --to {channel}` sends the latest issue"
        return CheckedPart(part, "untried", "only a message would show whether it arrives", step)
    try:
        return CheckedPart(part, "works", f"{destination.sender.try_out(destination.http)}; nothing was sent")
    except NetError as problem:
        return CheckedPart(
            part, "fails", str(problem), f"correct address or password; `hotpapers docs wings/{channel}`"
        )

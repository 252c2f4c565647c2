"""Tries every source, sender and folder of the settings, and reports missing settings and access."""

from __future__ import annotations

import re
import shlex
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from hotpapers.base.errors import HotPapersError, NetError, NotFound, SettingsError, StoreError, UsageError
from hotpapers.base.http import ClientLimits, HostPacer
from hotpapers.base.http.redact_errors import HIDDEN
from hotpapers.base.http.retry_policy import plain_reason
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import HttpClient
from hotpapers.base.networks import paper_servers, row_of
from hotpapers.base.settings import is_placeholder
from hotpapers.base.text.words import count_noun
from hotpapers.base.wings import load_object
from hotpapers.collect.job_factory import (
    ConfiguredSource,
    chosen_sources,
    configured_addresses,
    how_to_switch_on,
    secrets_of,
    site_pace,
)
from hotpapers.collect.sources import SOURCES
from hotpapers.publish.deliver.export_site import check_folder_owner
from hotpapers.publish.deliver.files import check_writable
from hotpapers.publish.deliver.send import SenderDestination
from hotpapers.record import Record
from hotpapers.record.database import without_password
from hotpapers.record.record import is_server, store_path
from hotpapers.site import publication_changes
from hotpapers.site.configured_site import ConfiguredSite
from hotpapers.site.hooks import StatusCheck, Trials
from hotpapers.site.publishing import check_unmoved
from hotpapers.site.sending import SENDERS, client_opener
from hotpapers.site.site_jobs import issue_destinations, settings_checks
from hotpapers.wings.check.source_check import SourceCheck, check_source

MAX_TRIAL_SECONDS = 90.0
"""Seconds after which sources that have not answered are given up."""
LIMITS = ClientLimits(connect=10, read=20, whole=40, tries=1, silence=5)
UNREACHED = "not reached: see network"
ONLINE_STEP = "connect this machine to the internet, or name your network's proxy: `hotpapers docs proxies`"
State = Literal["works", "partly", "needs", "fails", "untried", "off"]
BAD = ("needs", "fails")
REDDITS_COUNTS = "reads feeds, which have no counts; for counts, set client_id and client_secret in [source.reddit]"
_OF_EXTRA = re.compile(r"^([\w.-]++).*extra == ['\"]([\w-]+)", re.MULTILINE)


@runtime_checkable
class TriableSender(Protocol):
    """A sender that can try its target without sending anything."""

    def try_out(self, http: HttpClient) -> str:
        """Connects, and signs in if the target wants that; what was found, in a few words. Raises RetryLater,
        RequestRefused, NetError."""


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
        return [CheckedPart("settings", "fails", mistake, step) for mistake in problem.mistakes]
    with _record(site) as record:
        return [
            *_settings(site, record),
            *_extras(),
            *_store(site),
            *_folders(site, record),
            *_proxies(site),
            *_sources(site),
            *_senders(site, record),
            *_others(site),
        ]


# ---- settings and store --------------------------------------------------------------------------------


def _settings(site: ConfiguredSite, record: Record) -> Iterator[CheckedPart]:
    if not site.has_settings:
        if not site.file.exists():
            step = "`hotpapers init` creates a file"
        else:
            step = f"add --config {shlex.quote(str(site.file))}"
        yield CheckedPart("settings", "needs", "a file with a publication; there are only defaults here", step)
        return
    of_wings = [_problem(partial(hook.check, site)) for hook in hooks_of(StatusCheck)]
    items = [] if _problem(site.publication_items) else site.publication_items()
    changes = publication_changes.publication_problems(site.file, record, site.settings.publication, items)
    problems = dict.fromkeys(filter(None, (*map(_problem, settings_checks(site)), *of_wings, *changes)))
    for problem in problems:
        yield CheckedPart("settings", "needs", problem, "change the setting")
    if not problems:
        names = ", ".join(site.own_publications) or "no publication"
        has_contact = site.settings.contact and not is_placeholder(site.settings.contact)
        step = "" if has_contact else "set contact to your own: networks and readers want to know whom to ask"
        yield CheckedPart("settings", "works", f"{site.file}: {names}", step)


def _problem(check: Callable[[], object]) -> str:
    """The error that a check raises; empty if it raises none."""
    try:
        check()
    except (UsageError, StoreError) as problem:
        return str(problem)
    return ""


def _extras() -> Iterator[CheckedPart]:
    """The optional packages that are installed; what needs one is tried, too."""
    packages: dict[str, list[str]] = {}
    with suppress(PackageNotFoundError):
        for package, extra in _OF_EXTRA.findall("\n".join(requires("hotpapers") or ())):
            packages.setdefault(extra, []).append(package)
    missing = [extra for extra, names in packages.items() if not all(map(_is_installed, names))]
    if packages:
        installed = ", ".join(extra for extra in packages if extra not in missing)
        finding = (installed or "none") + (f"; not installed: {', '.join(missing)}" if missing else "")
        yield CheckedPart("extras", "works" if installed else "off", finding)


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _store(site: ConfiguredSite) -> Iterator[CheckedPart]:
    where = without_password(site.store)
    try:
        with Record(site.store, create=False) as record:
            yield CheckedPart("store", "works", f"{where}: {count_noun(record.head.position, 'batch', 'batches')}")
    except NotFound:
        finding = f"{where}: no store there yet; `hotpapers run` creates it"
        if is_server(site.store):
            yield CheckedPart("store", "works", finding)
        else:
            yield _written("store", store_path(site.store).parent, finding, "")
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
        problem = _problem(partial(check_unmoved, site, record, target.publication)) or _problem(
            partial(check_folder_owner, record, target.folder)
        )
        label = f"{target.channel} of {target.publication}"
        yield _written(label, target.folder, str(target.folder), problem)


def _written(part: str, folder: Path, finding: str, problem: str) -> CheckedPart:
    """Whether a file can be written to a folder, or to the one in which it will be created."""
    try:
        check_writable(folder)
    except UsageError as error:
        finding, _, step = str(error).partition("; ")
        return CheckedPart(part, "fails", finding, step)
    return (
        CheckedPart(part, "needs", problem, "choose another folder") if problem else CheckedPart(part, "works", finding)
    )


# ---- proxies -------------------------------------------------------------------------------------------


def _proxies(site: ConfiguredSite) -> Iterator[CheckedPart]:
    """The proxies that networks are asked through, each connected to."""
    try:
        proxies = site.proxies.distinct
    except SettingsError:
        return  # told with the settings
    for proxy in proxies:
        address = (proxy.url.host, proxy.url.port or 0)
        try:
            with socket.create_connection(address, LIMITS.connect):
                yield CheckedPart("proxy", "works", f"{proxy.origin} answers; from {proxy.named}")
        except OSError as problem:
            finding = f"{proxy.origin}, from {proxy.named}: {plain_reason(problem)}"
            yield CheckedPart("proxy", "fails", finding, f"start the proxy, or correct {proxy.named}")


# ---- sources -------------------------------------------------------------------------------------------


def _sources(site: ConfiguredSite) -> Iterator[CheckedPart]:
    """All of them, tried at the same time."""
    stop = threading.Event()
    timer = threading.Timer(MAX_TRIAL_SECONDS, stop.set)
    timer.start()
    try:
        names = [name for name in SOURCES if name in site.settings.source or name not in paper_servers()]
        with ThreadPoolExecutor(len(names)) as pool:
            trials = list(pool.map(partial(_source, site, HostPacer(), stop), names))
    finally:
        timer.cancel()
    are_unreached = [trial.is_unreached for trial in trials if trial.is_asked]
    is_offline = len(are_unreached) > 1 and all(are_unreached)
    if is_offline:  # said once, not for each source
        yield CheckedPart("network", "fails", site.offline, ONLINE_STEP if not site.proxies.distinct else "")
    for trial in trials:
        if is_offline and trial.is_unreached:
            yield trial.part._replace(finding=UNREACHED, next="")
        else:
            yield trial.part


class SourceTrial(NamedTuple):
    """`is_asked`: requests were sent; `is_unreached`: none reached a server."""

    part: CheckedPart
    is_asked: bool = False
    is_unreached: bool = False


def _source(site: ConfiguredSite, pace: HostPacer, stop: threading.Event, name: str) -> SourceTrial:
    sources = site.settings.source.items()
    tables = {key: table for key, table in sources if key == name}
    try:
        choices = chosen_sources(tables, (), str(site.file), site.terms)
    except SettingsError as problem:
        return SourceTrial(CheckedPart(name, "needs", str(problem), f"`hotpapers docs sources/{name}`"))
    if not (choice := next((choice for choice in choices if choice.name == name), None)):
        return SourceTrial(CheckedPart(name, "off", f"to read it: {how_to_switch_on(name)}"))
    with site.http(
        configured_addresses(choice.settings),
        pace=site_pace(),
        reserve=pace,
        stop=stop,
        limits=LIMITS,
        secrets=secrets_of(choice.settings),
    ) as client:
        try:
            check = check_source(choice, client)
        except HotPapersError as problem:
            return SourceTrial(CheckedPart(name, "fails", str(problem), "try again later"), is_asked=True)
    return SourceTrial(_verdict(choice, check), not check.is_metered, check.is_unreached)


def _verdict(choice: ConfiguredSource, check: SourceCheck) -> CheckedPart:
    name = choice.name
    if check.is_metered:
        return CheckedPart(name, "untried", "has a token and a budget; not asked, since each answer costs money")
    entries = f": {count_noun(check.entries, 'entry', 'entries')}" if check.entries else ""
    answered = ", ".join(check.answered) + entries if check.answered else ""
    if not check.failed:
        has_feeds_only = name == "reddit" and not getattr(choice.settings, "client_id", "")
        return CheckedPart(name, "works", answered, REDDITS_COUNTS if has_feeds_only else "")
    others = len(check.failed) - 1
    finding = next(iter(check.failed.values())) + (f"; and {others} more fail" if others else "")
    finding += f"; works: {answered}" if answered else ""
    step = f"check the addresses in [source.{name}]"
    if not check.is_refused:
        step += "; if they are right, try again later, as `run` does"
    elif key := row_of(name).key:
        step = f"check the address, or set the {key}"
    return CheckedPart(name, "partly" if answered else "needs" if check.is_refused else "fails", finding, step)


# ---- senders -------------------------------------------------------------------------------------------


def _senders(site: ConfiguredSite, record: Record) -> Iterator[CheckedPart]:
    open_client = client_opener(site, LIMITS)
    for channel, sender in SENDERS.items():
        page = sender.page or f"wings/{channel}"
        try:
            for destination in load_object(sender.destinations)(record, site, open_client):
                with closing(destination):
                    yield _sender(channel, page, destination)
        except (UsageError, StoreError) as problem:
            yield CheckedPart(channel, "needs", str(problem), f"`hotpapers docs {page}`")


def _sender(channel: str, page: str, destination: SenderDestination) -> CheckedPart:
    part = f"{channel} {destination.target}".rstrip()
    sender = destination.sender
    if isinstance(sender, TriableSender):
        return _tried(part, lambda: f"{sender.try_out(destination.http)}; nothing was sent", page)
    step = f"`hotpapers publish DATE --to {channel}` sends that day's issue"
    return CheckedPart(part, "untried", "only a message would show whether it arrives", step)


def _tried(part: str, try_out: Callable[[], str], page: str) -> CheckedPart:
    docs = f"`hotpapers docs {page}`"
    try:
        return CheckedPart(part, "works", try_out())
    except NetError as problem:
        finding = str(problem).removeprefix(f"{HIDDEN}: ")  # the part's name says which
        return CheckedPart(part, "fails", finding, f"correct address or password, or try again later; {docs}")
    except HotPapersError as problem:
        return CheckedPart(part, "needs" if isinstance(problem, UsageError) else "fails", str(problem), docs)


# ---- others --------------------------------------------------------------------------------------------


def _others(site: ConfiguredSite) -> Iterator[CheckedPart]:
    """Tries the files, folders and servers of wings."""
    open_client = client_opener(site, LIMITS)
    for hook in hooks_of(Trials):
        try:
            for trial in hook.list(site):
                yield _tried(trial.part, partial(trial.try_out, open_client), trial.page)
        except SettingsError:
            pass  # told with the settings

"""From settings to jobs: which sources are on, how they are paced, and their shared context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from hotpapers.base import network_terms
from hotpapers.base.errors import SettingsError, Stopped, StoreError, UsageError
from hotpapers.base.http import ClientLimits, HostPacer, PoliteHttpClient, ServerClocks, user_agent
from hotpapers.base.http.proxies import Proxies
from hotpapers.base.networks import readable_networks, row_of
from hotpapers.base.settings.announce import read_secret
from hotpapers.base.settings.explanations import convert_table
from hotpapers.base.suggestions import list_choices
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob, RecountJob
from hotpapers.collect.sources import SOURCES
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.job_state import COUNTS
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.record import Record, current_time

ON = {"on": "true reads the source, false does not"}
"""The setting that every source has besides its own."""

SECRETS = ("token", "client_secret", "feed_token")
"""Settings of sources that no error may show, and that may be written as env:NAME."""


class ConfiguredSource(NamedTuple):
    """A source to read, and its settings."""

    name: str
    settings: msgspec.Struct


def chosen_sources(
    tables: Mapping[str, Mapping[str, Any]],
    names: Sequence[str] = (),
    file: str = "",
    allowed: network_terms.Table = network_terms.TERMS,
) -> list[ConfiguredSource]:
    """The sources that are on, or those named. Raises SettingsError, UsageError."""
    where = f"{file}: " if file else ""
    for name in names:
        if name not in SOURCES:
            raise UsageError(f"{name}: no such source; known sources: {list_choices(name, SOURCES)}")
    for name in tables:
        if name not in SOURCES:
            raise SettingsError(f"{where}source.{name}: no such source; known sources: {list_choices(name, SOURCES)}")
    given = {name: tables.get(name, {}) for name in SOURCES}
    known = {name: ConfiguredSource(name, read_settings(name, table, file)) for name, table in given.items()}
    selection = names or [name for name, table in given.items() if is_on(name, table)]
    problems = [_unusable(name, given[name], allowed, is_named=name in names) for name in selection]
    problems += [] if names else [_silently_off(name, table) for name, table in tables.items()]
    if problem := next(filter(None, problems), ""):
        raise SettingsError(f"{where}{problem}")
    return [known[name] for name in selection]


def _unusable(name: str, table: Mapping[str, Any], allowed: network_terms.Table, *, is_named: bool) -> str:
    """Why a source that is chosen cannot be read; empty if it can."""
    required = row_of(name).needs
    if required and not table.get(required):
        return f"source.{name}.{required}: must not be empty; `hotpapers docs sources/{name}` has an example"
    if not network_terms.may_run(network_terms.terms_of(allowed, name), not row_of(name).is_on or is_named):
        return f"the terms of {name} do not allow reading it; see `hotpapers docs terms` and [terms.{name}]"
    return ""


def _silently_off(name: str, table: Mapping[str, Any]) -> str:
    """The remedy for a source with a table that does not say whether it is read; empty if it is on, or off on
    purpose."""
    required = row_of(name).needs
    if "on" in table or required in table or is_on(name, table):
        return ""
    remedy = f"name the {required} to read" if required else "write on = true to read it"
    given = ", ".join(key for key, value in table.items() if value not in ("", [], {}))
    return f"source.{name}: {f'has {given}, but ' if given else ''}is off; {remedy}, or on = false to keep it off"


def is_on(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a source is on: as the settings say, or by default if it needs no settings."""
    if "on" in table:
        return bool(table["on"])
    network = row_of(name)
    return network.is_on or bool(table.get(network.needs, ()))


def how_to_switch_on(name: str) -> str:
    """The settings with which a source that is off is read."""
    network = row_of(name)
    needed = f"{network.needs or 'on = true'} in [source.{name}]"
    return f"{needed}, {network.key}" if network.read == "own key" else needed


def obsolete_settings(tables: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The settings of earlier versions in a file, which are ignored."""
    return [f"source.{name}.{key}" for name, table in tables.items() for key in table if key in _old_settings(name)]


def _old_settings(name: str) -> tuple[str, ...]:
    return row_of(name).old_settings


def read_settings(name: str, table: Mapping[str, Any], file: str) -> msgspec.Struct:
    """A source's own settings. Raises SettingsError with file, key and remedy."""
    where = f"{file}: " if file else ""
    if not isinstance(table.get("on", True), bool):
        raise SettingsError(f"{where}source.{name}.on: must be true or false, without quotation marks")
    try:
        kept = {key: value for key, value in table.items() if key not in _old_settings(name)}
        return convert_table(_from_environment(kept, f"source.{name}"), SOURCES[name][1], f"source.{name}", ON)
    except SettingsError as problem:
        raise SettingsError(f"{where}{problem}") from problem.__cause__


def _from_environment(value: Any, place: str) -> Any:
    """A table with the secrets that it has as env:NAME."""
    if isinstance(value, Mapping):
        return {
            key: read_secret(part, f"{place}.{key}") if key in SECRETS and isinstance(part, str)
            else _from_environment(part, f"{place}.{key}")
            for key, part in value.items()
        }  # fmt: skip
    return [_from_environment(part, place) for part in value] if isinstance(value, list) else value


def configured_addresses(settings: object) -> list[str]:
    """Every address that the operator has configured. Only these may be inside the operator's own network."""
    schemes = ("http", "https", "ws", "wss")
    return [text for _, text in _texts(msgspec.to_builtins(settings)) if text.partition("://")[0] in schemes]


def secrets_of(settings: object) -> list[str]:
    """Every token and secret in the settings: none may appear in an error."""
    return [text for key, text in _texts(msgspec.to_builtins(settings)) if text and key in SECRETS]


def _texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts in settings, each with the key under which it is."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, name)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, key)


class IngestContext(NamedTuple):
    """The context shared by all jobs of a process. `stop`: when set, all of them end. `names`: the names of known
    papers. `pace`: when each host may be asked next. `witnesses`: the servers' clocks. `terms`: what the networks
    allow. `back`: how many µs before the first reading of a network are read too. `proxies`: the proxies for requests
    to networks."""

    store: str
    contact: str
    stop: threading.Event
    leases: Leases
    names: SharedPaperIndex
    pace: HostPacer
    witnesses: ServerClocks
    terms: network_terms.Table
    back: int | None
    proxies: Proxies

    def record(self) -> Record:
        """The store, newly opened; use it in one thread only."""
        return Record(self.store)

    @property
    def clock(self) -> Clock:
        """This machine's clock, for jobs that ask no network."""
        return Clock(current_time, self._sleep)

    def _sleep(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopped("told to stop")


def job_names(choices: Sequence[ConfiguredSource]) -> list[str]:
    """The names of all jobs for the chosen sources."""
    return [
        *(choice.name for choice in choices),
        *(choice.name + COUNTS for choice in choices if row_of(choice.name).has_counts),
    ]


def make_jobs(choices: Sequence[ConfiguredSource], site: IngestContext) -> dict[str, Callable[[], JobLoop]]:
    """The jobs for the chosen sources, by name. Each is created in the thread that runs it."""
    return {name: partial(_rounds, name, choice, site) for choice in choices for name in job_names([choice])}


def _rounds(name: str, choice: ConfiguredSource, site: IngestContext) -> JobLoop:
    connection = make_connection(configured_addresses(choice.settings), secrets_of(choice.settings), site)
    clock = Clock(connection.http.now, connection.http.sleep)
    return JobLoop(name, partial(_job, name, choice, connection, site), site.record, site.leases, clock)


def _job(name: str, choice: ConfiguredSource, connection: Connection, site: IngestContext) -> CollectJob | RecountJob:
    allowed = network_terms.terms_of(site.terms, choice.name)
    make_source = SOURCES[choice.name][0]
    names = site.names
    if name != choice.name:
        return RecountJob(make_source(choice.settings, (), names.names), connection, allowed)
    with site.record() as record:
        known = TrackedPosts(record, choice.name, connection.http.now())
    source = make_source(choice.settings, known, names.names)
    return CollectJob(source, connection, known, allowed, names=names, back=site.back)


@cache
def site_pace() -> Mapping[str, float]:
    """Minimum seconds between the starts of two requests, by host with its subdomains; one second for all others."""
    return {host: seconds for network in readable_networks().values() for host, seconds in network.pace.items()}


@cache
def shared_hosts() -> frozenset[str]:
    """The hosts that allow only one pace for all machines of a site, so it is kept in the store."""
    return frozenset(
        host for network in readable_networks().values() if network.is_pace_shared for host in network.pace
    )


class SitePacer:
    """Seconds until a host may be asked, across all processes of the site if the host wants one pace per site.

    For one thread. `within`: the pace of all other hosts, across the threads of this process. After a store failure,
    the next call reopens the store.
    """

    def __init__(self, open_record: Callable[[], Record], within: HostPacer) -> None:
        self._open = open_record
        self._within = within
        self._record: Record | None = None

    def __call__(self, host: str, pace: float) -> float:
        """Reserves the next moment for a host and returns the seconds until then. Raises StoreError."""
        if host not in shared_hosts():
            return self._within(host, pace)
        try:
            self._record = self._record or self._open()
            return jobs_queries.reserve_moment(self._record, host, pace)
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the store."""
        if self._record is not None:
            self._record.database.close()
            self._record = None


def make_connection(
    own: Sequence[str],
    secrets: Sequence[str],
    shared: IngestContext,
    more_pace: Mapping[str, float] = MappingProxyType({}),
    limits: ClientLimits | None = None,
) -> Connection:
    """An HTTP client for one job, paced together with all others of the site.

    `own`: the operator's own addresses, which may be inside the operator's network; `secrets`: texts that no error may
    contain; `more_pace`: minimum seconds between the starts of two requests to further hosts; `limits`: if not the
    usual ones.
    """
    pace = SitePacer(shared.record, shared.pace)
    http = PoliteHttpClient(
        user_agent(shared.contact),
        pace={**site_pace(), **more_pace},
        reserve=pace,
        stop=shared.stop,
        base_addresses=own,
        secrets=secrets,
        on_headers=shared.witnesses.listener(),
        limits=limits,
        proxies=shared.proxies,
    )

    def close() -> None:
        http.close()
        pace.close()

    return Connection(http, http.traffic.totals, http.forget, close)

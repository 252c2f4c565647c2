"""From settings to workers: which sources are on, how they are paced, how long what they saw is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from hotpapers.collect.runner import NOT_KEPT, Terms, Worker, known_posts
from hotpapers.errors import SettingsError, UsageError
from hotpapers.model import DAY, LARGEST, Source
from hotpapers.net import PoliteNet, Reservations, user_agent
from hotpapers.record import Record, now
from hotpapers.record import duty as duties
from hotpapers.sources import SOURCES

ALWAYS_ON = ("arxiv", "bluesky", "hackernews", "lobsters", "huggingface")
"""What is read without a key, an account or a word in the settings."""
ON_WITH = {"mastodon": "servers", "feeds": "urls"}
"""What is read as soon as this setting names something."""

PACE = {"arxiv.org": 3.0, "lobste.rs": 10.0, "hacker-news.firebaseio.com": 0.2, "www.reddit.com": 6.0}
"""Least seconds between the starts of two requests to a host and those below it; one second for all others."""
SHARED = frozenset({"arxiv.org"})
"""Hosts that allow one pace over all machines of a site: its next moment is kept in the store."""

KEEP = {"arxiv": LARGEST, "reddit": 2 * DAY}
"""Microseconds for which what a network said is kept raw; 30 days for all others."""

_WITHIN = Reservations()


class Choice(NamedTuple):
    """A source that is to be read, and its settings."""

    name: str
    settings: msgspec.Struct


def chosen_sources(tables: Mapping[str, Mapping[str, Any]], names: Sequence[str] = (), file: str = "") -> list[Choice]:
    """The sources that are on, or those that are named. Raises SettingsError, UsageError."""
    for name in (*names, *tables):
        if name not in SOURCES:
            raise UsageError(f"{name}: no such source; there are {', '.join(SOURCES)}")
    wanted = names or [name for name in SOURCES if is_on(name, tables.get(name, {}))]
    return [Choice(name, read_settings(name, tables.get(name, {}), file)) for name in wanted]


def is_on(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a source is read: as the settings say, by default those that ask for nothing."""
    if "on" in table:
        return bool(table["on"])
    return name in ALWAYS_ON or bool(table.get(ON_WITH.get(name, ""), ()))


def read_settings(name: str, table: Mapping[str, Any], file: str) -> msgspec.Struct:
    """A source's own settings. Raises SettingsError with file, key and remedy."""
    values = {key: value for key, value in table.items() if key != "on"}
    try:
        return msgspec.convert(values, SOURCES[name][1])
    except msgspec.ValidationError as problem:
        where = f"{file}: " if file else ""
        raise SettingsError(f"{where}source.{name}: {problem}; see docs/sources/{name}.md") from problem


def addresses(settings: object) -> Iterator[str]:
    """Every address that the operator has set: the only ones that may lie inside the operator's own network."""
    if isinstance(settings, msgspec.Struct):
        settings = msgspec.to_builtins(settings)
    if isinstance(settings, str) and settings.partition("://")[0] in ("http", "https", "ws", "wss"):
        yield settings
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from addresses(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from addresses(value)


def secrets_of(settings: object) -> Iterator[str]:
    """Every token and secret in the settings: none of them may appear in an error."""
    if isinstance(settings, msgspec.Struct):
        settings = msgspec.to_builtins(settings)
    if isinstance(settings, Mapping):
        for key, value in settings.items():
            if isinstance(value, str) and value and key in ("token", "client_secret"):
                yield value
            yield from secrets_of(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from secrets_of(value)


def make_worker(choice: Choice, store: str, contact: str, stop: threading.Event, holder: str) -> Worker:
    """A worker with a record and a client of its own. Call it in the thread that will run it."""
    record = Record(store)
    known = known_posts(record, choice.name, now())
    source: Source = SOURCES[choice.name][0](choice.settings, known)
    net = PoliteNet(
        user_agent(contact), pace=PACE, reserve=partial(reserved, record), stop=stop,
        base_addresses=tuple(addresses(choice.settings)), secrets=tuple(secrets_of(choice.settings)),
    )  # fmt: skip
    terms = Terms(dict.fromkeys(NOT_KEPT, 0), KEEP.get(choice.name, 30 * DAY))
    return Worker(source, net, record, known, holder=holder, terms=terms, close_net=net.close)


def reserved(record: Record, host: str, pace: float) -> float:
    """Seconds until a host may be asked: over all processes of the site where the host wants it so."""
    return duties.reserve(record, host, pace) if host in SHARED else _WITHIN(host, pace)

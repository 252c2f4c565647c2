"""What commands share: options, the store, printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from hotpapers import settings
from hotpapers.errors import UsageError
from hotpapers.model import Publication
from hotpapers.record import Record, now

Command = TypeVar("Command", bound=Callable[..., Any])
T = TypeVar("T")


def store_options(command: Command) -> Command:
    """`--store`, `--config` and `--debug`."""
    for option in (
        click.option("--debug", is_flag=True, help="Show a traceback when something fails."),
        click.option(
            "--config", type=click.Path(path_type=Path), metavar="FILE",
            help="Settings. [default: hotpapers.toml in this folder, if there is one]",
        ),
        click.option(
            "--store", metavar="STORE",
            help="A path, sqlite:////absolute/path or postgresql://… [default: as in the settings, else hotpapers.db]",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
publication_option = click.option(
    "--publication", metavar="NAME", help="Which publication, where the store has several."
)


def load_settings(config: Path | None) -> settings.Settings:
    """The settings named, those of this folder, or the defaults."""
    if config is None and not Path(settings.FILE).exists():
        return settings.Settings()
    return settings.load(config or Path(settings.FILE))


def open_record(store: str | None, config: Path | None, *, create: bool = False) -> Record:
    """The record of a store. A missing one is made only by commands that bring something in."""
    found = load_settings(config)
    if store is None:
        store = found.store
        if "://" not in store and config is not None:
            store = str(config.parent / store)
    record = Record(store, create=create)
    _keep_publications(record, found)
    return record


def _keep_publications(record: Record, found: settings.Settings) -> None:
    """Takes over publications that the settings name, where they are new or differ."""
    known = {
        row.item.publication: msgspec.structs.replace(row.item, observed_at=0)
        for row in record.view().latest(Publication)
        if isinstance(row.item, Publication)
    }
    named = [settings.publication_item(one, 0) for one in found.publication]
    changed = [msgspec.structs.replace(p, observed_at=now()) for p in named if known.get(p.publication) != p]
    if changed:
        record.write(changed, source="settings")


def print_json(value: Any) -> None:
    """A value as indented JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def progress(items: Iterable[T], label: str, length: int | None = None) -> AbstractContextManager[Iterable[T]]:
    """A bar on a terminal, nothing elsewhere."""
    hidden = not sys.stderr.isatty()
    return click.progressbar(items, label=label, length=length, file=sys.stderr, hidden=hidden)


def quiet_pipe() -> None:
    """Lets a reader that has seen enough end us without a word."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


def need(condition: bool, message: str) -> None:
    """Raises UsageError where a condition does not hold."""
    if not condition:
        raise UsageError(message)

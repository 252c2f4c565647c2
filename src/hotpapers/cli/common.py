"""What commands share: options, settings, the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import msgspec

from hotpapers import ranking, settings
from hotpapers.errors import SettingsError, UsageError
from hotpapers.model import Publication
from hotpapers.record import Record, now

Command = TypeVar("Command", bound=Callable[..., Any])
SQLITE = "sqlite:///"


class Home(NamedTuple):
    """Where a command works: the settings that hold there, their file, and the store."""

    settings: settings.Settings
    file: Path
    store: str

    @property
    def folder(self) -> Path:
        """What paths in the settings start from."""
        return self.file.parent


debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback when something fails.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
publication_option = click.option(
    "--publication", metavar="NAME", help="Which publication, where the store has several."
)


def store_options(command: Command) -> Callable[..., Any]:
    """`--store`, `--config` and `--debug`; the command gets the `Home` that they say."""

    @wraps(command)
    def with_home(*args: Any, store: str | None, config: Path | None, **rest: Any) -> Any:
        return command(*args, home=home_of(store, config), **rest)

    made: Callable[..., Any] = debug_option(with_home)
    made = click.option(
        "--config",
        type=click.Path(path_type=Path, readable=False),
        metavar="FILE",
        help="Settings. [default: hotpapers.toml in this folder, if there is one]",
    )(made)
    return click.option(
        "--store",
        type=click.Path(readable=False),
        metavar="STORE",
        help="A path, sqlite:////absolute/path or postgresql://… [default: as in the settings, else hotpapers.db]",
    )(made)


def home_of(store: str | None, config: Path | None) -> Home:
    """Settings and store of a command.

    The hotpapers.toml of this folder holds for its own store; for another one, `--config` must name the settings.
    """
    file = config or Path(settings.FILE)
    if config is None and not file.exists():
        return Home(settings.Settings(), file, store or settings.Settings().store)
    found = settings.load(file)
    own = beside(file.parent, found.store)
    if store is None or config is not None or _same(store, own):
        return Home(found, file, own if store is None else store)
    return Home(settings.Settings(), file, store)


def beside(folder: Path, store: str) -> str:
    """A store's address in settings: paths start from the settings' folder, `~` is the home folder."""
    if "://" in store and not store.startswith(SQLITE):
        return store
    head = SQLITE if store.startswith(SQLITE) else ""
    return head + str(folder / Path(store.removeprefix(SQLITE)).expanduser())


def _same(one: str, other: str) -> bool:
    if "://" in one.removeprefix(SQLITE) or "://" in other.removeprefix(SQLITE):
        return one == other
    return Path(one.removeprefix(SQLITE)).resolve() == Path(other.removeprefix(SQLITE)).resolve()


@contextmanager
def open_record(home: Home, *, create: bool = False, publications: bool = False) -> Iterator[Record]:
    """The record of the store. A missing one is made only by commands that bring something in.

    `publications`: takes over what the settings say of them, where it is new or differs.
    """
    with Record(home.store, create=create) as record:
        if publications:
            _keep_publications(record, home)
        yield record


def _keep_publications(record: Record, home: Home) -> None:
    known = {
        row.item.publication: msgspec.structs.replace(row.item, observed_at=0)
        for row in record.view().latest(Publication)
        if isinstance(row.item, Publication)
    }
    named = [settings.publication_item(one, 0) for one in home.settings.publication]
    for one in named:
        if one.ranking not in ranking.RANKINGS:
            known_rankings = ", ".join(ranking.RANKINGS)
            raise SettingsError(
                f"{home.file}: publication {one.publication!r}: ranking: {one.ranking!r} is none of {known_rankings}."
            )
    changed = [msgspec.structs.replace(p, observed_at=now()) for p in named if known.get(p.publication) != p]
    if changed:
        record.write(changed, source="settings")


def is_store_file(file: Path, home: Home) -> bool:
    """Whether a file is the store itself, or its log."""
    if "://" in home.store and not home.store.startswith(SQLITE):
        return False
    store = Path(home.store.removeprefix(SQLITE)).resolve()
    return file.resolve() in {store, *(store.with_name(store.name + end) for end in ("-wal", "-shm"))}


def need(condition: bool, message: str) -> None:
    """Raises UsageError where a condition does not hold."""
    if not condition:
        raise UsageError(message)

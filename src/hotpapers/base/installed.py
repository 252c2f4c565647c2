"""The wings that are installed and chosen, and their hooks."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import TypeVar

from hotpapers.base.wings import CHOSEN, GROUP, SettingsTable, Wing, chosen_names, is_chosen

Hook = TypeVar("Hook")


@cache
def installed_wings() -> tuple[Wing, ...]:
    """All wings that are installed and chosen, but for those from outside that cannot be loaded."""
    built_in = tuple(_built_in())
    loaded = (*built_in, *_outside([wing.name for wing in built_in]))
    for name in sorted(chosen_names() - {"", *(wing.name for wing in loaded)}):
        from hotpapers.base.logs import LOG  # `--help` loads no more than it needs

        LOG.warning("%s", f"{CHOSEN}: no wing {name!r} is loaded; without {CHOSEN}, `hotpapers wings` lists all")
    return loaded


def hooks_of(kind: type[Hook]) -> tuple[Hook, ...]:
    """The hooks of one type that all wings have."""
    return tuple(hook for wing in installed_wings() for hook in wing.hooks if isinstance(hook, kind))


@cache
def settings_tables() -> tuple[SettingsTable, ...]:
    """The tables of all wings."""
    return tuple(table for wing in installed_wings() for table in wing.settings())


def _built_in() -> Iterator[Wing]:
    """Those whose folders are there: a distribution may leave some out."""
    try:
        names: tuple[str, ...] = importlib.import_module(GROUP).BUILT_IN
    except ModuleNotFoundError:
        return
    for name in filter(is_chosen, names):
        try:
            yield importlib.import_module(f"{GROUP}.{name}.wing").WING
        except ModuleNotFoundError as problem:
            if problem.name != f"{GROUP}.{name}":
                raise


def _outside(other_names: Sequence[str]) -> tuple[Wing, ...]:
    none_chosen = CHOSEN in os.environ and chosen_names() == {""}
    if none_chosen or not any(map(_offers_wings, sys.path)):  # the library takes longer than the rest of `--help`
        return ()
    from hotpapers.base.outside_wings import outside_wings

    return outside_wings(other_names)


def _offers_wings(folder: str) -> bool:
    """Whether a package that is installed in a folder has entry points for wings."""
    names = []
    with suppress(OSError):
        names = [name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info"))]
    for name in names:
        with (
            suppress(OSError, UnicodeDecodeError),
            open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as file,
        ):
            if GROUP in file.read():
                return True
    return False

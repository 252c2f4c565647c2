"""Wings of packages that are installed beside the program. One that cannot be loaded is left out, and a warning says
which, of which package, and why: no command may fail because of a wing that it does not use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any, TypeVar

from hotpapers.base.hook_checks import check_hooks
from hotpapers.base.logs import LOG
from hotpapers.base.wings import CHOSEN, GROUP, SettingsTable, Wing, is_chosen

MAX_REASON_CHARS = 200
"""Most characters of a package's own words in a warning."""
REMEDY = f"Mend or remove the package, or name the wings to load in {CHOSEN}, separated by commas (empty: none)"
T = TypeVar("T")


def outside_wings(other_names: Sequence[str]) -> tuple[Wing, ...]:
    """The wings of other packages that are chosen and can be loaded. `other_names`: the names of others."""
    wings: dict[str, Wing] = {}
    for point, package in _points():
        if is_chosen(point.name):
            load = partial(_wing_of, point, {*other_names, *wings})
            loaded = _or_warning(f"wing {point.name!r} of {package}", load)
            wings |= {wing.name: _with_safe_settings(wing, package) for wing in loaded}
    return tuple(wings.values())


def _with_safe_settings(wing: Wing, package: str) -> Wing:
    """The wing, whose settings are left out, too, if they cannot be loaded: every command reads them."""
    what = f"settings of the wing {wing.name!r} of {package}"
    return wing._replace(settings=lambda: _or_warning(what, lambda: list(map(_table, wing.settings()))))


def _table(table: SettingsTable) -> SettingsTable:
    if not isinstance(table, SettingsTable):
        raise TypeError(f"a table is of type {type(table).__name__}")
    return table


def _or_warning(what: str, load: Callable[[], list[T]]) -> list[T]:
    """Loads the offers of a package; if it raises anything, or exits, logs a warning and returns an empty list."""
    try:
        return load()
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        text = " ".join(f"{type(problem).__name__}: {problem}".split())[:MAX_REASON_CHARS]
        reason = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
        LOG.warning("%s", f"{what}: left out, as it cannot be loaded: {reason}. {REMEDY}.")
        return []


def _points() -> Iterator[tuple[EntryPoint, str]]:
    """The entry points, each with its package; a package that is on the path twice counts once."""
    packages = set()
    for distribution in distributions():
        try:
            if GROUP not in (distribution.read_text("entry_points.txt") or ""):
                continue
        except UnicodeDecodeError:
            continue
        if (package := _name_of(distribution)) not in packages:
            packages.add(package)
            points = _or_warning(f"wings of {package}", partial(_points_of, distribution))
            yield from ((point, package) for point in points)


def _points_of(distribution: Distribution) -> list[EntryPoint]:
    return list(distribution.entry_points.select(group=GROUP))


def _name_of(distribution: Distribution) -> str:
    """Its name, or else its folder, if its metadata is gone."""
    try:
        name = distribution.metadata["Name"]
    except Exception:  # another one in each version of Python
        name = None
    return f"the package {name}" if name else f"a package without a name in {distribution.locate_file('')}"


_WING_FIELDS: dict[str, Any] = {"name": str, "summary": str, "settings": Callable, "hooks": tuple}


def _wing_of(point: EntryPoint, other_names: set[str]) -> list[Wing]:
    """The wing of an entry point, if each of its fields and hooks has the type that the program expects. Raises
    TypeError, and whatever its module does."""
    wing = point.load()
    if not isinstance(wing, Wing):
        raise TypeError(f"it is no Wing, but of type {type(wing).__name__}")
    for field, kind in _WING_FIELDS.items():
        value = getattr(wing, field)
        if not isinstance(value, kind):
            raise TypeError(f"its {field} is of type {type(value).__name__}")
    check_hooks(wing)
    if wing.name in other_names:
        raise TypeError("there is another wing of that name")
    return [wing]

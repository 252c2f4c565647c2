"""Wings: features that hook into the core, which knows none of them by name.

Those that come with the program are listed in `hotpapers.wings.BUILT_IN`; others are found as entry points of installed
packages (`installed`). A wing's module imports nothing heavy: its hooks' code is imported when it is used.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hotpapers.base.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "hotpapers.wings"
"""The group of entry points; also the package of those that come with the program."""
CHOSEN = "HOTPAPERS_WINGS"
"""The environment variable with the names of the wings to load, separated by commas. Without it, all are."""


Problems = Iterator[tuple[str, str]]
"""The problems of a table, each as (key, reason and remedy)."""


class SettingsTable(NamedTuple):
    """A table of hotpapers.toml. `type`: a struct, or a tuple of structs for a table that may occur several times;
    `default`: its value if it is missing; `problems`: the problems of a value, with keys in the table, or whole labels
    if there may be several; `paths`: the keys that are paths, and of them `private` those of files that nobody else may
    read. `template`: a file with the table as `init` writes it. `synonyms`: other words for its name. `removed`: keys
    of earlier versions, which are ignored."""

    name: str
    type: Any
    default: Any
    problems: Callable[[Any], Problems]
    paths: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    template: Path | None = None
    synonyms: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class SendingChannel(NamedTuple):
    """A channel that sends issues. `destinations`: where the function is defined, `module:name`, that opens those that
    the settings ask for, given the `Record`, the `Site` and a function that opens HTTP clients; it raises
    SettingsError. `is_configured(settings)`: whether they ask for any. `preview`: where the function is defined that
    makes the file that shows an issue's message, given the issue, the settings and the `SiteConfig`; without it,
    messages are texts that are shown as they are. `page`: the page of the docs about it, if not wings/NAME."""

    name: str
    destinations: str
    is_configured: Callable[[Any], bool]
    preview: str = ""
    page: str = ""


class DatabaseKind(NamedTuple):
    """A kind of database besides SQLite, by the scheme of its addresses. `place`: where the class of a connection
    (`Database`) is defined, `module:name`."""

    scheme: str
    place: str


class Wing(NamedTuple):
    """A feature. `summary`: its description, in a line. `settings`: its tables of hotpapers.toml. `hooks`: its
    additions to the core. The part that calls a hook defines its type, in a module of `HOOK_MODULES`;
    docs/development/hooks.md lists them."""

    name: str
    summary: str
    settings: Callable[[], Iterable[SettingsTable]] = tuple
    hooks: tuple[object, ...] = ()


HOOK_MODULES = (
    "hotpapers.base.wings",
    "hotpapers.base.networks",
    "hotpapers.base.papers.paper_servers",
    *(f"hotpapers.{part}.hooks" for part in ("cli", "keep", "issues", "publish", "serve", "site")),
    "hotpapers.publish.page_hooks",
)
"""Where the types of hooks are defined."""


def chosen_names() -> set[str]:
    """The names of the wings that the environment lets be loaded."""
    return {name.strip() for name in os.environ.get(CHOSEN, "").split(",")}


def is_chosen(name: str) -> bool:
    """Whether the environment lets a wing be loaded."""
    return CHOSEN not in os.environ or name in chosen_names()


def load_object(place: str) -> Any:
    """Imports the object at a place, `module:name`. Raises UsageError if another package's cannot be imported."""
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as problem:
        if module.startswith("hotpapers."):
            raise
        reason = f"{type(problem).__name__}: {problem}"
        message = f"{place}, which an installed package offers, cannot be imported: {reason}; see {CHOSEN}"
        raise UsageError(message) from problem


class Loading:
    """A function of a wing that is imported on its first call. Raises UsageError if another package's cannot be
    imported, or takes other arguments than its hook gives."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __call__(self, *args: object, **options: object) -> Any:
        function = load_object(self.place)
        if not self.place.startswith("hotpapers."):
            problem = arguments_problem(function, args, options)
            if problem:
                raise UsageError(f"{self.place}, which an installed package offers, {problem}")
        return function(*args, **options)


def load_lazily(place: str) -> Callable[..., Any]:
    """A function that is imported on its first call."""
    return Loading(place)


def arguments_problem(function: object, args: Sequence[object], options: Mapping[str, object]) -> str:
    """Why a function cannot be called with these arguments; empty if it can, or if that is unknown."""
    import inspect  # `--help` loads no more than it needs

    try:
        signature = inspect.signature(cast(Callable[..., object], function))
    except (TypeError, ValueError):  # a function that is not written in Python
        return ""
    try:
        signature.bind(*args, **options)
    except TypeError as problem:
        return f"takes other arguments than {len(args)}: {problem}"
    return ""

"""Hooks of wings that the command line calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.site.site import Site

Places = Mapping[str, tuple[str, str]]
"""Commands by name: where each is defined, `module:name`, and its line in the list of commands."""


class Commands(NamedTuple):
    """Commands, by section of the help."""

    by_section: Mapping[str, Places]


class Importers(NamedTuple):
    """Formats of `hotpapers import`: each is a command."""

    by_format: Places


class HostKind(NamedTuple):
    """A kind of host that `init` writes files for. `help`: that of its option; `settings`: a text in the template of
    hotpapers.toml, and what such a host needs instead; `is_public`: whether others read its folder."""

    help: str
    settings: tuple[str, str] = ("", "")
    is_public: bool = False


class Hosts(NamedTuple):
    """Kinds of hosts, by name. `write(file, names, program, replace)`: writes the files of those named for
    hotpapers.toml, over existing ones if `replace`; yields lines to print. `program`: how to call this program without
    a PATH. Raises UsageError and SettingsError, having written nothing."""

    kinds: Mapping[str, HostKind]
    write: Callable[[Path, Sequence[str], tuple[str, ...], bool], Iterator[str]]


class NewSite(NamedTuple):
    """`prepare(folder)`: creates the wing's files for a new site in its folder, which is not public; yields lines to
    print."""

    prepare: Callable[[Path], Iterator[str]]


class Verifier(NamedTuple):
    """`verify(files, address, policy, site, as_json)`: checks saved files, or a whole site in a folder or at an
    address."""

    verify: Callable[[Sequence[Path], str | None, Path | None, Site, bool], None]

"""How this program was started, so that the commands it prints exist: `hotpapers`, `uvx hotpapers`, `python -m
hotpapers` …"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

NAME = "hotpapers"
_UV_ENVIRONMENTS = re.compile(r"(archive|environments)-v\d+")
"""The folders in uv's cache in which `uvx` makes environments."""
_IN_BACKTICKS = re.compile(r"`hotpapers(?=[ `])")


class Start(NamedTuple):
    """How a process was started. `called`: the program's file; `prefix`: the environment's folder; `python`: the
    interpreter; `by_uv`: uv started it; `source`: where the package is from, if not from an index."""

    called: Path
    prefix: Path
    python: Path
    by_uv: bool
    source: str


def program_call(*, elsewhere: bool = False) -> str:
    """How to call this program again, for a shell. `elsewhere`: from another folder."""
    return words_of(_start(), elsewhere=elsewhere)


def as_started(text: str) -> str:
    """A text for people, with its commands in backticks as this program was started."""
    if "`hotpapers" in text:
        return _IN_BACKTICKS.sub(lambda _: f"`{program_call()}", text)
    return text


def words_of(start: Start, *, elsewhere: bool = False) -> str:
    """The command that starts the program again."""
    if start.by_uv and _UV_ENVIRONMENTS.fullmatch(start.prefix.parent.name):
        if start.source:
            return f"uvx --from {shlex.quote(start.source)} {NAME}"
        return f"uvx {NAME}"
    if start.by_uv and start.called.stem == NAME:
        return f"uv run {NAME}"
    if "pipx" in start.prefix.parts and "venvs" not in start.prefix.parts:
        if start.source:
            return f"pipx run --spec {shlex.quote(start.source)} {NAME}"
        return f"pipx run {NAME}"
    if start.called.name == "__main__.py":
        return f"{_found_as(start.python)} -m {NAME}"
    if start.called.stem != NAME or _found_as(start.called) == start.called.name:
        return NAME
    return shlex.quote(str(start.called.absolute() if elsewhere else start.called))


def _found_as(file: Path) -> str:
    """A file's name if the shell finds that file by it, else its path."""
    executable = shutil.which(file.name)
    is_it = executable is not None and Path(executable).absolute() == file.absolute()
    return file.name if is_it else shlex.quote(str(file.absolute()))


@cache
def _start() -> Start:
    path = Path(sys.argv[0])
    start = Start(path, Path(sys.prefix), Path(sys.executable), "UV" in os.environ, "")
    if start.by_uv or "pipx" in start.prefix.parts:
        return start._replace(source=installed_from())
    return start


def installed_from() -> str:
    """Returns the argument that makes pip install this package from its origin; empty if that is an index."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    with suppress(PackageNotFoundError, ValueError):
        return source_of(json.loads(distribution(NAME).read_text("direct_url.json") or "{}"))
    return ""


def source_of(origin: Mapping[str, Any]) -> str:
    """Returns the argument that makes pip install a package from its origin, as recorded in `direct_url.json` (PEP
    610)."""
    url = str(origin.get("url", ""))
    vcs = origin.get("vcs_info")
    if vcs:
        return f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return unquote(url.removeprefix("file://")) if url.startswith("file://") else url

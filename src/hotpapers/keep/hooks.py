"""Hooks of wings for exports and for forgetting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.record import Record


class FileFormat(NamedTuple):
    """A format of `hotpapers export` that is a file. `beginning`: how its files begin; of Parquet tables also how they
    end. `chunks`: yields a file, given the record and the options of `exporter.record_lines`. `is_whole`: contains the
    record, and not only the papers of issues. `is_binary`: not for terminals."""

    name: str
    beginning: re.Pattern[bytes]
    chunks: Callable[..., Iterator[bytes]]
    is_whole: bool = False
    is_binary: bool = False


class FolderFormat(NamedTuple):
    """A format of `hotpapers export` that is a folder. `help`: its description, for the list of formats; `write`:
    writes a record into a folder, also over strange files if the last argument is true; returns the lines to print.
    Raises UsageError."""

    name: str
    help: str
    write: Callable[[Record, Path, bool], Iterable[str]]


class ForgettableSubject(NamedTuple):
    """A kind of subject that `forget` deletes besides posts and accounts. `help`: a sentence about it. `recognize`: the
    key of such a subject; empty for another text. Raises UsageError. `forget`: deletes it in a `Record`; how many rows
    it had there. Raises NotFound."""

    help: str
    recognize: Callable[[str], str]
    forget: Callable[[Record, str], int]


class NoteKind(NamedTuple):
    """Notes in a store that full exports contain. `prefix`: how their names begin. Where functions are defined,
    `module:name`: `exported` makes of a value one that says the same in other stores, given the `Database`; `imported`
    writes a name and such a value into a `Database`, inside `write()`. Raises InputError."""

    prefix: str
    exported: str = ""
    imported: str = "hotpapers.record.meta:write_meta"

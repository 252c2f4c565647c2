"""What parts of an archive contain that may be relevant, as tables: made where the parts are, read by one writer.

    lines        what is relevant by itself: lines in blocks (`line_findings`), or events (`event_findings`)
    references   for event formats: what refers to a post that any part names
    about        one line of JSON: the format, the files, how many parts; written last

Each part has its own file in a table, and its rows are numbered, so that missing or duplicate ones are noticed. If a
file cannot be read any further, its rows say why, in the same words as an import without parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from hotpapers.errors import InputError
from hotpapers.ids.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.ingest.archives.format import ImportTarget
from hotpapers.ingest.archives.formats import FORMATS, LineSpec
from hotpapers.ingest.archives.imported_file import ArchiveFile
from hotpapers.ingest.archives.parts import FilePart, parts_of
from hotpapers.store import Record

LINES, REFERENCES, ABOUT = "lines", "references", "about"
VERSION = 1
_PART_FILE = re.compile(r"part-(\d+)-.*\.parquet")


class FileAbout(msgspec.Struct, frozen=True):
    """A file: its name, its first bytes and size, when it was seen (µs UTC), and how many parts it had."""

    name: str
    head: bytes
    size: int
    seen_at: int
    parts: int


class FindingsAbout(msgspec.Struct, frozen=True):
    """What a folder of findings contains. `titles`, `posts`: how many a store gave to look for; `references`: whether
    there is a table of them."""

    version: int
    format: str
    files: tuple[FileAbout, ...]
    titles: int
    posts: int
    references: bool


class FilterJob(NamedTuple):
    """What a process that scans parts must know. `aliases`: names of the papers in a store; `known`: keys of posts, in
    the first pass those in a store, in the second all; `now`: µs UTC. `ends`: in the second pass, how far each part was
    read in the first."""

    format: str
    files: Sequence[ArchiveFile]
    parts: Sequence[FilePart]
    aliases: Sequence[PaperAlias]
    known: Sequence[bytes]
    now: int
    ends: Sequence[int] = ()

    def target(self) -> ImportTarget:
        """A target for filters, none of which queries the record. Building its index of names takes a while."""
        return ImportTarget(cast("Record", None), PaperIndex(self.aliases), self.now, self.now)

    def about(self, *, references: bool) -> FindingsAbout:
        """What is written next to the findings."""
        counts = [sum(part.file == number for part in self.parts) for number in range(len(self.files))]
        files = [
            FileAbout(file.name, file.head, file.size, file.seen_at, parts)
            for file, parts in zip(self.files, counts, strict=True)
        ]
        return FindingsAbout(VERSION, self.format, tuple(files), len(self.aliases), len(self.known), references)


def all_parts(format: str, files: Sequence[ArchiveFile]) -> list[FilePart]:
    """The parts of files, in order."""
    spec = FORMATS[format]
    in_lines = isinstance(spec, LineSpec) or spec.in_lines
    return [
        part for number, file in enumerate(files) for part in parts_of(number, file.path, file.name, in_lines=in_lines)
    ]


class FindingsFolder:
    """Findings on this machine's disk. Raises InputError if they are invalid or incomplete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about = self._about()
        self.tables = {LINES: self._parts(LINES)}
        if self.about.references:
            self.tables[REFERENCES] = self._parts(REFERENCES)

    def parts(self, number: int) -> range:
        """The parts of a file."""
        first = sum(file.parts for file in self.about.files[:number])
        return range(first, first + self.about.files[number].parts)

    def gap(self, part: int) -> InputError:
        """The error for a part with missing or duplicate rows."""
        return InputError(f"findings of part {part:,} are missing or duplicated: recreate {self.folder}")

    def _about(self) -> FindingsAbout:
        try:
            [file] = sorted((self.folder / ABOUT).glob("part-*"))
            about = msgspec.json.decode(file.read_bytes(), type=FindingsAbout)
        except (OSError, ValueError, msgspec.MsgspecError) as problem:
            raise self._refusal("not complete findings from `hotpapers import … --spark … --to`") from problem
        if about.version != VERSION or about.format not in FORMATS:
            raise self._refusal("written by a newer version of this program: import it with that version")
        return about

    def _parts(self, table: str) -> dict[int, Path]:
        total, files = sum(file.parts for file in self.about.files), dict[int, Path]()
        for path in sorted((self.folder / table).glob("*.parquet")):
            match = _PART_FILE.fullmatch(path.name)
            number = int(match[1]) if match else -1
            if number in files or not 0 <= number < total:
                raise self._refusal(f"{table}/{path.name} is not one of the {total:,} parts, or is a duplicate")
            files[number] = path
        if len(files) < total:
            raise self._refusal(f"{total - len(files):,} of {total:,} parts of {table} are missing: recreate it")
        return files

    def _refusal(self, reason: str) -> InputError:
        return InputError(reason, file=str(self.folder))

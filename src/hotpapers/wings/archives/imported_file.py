"""An import, its input files, and the result for each. `file_import` and `event_import` resume one."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import msgspec

from hotpapers.base.networks import Network
from hotpapers.record import Record, cursor_of
from hotpapers.record.paper_names import named_servers, paper_aliases
from hotpapers.wings.archives.format import ImportTarget
from hotpapers.wings.archives.scan import Progress
from hotpapers.wings.archives.spill import full_disk_as_error
from hotpapers.wings.archives.workers import Pool, WorkerSetup

Cursor = TypeVar("Cursor", bound=msgspec.Struct)
HEAD = 4_096
"""Bytes at a file's beginning that identify it."""
ALTERED = "was changed while being read; import it again when nobody is writing to it"


class ArchiveFile(NamedTuple):
    """An input file. `open`: opens its decompressed content. `head`: its first bytes as stored, empty for standard
    input. `size`: in bytes. `seen_at`: when anything without its own moment was seen, µs UTC. `altered`: whether it
    has changed since it was opened. `path`: where it is; without one, it can be read only once. `given_at`: `seen_at`
    if the user gave it, else 0."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    head: bytes
    size: int
    seen_at: int
    altered: Callable[[], bool]
    path: str
    given_at: int

    @property
    def known_by(self) -> bytes:
        """The identity of the file: with another `given_at` it is another file. Empty for standard input."""
        return self.head + (b"%d" % self.given_at if self.head and self.given_at else b"")


class ImportedFile(NamedTuple):
    """The result of importing a file. `whole`: an earlier import read all of it, after the same files.

    `lines`: read now, without blank ones; `before`: read by an earlier import; `stored_until`: the moment up to which
    an earlier import stored the events of these files, µs UTC, else 0; `cut`: the last line is incomplete, and was left
    for when the rest is there. `papers`, `posts`, `mentions`, `reactions`, `snapshots`: added; `gone`: posts found to
    be gone. `quarantined`: unreadable lines, and entries of lines. `refused`: items about forgotten keys. `unknown`:
    papers that it names and the record has nothing about.
    """

    file: str
    whole: bool = False
    lines: int = 0
    before: int = 0
    stored_until: int = 0
    cut: bool = False
    papers: int = 0
    posts: int = 0
    mentions: int = 0
    reactions: int = 0
    snapshots: int = 0
    gone: int = 0
    quarantined: int = 0
    refused: int = 0
    unknown: int = 0


class ArchiveTask(NamedTuple):
    """An import of archives of one kind. `files`: all of them, in order; for the other fields see `import_archives`."""

    kind: str
    target: ImportTarget
    files: Sequence[ArchiveFile]
    terms: Network
    progress: Progress
    pool: Pool | None
    staging: str

    @property
    def record(self) -> Record:
        return self.target.record

    @property
    def job(self) -> str:
        """The name of the batches that it writes."""
        return f"import:{self.kind}"

    def cursor(self, kind: type[Cursor]) -> Cursor | None:
        """How far an earlier import came; None if there was none or another version of this program wrote it."""
        try:
            cursor = cursor_of(self.record.database, self.job)
            return msgspec.json.decode(cursor or "null", type=kind | None)
        except msgspec.MsgspecError:
            return None

    def setup(self, folder: Path) -> WorkerSetup:
        """Writes the names of papers to the folder, and returns the setup of the pool's processes. Raises FullStore."""
        now = self.target.now
        with full_disk_as_error(folder):
            aliases = list(paper_aliases(self.record, now, 0))
            pickled = pickle.dumps((aliases, named_servers(self.record)))
            (folder / "names").write_bytes(pickled)
        return WorkerSetup(self.kind, now, str(folder))

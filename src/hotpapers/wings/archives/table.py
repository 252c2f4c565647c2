"""A table in a Parquet file as an archive: its parts are rows, which other processes read from the file themselves."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, cast

from hotpapers.keep.transfer.packed import copy_out
from hotpapers.wings.archives.framing import TAIL, ArchiveBlock, mark
from hotpapers.wings.archives.parquet_reader import MAGIC, table_parts


class TableContent(NamedTuple):
    """A file from which rows of some columns are read. Positions are row numbers. `on_position`: gets the approximate
    position in bytes."""

    path: str
    columns: Collection[str]
    on_position: Callable[[int], object] = bool

    def go_to(self, offset: int, length: int, digest: str) -> bool:
        """Whether the file's end matches a digest: it says where all rows are."""
        tail = self._tail()
        return len(tail) == length and mark(tail) == digest

    def blocks(self, offset: int) -> Iterator[ArchiveBlock]:
        """Its parts. Raises InputError."""
        tail, size = self._tail(), os.path.getsize(self.path)
        for part in table_parts(self.path, self.columns, offset):
            yield ArchiveBlock(part.first, part.last, b"", tail, part=part)
            self.on_position(size * part.last // part.rows)

    def _tail(self) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(max(os.path.getsize(self.path) - TAIL, 0))
            return file.read(TAIL)


def is_table(stream: BinaryIO) -> bool:
    """Whether a stream begins like a Parquet file."""
    peek = getattr(stream, "peek", None)
    return peek is not None and bytes(peek(len(MAGIC))[: len(MAGIC)]) == MAGIC


@contextmanager
def table_content(stream: BinaryIO, columns: Collection[str]) -> Generator[TableContent]:
    """The file behind a stream, or else a copy, as the end of the file must be read first."""
    name = getattr(stream, "name", None)
    if isinstance(name, str) and os.path.isfile(name):
        yield TableContent(name, columns, stream.seek)
        return
    with tempfile.NamedTemporaryFile(prefix="hotpapers-", suffix=".parquet") as copy:
        copy_out(stream, cast("BinaryIO", copy))
        yield TableContent(copy.name, columns)

"""What of a block may concern us, where each line does by itself or not at all: a pure function, for any process.

A sifter keeps somewhat more than the format takes, never less: what it keeps the format looks at again, in the order of
the archive, so that the record is the same however the archive was parted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import NamedTuple, Protocol

from hotpapers.ingest.archives.format import UNREADABLE, ArchiveFormat
from hotpapers.ingest.archives.framing import ArchiveBlock, Unit, lines_of
from hotpapers.transfer.parquet_rows import TablePart

NOTHING: Mapping[str, int] = {}
UnitsOf = Callable[[bytes], Iterable[Unit]]


class Sifted(NamedTuple):
    """A block's lines that may concern us, and how many lines it has. `passed`: how many things about papers in it are
    no posts, by what they are."""

    lines: int
    kept: list[Unit]
    passed: Mapping[str, int] = NOTHING


class Sifter(Protocol):
    """Sifts blocks, one at a time."""

    def sift(self, data: bytes) -> Sifted:
        """What may concern us."""


class SiftedBlock(NamedTuple):
    """What is left of a block: its lines that may concern us, in order, of so many; what was passed over."""

    block: ArchiveBlock
    lines: int
    kept: list[Unit]
    passed: Mapping[str, int] = NOTHING


class LineSifter:
    """Of formats whose lines concern us by themselves or not at all."""

    def __init__(self, format: ArchiveFormat) -> None:
        self._take = format.take

    def sift(self, data: bytes) -> Sifted:
        """Keeps the lines of which the format takes something, and those that it cannot read."""
        count, kept = 0, []
        for unit in lines_of(data):
            count += 1
            if self._concerns(unit.content):
                kept.append(unit)
        return Sifted(count, kept)

    def _concerns(self, line: bytes) -> bool:
        try:
            return bool(self._take(line))
        except UNREADABLE:
            return True


def data_of(task: bytes | TablePart) -> bytes:
    """A block's bytes; rows are read here, by whichever process it is. Raises InputError."""
    return task if isinstance(task, bytes) else task.lines()


def sifted_block(block: ArchiveBlock, sifted: Sifted, units_of: UnitsOf) -> SiftedBlock:
    """What is left of a block. A last line without its end is kept, whatever is in it."""
    kept = sifted.kept if block.ended else list(units_of(block.data))
    if block.part:  # where a row stands in lines made of it says nothing
        kept = [unit._replace(start=0, end=0) for unit in kept]
    return SiftedBlock(block, sifted.lines, kept, sifted.passed)


def sifted_here(blocks: Iterable[ArchiveBlock], sifter: Sifter, units_of: UnitsOf) -> Generator[SiftedBlock]:
    """Blocks sifted one after the other, in this process."""
    for block in blocks:
        yield sifted_block(block, sifter.sift(data_of(block.task())), units_of)

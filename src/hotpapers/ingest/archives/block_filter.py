"""What of a block may concern us, where each line does by itself or not at all: a pure function, for any process.

A filter keeps somewhat more than the format takes, never less: what it keeps the format looks at again, in the order of
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


class FilterResult(NamedTuple):
    """A block's lines that may concern us, and how many lines it has. `passed`: how many things about papers in it are
    no posts, by what they are."""

    lines: int
    kept: list[Unit]
    passed: Mapping[str, int] = NOTHING


class BlockFilter(Protocol):
    """Filters blocks, one at a time."""

    def filter(self, data: bytes) -> FilterResult:
        """What may concern us."""


class FilteredBlock(NamedTuple):
    """What is left of a block: its lines that may concern us, in order, of so many; what was passed over."""

    block: ArchiveBlock
    lines: int
    kept: list[Unit]
    passed: Mapping[str, int] = NOTHING


class LineBlockFilter:
    """Of formats whose lines concern us by themselves or not at all."""

    def __init__(self, format: ArchiveFormat) -> None:
        self._take = format.take

    def filter(self, data: bytes) -> FilterResult:
        """Keeps the lines of which the format takes something, and those that it cannot read."""
        count, kept = 0, []
        for unit in lines_of(data):
            count += 1
            if self._is_relevant(unit.content):
                kept.append(unit)
        return FilterResult(count, kept)

    def _is_relevant(self, line: bytes) -> bool:
        try:
            return bool(self._take(line))
        except UNREADABLE:
            return True


def data_of(task: bytes | TablePart) -> bytes:
    """A block's bytes; rows are read here, by whichever process it is. Raises InputError."""
    return task if isinstance(task, bytes) else task.lines()


def filtered_block(block: ArchiveBlock, filtered: FilterResult, units_of: UnitsOf) -> FilteredBlock:
    """What is left of a block. A last line without its end is kept, whatever is in it."""
    kept = filtered.kept if block.ended else list(units_of(block.data))
    if block.part:  # where a row stands in lines made of it says nothing
        kept = [unit._replace(start=0, end=0) for unit in kept]
    return FilteredBlock(block, filtered.lines, kept, filtered.passed)


def filter_blocks(
    blocks: Iterable[ArchiveBlock], block_filter: BlockFilter, units_of: UnitsOf
) -> Generator[FilteredBlock]:
    """Blocks filtered one after the other, in this process."""
    for block in blocks:
        yield filtered_block(block, block_filter.filter(data_of(block.task())), units_of)

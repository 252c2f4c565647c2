"""The lines of a block that may be relevant, for formats where this depends on the line alone: pure, for any process.

A filter keeps somewhat more than the format takes, never less. The format examines what was kept again, in archive
order, so the record is the same however the archive was split.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import NamedTuple, Protocol

from hotpapers.wings.archives.format import UNREADABLE, ArchiveFormat
from hotpapers.wings.archives.framing import ArchiveBlock, Unit, lines_of

NOTHING: Mapping[str, int] = {}
UnitsOf = Callable[[bytes], Iterable[Unit]]


class FilterResult(NamedTuple):
    """A block's lines that may be relevant, and how many lines it has. `passed`: counts, by type, of skipped things
    about papers that are not posts."""

    lines: int
    units: list[Unit]
    passed: Mapping[str, int] = NOTHING


class BlockFilter(Protocol):
    """Filters blocks, one at a time."""

    def filter(self, data: bytes) -> FilterResult:
        """The lines that may be relevant."""


class FilteredBlock(NamedTuple):
    """A filtered block: how many lines it had, those that may be relevant in order, and counts of what was skipped."""

    block: ArchiveBlock
    lines: int
    units: list[Unit]
    passed: Mapping[str, int] = NOTHING


class LineBlockFilter:
    """For formats in which a line's relevance depends on the line alone."""

    def __init__(self, format: ArchiveFormat) -> None:
        self._take = format.take

    def filter(self, data: bytes) -> FilterResult:
        """Keeps the lines from which the format takes something, and unreadable ones."""
        count, units = 0, []
        for unit in lines_of(data):
            count += 1
            if self._is_relevant(unit.content):
                units.append(unit)
        return FilterResult(count, units)

    def _is_relevant(self, line: bytes) -> bool:
        try:
            return bool(self._take(line))
        except UNREADABLE:
            return True


def filtered_block(block: ArchiveBlock, filtered: FilterResult, units_of: UnitsOf) -> FilteredBlock:
    """The result for a block. An unterminated last line is always kept."""
    units = filtered.units if block.ended else list(units_of(block.data))
    return FilteredBlock(block, filtered.lines, units, filtered.passed)


def filter_blocks(
    blocks: Iterable[ArchiveBlock], block_filter: BlockFilter, units_of: UnitsOf
) -> Generator[FilteredBlock]:
    """Filters blocks one after the other, in this process."""
    for block in blocks:
        yield filtered_block(block, block_filter.filter(block.data), units_of)

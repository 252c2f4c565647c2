"""The lines of a block that may be relevant, for formats where this depends on the line alone: pure, for any process.

A filter keeps somewhat more than the format takes, never less. The format examines what was kept again, in archive
order, so the record is the same however the archive was split.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hotpapers.wings.archives.format import UNREADABLE, ArchiveFormat
from hotpapers.wings.archives.framing import ArchiveBlock, Unit, lines_of


class FilterResult(NamedTuple):
    """A block's lines that may be relevant, and how many lines it has."""

    lines: int
    units: list[Unit]


BlockFilter = Callable[[bytes], FilterResult]


class FilteredBlock(NamedTuple):
    """A filtered block: how many lines it had, and those that may be relevant, in order."""

    block: ArchiveBlock
    lines: int
    units: list[Unit]


def all_lines(data: bytes) -> FilterResult:
    """Keeps every line."""
    units = list(lines_of(data))
    return FilterResult(len(units), units)


def line_filter(format: ArchiveFormat) -> BlockFilter:
    """Keeps the lines from which a format takes something, and unreadable ones."""
    if format.takes_all:
        return all_lines

    def is_relevant(unit: Unit) -> bool:
        try:
            return bool(format.take(unit.content))
        except UNREADABLE:
            return True

    def filter_block(data: bytes) -> FilterResult:
        units = list(lines_of(data))
        return FilterResult(len(units), list(filter(is_relevant, units)))

    return filter_block


def filtered_block(block: ArchiveBlock, filtered: FilterResult) -> FilteredBlock:
    """The result for a block. An unterminated last line is always kept."""
    units = filtered.units if block.ended else all_lines(block.data).units
    return FilteredBlock(block, filtered.lines, units)

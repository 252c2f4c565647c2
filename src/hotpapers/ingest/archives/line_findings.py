"""Findings for line formats: for each block of a part, its lines that may be relevant, then the block; finally the
end."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from hotpapers.errors import InputError
from hotpapers.ingest.archives.block_filter import FilteredBlock, data_of, filtered_block
from hotpapers.ingest.archives.findings import LINES, FilterJob, FindingsFolder
from hotpapers.ingest.archives.formats import LINES as LINE_FORMATS
from hotpapers.ingest.archives.framing import ArchiveBlock, Unit
from hotpapers.ingest.archives.imported_file import ALTERED
from hotpapers.ingest.archives.parts import open_part
from hotpapers.transfer.parquet_reader import rows_of


class LineRow(NamedTuple):
    """A row. `kind`: line, block or end. A line: the `number`-th of its block, with its byte range there. A block: how
    many lines (`number`), its byte range in the part's content, and in `content`, as JSON, counts of things about
    papers that are not posts. An end: comes after `block` blocks; `problem` says why nothing more could be read, or is
    empty."""

    part: int
    block: int
    kind: str
    number: int = 0
    from_byte: int = 0
    to_byte: int = 0
    content: bytes = b""
    ended: bool = True
    cut: bool = False
    problem: str = ""


class LineReader:
    """Filters parts for a job."""

    def __init__(self, job: FilterJob) -> None:
        self._job, self._spec = job, LINE_FORMATS[job.format]
        self._block_filter = self._spec.block_filter(job.target())

    def rows(self, number: int) -> Iterator[LineRow]:
        """A part's rows."""
        part, count, problem = self._job.parts[number], 0, ""
        try:
            with open_part(part, int) as stream, self._spec.content(stream) as content:
                for block in content.blocks(0):
                    yield from self._block_rows(number, count, block)
                    count += 1
            problem = ALTERED if self._job.files[part.file].altered() else ""
        except InputError as refusal:
            problem = refusal.reason
        yield LineRow(number, count, "end", problem=problem)

    def _block_rows(self, number: int, count: int, block: ArchiveBlock) -> Iterator[LineRow]:
        filtered = filtered_block(block, self._block_filter.filter(data_of(block.task())), self._spec.units)
        for unit in filtered.units:
            yield LineRow(number, count, "line", unit.number, unit.start, unit.end, unit.content)
        passed = msgspec.json.encode(filtered.passed) if filtered.passed else b""
        yield LineRow(number, count, "block", filtered.lines, block.start, block.end, passed, block.ended, block.cut)


def blocks_of(findings: FindingsFolder, number: int) -> Generator[FilteredBlock]:
    """A file's filtered blocks, in order. Raises InputError if the file could not be read any further or rows are
    missing."""
    base = 0
    for part in findings.parts(number):
        end = base
        for filtered in _part_blocks(findings, part):
            block = filtered.block
            end = base + block.end
            yield filtered._replace(block=block._replace(start=base + block.start, end=end))
        base = end


def _part_blocks(findings: FindingsFolder, part: int) -> Iterator[FilteredBlock]:
    end: LineRow | None = None
    for expected, (units, row) in enumerate(_groups(findings.tables[LINES][part], part)):
        if end or expected != row.block:
            raise findings.gap(part)
        if row.kind == "end":
            end = row
            continue
        block = ArchiveBlock(row.from_byte, row.to_byte, b"", b"", row.ended, row.cut)
        yield FilteredBlock(block, row.number, units, _passed(row.content))
    if end is None:
        raise findings.gap(part)
    if end.problem:
        raise InputError(end.problem)


def _passed(text: bytes) -> dict[str, int]:
    try:
        return msgspec.json.decode(text or b"{}", type=dict[str, int])
    except msgspec.MsgspecError as problem:
        raise InputError("not findings written by hotpapers") from problem


def _groups(path: Path, part: int) -> Iterator[tuple[list[Unit], LineRow]]:
    """Lines, with the row of the block or end that follows them."""
    units: list[Unit] = []
    for row in map(LineRow._make, rows_of(str(path), LineRow._fields)):
        if row.kind == "line":
            units.append(Unit(row.number, row.from_byte, row.to_byte, row.content))
        elif row.part == part:
            yield units, row
            units = []


def rest_of(filtered: FilteredBlock, offset: int) -> FilteredBlock:
    """The part of a block after a line. If an import of the files themselves stopped at a line that the filter dropped,
    some lines are counted twice."""
    block, cut = filtered.block, offset - filtered.block.start
    count = max((unit.number + 1 for unit in filtered.units if unit.end <= cut), default=0)
    later = [
        Unit(unit.number - count, unit.start - cut, unit.end - cut, unit.content)
        for unit in filtered.units
        if unit.start >= cut
    ]
    return FilteredBlock(block._replace(start=offset), filtered.lines - count, later, filtered.passed)

"""Downloads the blocks that a plan names, each once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from hotpapers.base.errors import InputError, NetError
from hotpapers.wings.archives.replay.archive_api import ArchiveApi, BlockPlace, ListedSegment, PlannedSegment
from hotpapers.wings.archives.replay.block_events import BlockEvents
from hotpapers.wings.archives.replay.block_spool import ALL, BlockSpool
from hotpapers.wings.archives.replay.segment_blocks import rows_of

AT_ONCE = 2**22
"""Bytes of a segment's file that are requested together: whole blocks, at least one."""
NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\.jss")
"""A segment's name, which becomes that of a file."""


def wanted_segments(
    plan: Sequence[PlannedSegment], sizes: Mapping[str, ListedSegment], since: int
) -> list[PlannedSegment]:
    """The segments of a plan with anything from a moment on: what was witnessed before was made before. Raises NetError
    for a name that is none."""
    for segment in plan:
        if not NAME.fullmatch(segment.name):
            raise NetError(f"the archive's plan names a segment {segment.name[:60]!r}")
    return [s for s in plan if s.name not in sizes or sizes[s.name].max_witnessed_at >= since]


def download_blocks(
    api: ArchiveApi,
    plan: Sequence[PlannedSegment],
    spool: BlockSpool,
    events: BlockEvents,
    note: Callable[[int], object],
) -> None:
    """Downloads what is missing. `note`: called with each block's bytes. Raises NetError; what is complete stays."""
    for segment in plan:
        for line in spool.lines(segment.name):
            events.learn(line)
        if ALL in spool.done[segment.name]:
            continue
        numbers = segment.numbers
        blocks = _blocks(api, segment.name, numbers, spool) if numbers else _all_blocks(api, segment.name, spool)
        for number, frame in blocks:
            try:
                lines = list(events.lines(rows_of(frame)))
            except InputError as problem:
                raise NetError(f"{segment.name}, block {number}: {problem.reason}") from None
            spool.add(segment.name, number, lines)
            note(len(frame))
        spool.complete(segment.name)


def _blocks(api: ArchiveApi, name: str, numbers: Sequence[int], spool: BlockSpool) -> Iterator[tuple[int, bytes]]:
    for number in numbers:
        if number not in spool.done[name]:
            yield number, api.block(name, number)


def _all_blocks(api: ArchiveApi, name: str, spool: BlockSpool) -> Iterator[tuple[int, bytes]]:
    """All blocks of a segment, by ranges of its file."""
    generation, places = api.places(name)
    missing = [number for number in range(len(places)) if number not in spool.done[name]]
    for run in _runs(missing, places):
        start = places[run[0]].offset
        last = places[run[-1]]
        content = api.range(name, generation, start, last.offset + last.size - start)
        for number in run:
            offset = places[number].offset - start
            yield number, content[offset : offset + places[number].size]


def _runs(numbers: Sequence[int], places: Sequence[BlockPlace]) -> Iterator[list[int]]:
    """Blocks that lie one after the other, as many as are requested together."""
    run: list[int] = []
    for number in numbers:
        place = places[number]
        if run:
            before = places[run[-1]]
            is_next = run[-1] + 1 == number and before.offset + before.size <= place.offset
            if not is_next or place.offset + place.size - places[run[0]].offset > AT_ONCE:
                yield run
                run = []
        run.append(number)
    if run:
        yield run

"""Judges what issues say about reading: each sentence against the hours in which the program really ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hotpapers.base.model import DAY, HOUR, IssueContent, NetworkReading
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.publish.view.reading_words import moment_name, readings_text
from hotpapers.record import Record
from tests.loopback import expected
from tests.loopback.clock import SteppedClock
from tests.loopback.direct_client import DirectClient
from tests.loopback.script import Message, Script, is_visible
from tests.sites.published import NAMES
from tests.years.fault_plan import Span
from tests.years.oracle import POST_NETWORKS, RecordedPosts
from tests.years.places import NAME

TOLERANCE = 3 * HOUR
"""How far from the end of a run a gap may begin or end: networks are read in turns."""
LATE_POSTS = 4 * HOUR
"""An issue may miss posts of this last period before it closes."""


def errors_of(store: Path, script: Script, runs: Sequence[Span]) -> list[str]:
    """What issues of a store say wrongly about reading. `runs`: when the program ran, ascending."""
    bases = DirectClient(script, SteppedClock(0)).bases
    with Record(str(store), create=False) as record:
        recorded = RecordedPosts(record)
        contents = [list_editions(record, NAME, day)[0].content for day in frozen_days(record, NAME)]
    errors: list[str] = []
    for n, content in enumerate(contents):
        if n and content.read_from != contents[n - 1].as_of:
            errors.append(f"{content.day}: reports from {content.read_from}, not from the issue before")
        for reading in content.readings:
            if reading.network in POST_NETWORKS:
                errors += (f"{content.day}: {error}" for error in _lost(content, reading, script, recorded, bases))
                errors += (f"{content.day}: {error}" for error in _invented(reading, runs))
                errors += (f"{content.day}: {error}" for error in _untold(content, reading))
    return errors


def _lost(
    content: IssueContent, reading: NetworkReading, script: Script, recorded: RecordedPosts, bases: dict[str, str]
) -> Iterator[str]:
    """Posts of the reported time, outside of all gaps, that the issue does not have."""
    gaps = reading.gaps or ()
    start, cut = content.read_from or 0, content.as_of
    for day in range(start // DAY, cut // DAY + 1):
        for message in script.messages(reading.network, day):
            is_in_time = message.references and start <= message.at <= cut - LATE_POSTS
            if not is_in_time or not _is_findable(message, cut):
                continue
            if any(gap.from_at <= message.at < gap.until_at for gap in gaps):
                continue
            rows = recorded.posts.get(expected.key(message, bases), ())
            if not any(row.since <= content.position and row.observed_at <= cut for row in rows):
                yield f"calls {NAMES[reading.network]} read on {moment_name(message.at)}, but lacks a post of then"


def _is_findable(message: Message, cut: int) -> bool:
    is_there = is_visible(message, message.at) and is_visible(message, cut) and message.author.gone_from > cut
    return expected.is_findable(message) and is_there


def _invented(reading: NetworkReading, runs: Sequence[Span]) -> Iterator[str]:
    """Gaps in hours in which the program ran."""
    for gap in reading.gaps or ():
        for run in runs:
            overlap = min(gap.until_at, run.end) - max(gap.from_at, run.start)
            if overlap > TOLERANCE:
                yield f"{NAMES[reading.network]}: a gap of {overlap / HOUR:.1f} hours while the program ran"


def _untold(content: IssueContent, reading: NetworkReading) -> Iterator[str]:
    """Networks with gaps that the line of facts does not name, and those that it names without one."""
    text = readings_text(content, with_reasons=False)
    if (NAMES[reading.network] in text) != bool(reading.gaps):
        yield f"{NAMES[reading.network]} has gaps {reading.gaps}, but the issue says {text!r}"

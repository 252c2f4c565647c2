"""Events in the order of time into the record, in batches, each with where it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from hotpapers.errors import FullStore
from hotpapers.ids import timestamps
from hotpapers.ingest.archives.batch import MOST_BYTES, MOST_SEEN, ArchiveBatch
from hotpapers.ingest.archives.event_stamps import ANYWAY
from hotpapers.ingest.archives.format import UNREADABLE, ImportTarget
from hotpapers.ingest.archives.jetstream import JetstreamArchive, withdrawn_addresses
from hotpapers.ingest.archives.spill import KnownMarks, SpilledEvent
from hotpapers.model import DAY
from hotpapers.store import Record, reaction_marks
from hotpapers.store.batches import cursor_of
from hotpapers.terms import NetworkTerms, Table

AHEAD = 2_000
"""Events for which the record is asked at once."""


class EventCursor(msgspec.Struct, frozen=True):
    """Where an import is. `files`: a digest of what was found in the first pass. All is in that happened up to a moment
    (µs UTC), and nothing of a later one: what happened at once goes in at once, as each of it may concern the rest."""

    files: str
    upto: int


class Taken(NamedTuple):
    """What became of the events: how many of each file were in before, what was added of each file by the names in
    `ImportedFile`, the papers that each newly named, and whether all was in before."""

    before: Counter[int]
    figures: Counter[tuple[int, str]]
    named: dict[int, set[str]]
    nothing_left: bool


class EventTaker:
    """Takes events of one kind of archive. `files`: a digest of what was found in the first pass; None where that
    cannot be known again."""

    def __init__(
        self, kind: str, format: JetstreamArchive, place: ImportTarget, terms: NetworkTerms | Table, files: str | None
    ) -> None:
        self._record, self._format, self._job = place.record, format, f"import:{kind}"
        self._batch = ArchiveBatch(place.record, self._job, format, terms, place.now, in_order=True)
        self._files, begun = files, _parsed(cursor_of(place.record.database, self._job))
        self._begun = begun if begun and begun.files == files else None
        self._figures: Counter[tuple[int, str]] = Counter()
        self._before: Counter[int] = Counter()
        self._at = self._stored = self._begun.upto if self._begun else 0

    def take(self, events: Iterator[SpilledEvent], marks: KnownMarks, at_work: Callable[[], object]) -> Taken:
        """Takes all of them. `marks`: of what is known; `at_work` is called now and then. Raises FullStore."""
        known = KnownThings(self._record, marks)
        concerning = (event for event in self._following(events) if known.concerns(event))
        is_new = False
        while chunk := list(islice(concerning, AHEAD)):
            is_new = True
            self._format.prepare([event.content for event in chunk])
            for event in chunk:
                if event.at != self._at:
                    self._store_if_much(event.at)
                self._at = event.at
                self._take(event)
            at_work()
        self._store()
        return Taken(self._before, self._figures, self._batch.named, bool(self._begun) and not is_new)

    def _following(self, events: Iterator[SpilledEvent]) -> Iterator[SpilledEvent]:
        """What an earlier import did not take."""
        for event in events:
            if self._begun and event.at <= self._begun.upto:
                self._before[event.file] += 1
            else:
                yield event

    def _take(self, event: SpilledEvent) -> None:
        try:
            payloads = self._format.take(event.content)
        except UNREADABLE as problem:
            self._batch.set_apart(event.content, problem, event.file)
            return
        if payloads:
            self._batch.add(payloads, event.file)

    def _store_if_much(self, at: int) -> None:
        """Before what happened at a moment. No batch holds more than a day: posts that wait are followed however old
        they are."""
        batch, is_next_day = self._batch, at // DAY != self._at // DAY
        if batch.count >= MOST_SEEN or batch.size >= MOST_BYTES or (batch.count and is_next_day):
            self._store()

    def _store(self) -> None:
        cursor = EventCursor(self._files, self._at) if self._files else None
        text = msgspec.json.encode(cursor).decode() if cursor else None
        try:
            self._figures += self._batch.store(text)
        except FullStore as problem:
            raise FullStore(
                f"{self._record.database.where}: no room left on the disk; {self._progress()} is imported. Free some"
                " and import the same files again: it goes on there."
            ) from problem
        self._stored = self._at

    def _progress(self) -> str:
        return f"what happened up to {timestamps.rfc3339(self._stored)}" if self._stored else "nothing of these files"


class KnownThings:
    """What must be known for an event to concern us: posts, reactions and accounts of these files and of the record."""

    def __init__(self, record: Record, marks: KnownMarks) -> None:
        self._marks, self._reaction = marks, record.marks.reaction
        self._recorded: KnownMarks | None = None
        for mark_ in reaction_marks.all_marks(record):
            self._recorded = self._recorded or KnownMarks()
            self._recorded.add((mark_,))

    def concerns(self, event: SpilledEvent) -> bool:
        """False where an event is about nothing known; nearly always so where it is."""
        if event.asks == ANYWAY or event.asks in self._marks:
            return True
        recorded = self._recorded
        return recorded is not None and any(
            self._reaction(address) in recorded for address in withdrawn_addresses(event.content)
        )


def _parsed(text: str | None) -> EventCursor | None:
    """A cursor; None where there is none, or one of another version of this program."""
    try:
        return msgspec.json.decode(text or "null", type=EventCursor | None)
    except msgspec.MsgspecError:
        return None

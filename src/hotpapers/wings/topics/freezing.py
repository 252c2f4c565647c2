"""Notes the digest of each week's topics when the week is over, so that `verify` can check whether they are the
same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hotpapers.base.errors import HotPapersError
from hotpapers.base.logs import log_event
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs.loop import JobContext
from hotpapers.publish.schedule.publishing import FurtherParts, Part
from hotpapers.record import Record
from hotpapers.record.meta import read_meta, read_prefixed, write_meta
from hotpapers.record.verify import VerifyFinding
from hotpapers.wings.topics.finding import METHOD
from hotpapers.wings.topics.weeks import TopicWeeks


class TopicFreezing(FurtherParts):
    """The part of the job that publishes. Looks again when an issue was frozen; notes one week a round."""

    def __init__(self) -> None:
        self._finished: dict[str, str] = {}

    def after_freezing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        for name in publications:
            yield f"topics of {name}", partial(self._note, context.record, name)

    def _note(self, record: Record, name: str) -> None:
        days = frozen_days(record, name)
        if not days or self._finished.get(name) == max(days):
            return
        if not freeze_next(record, name):
            self._finished[name] = max(days)


def freeze_next(record: Record, publication: str) -> str:
    """Notes the digest of the earliest week that is over and has none yet; which week it was, or "" if none."""
    weeks = TopicWeeks(RecordIssueReader(record), publication)
    noted = read_prefixed(record.database, note_name(publication))
    week = next((week for week in weeks.closing_days if week not in noted), "")
    if week:
        digest = weeks.topics(week).digest
        with record.database.write():
            if read_meta(record.database, note_name(publication, week)) is None:
                write_meta(record.database, note_name(publication, week), digest)
        log_event("topics frozen", publication=publication, week=week, digest=digest)
    return week


def note_name(publication: str, week: str = "") -> str:
    """The name of a week's note in the store, or how those of all weeks begin."""
    return f"{METHOD} {publication} {week}"


def check_notes(record: Record, publication: str | None) -> Iterator[VerifyFinding]:
    """Calculates the topics of all noted weeks again, of a publication or of all, and yields the differences."""
    reader = RecordIssueReader(record)
    for name in [publication] if publication else [item.publication for item in reader.publications()]:
        weeks = TopicWeeks(reader, name)
        for week, digest in read_prefixed(record.database, note_name(name)).items():
            try:
                again = weeks.count(week).digest
            except HotPapersError as problem:
                yield VerifyFinding("topics", f"{name} {week}: cannot be rebuilt: {problem}")
                continue
            if again != digest:
                yield VerifyFinding("topics", f"{name} {week}: digest is {digest}, rebuilt {again}")

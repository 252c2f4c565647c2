"""The outcome of a simulation: everything that is wrong, and the figures in tests/years/README.md."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import DAY, Issue
from hotpapers.issues.freeze import check_issue
from hotpapers.record import Record
from hotpapers.record.verify import VerifyResult, check_record
from hotpapers.wings.tables.commands import write_tables
from tests.wings.tables.recounts import recounted
from tests.years.figures import MEMORY
from tests.years.issues import Issues
from tests.years.oracle import Oracle, RecordedPosts
from tests.years.simulation import Result, Sample

SHOWN_ERRORS = 5
"""How many errors of each kind are reported."""


class Outcome(NamedTuple):
    """`errors`: what the comparisons found. `verification`: what `verify --all` counted."""

    result: Result
    errors: list[str]
    rows: dict[str, int]
    states: Counter[tuple[str, str]]
    verification: VerifyResult
    pruned: int

    def lines(self) -> Iterator[str]:
        """The figures, one per line."""
        samples = self.result.samples
        yield f"days: {self.result.scenario.days}, runs of the program: {len(self.result.scenario.runs)}"
        yield f"faults of networks: {len(self.result.scenario.faults)}"
        yield "rows: " + ", ".join(f"{count:,} {kind}" for kind, count in self.rows.items())
        for state in ("complete", "partial", "refused", "unknown"):
            counts = [f"{n} {network}" for (network, key), n in sorted(self.states.items()) if key == state]
            yield f"networks {state} in issues: " + (", ".join(counts) or "none")
        yield f"store: {samples[-1].store / 1e6:,.1f} MB; memory: {max(s.memory for s in samples)} MB at most"
        yield f"verified: {self.verification.rows:,} rows, {self.verification.pruned:,} pruned"


def evaluate(result: Result) -> Outcome:
    """Run all comparisons."""
    store = result.environment.context.store
    with Record(store, create=False) as record:
        oracle, recorded = Oracle(result), RecordedPosts(record)
        issues = Issues(record, oracle)
        verification = check_record(record.database, record.hasher)
        findings = {
            "posts": oracle.posts(recorded), "counts": oracle.counts(recorded), "ages": oracle.counts_at_ages(recorded),
            "gone": oracle.deletions(recorded), "arXiv": oracle.announcements(record),
            "labels": issues.missing_or_extra(), "time": issues.late_issues(), "claims": issues.false_claims(recorded),
            "doubts": issues.needless_doubts(),
            "papers": issues.wrong_counts(), "pages": issues.pages(Path(store).parent / "public"),
            "verify": map(str, [*verification.findings, *_rebuilt(record)]),
            "tables": unlike_tables(record, result.scenario.end),
            "health": map(str, unhealthy(result.samples)), "memory": memory(result.samples),
        }  # fmt: skip
        errors = [line for kind, errors_of_kind in findings.items() for line in _summarize(kind, list(errors_of_kind))]
        rows = {
            kind: _count(record, kind) for kind in ("paper", "announcement", "post", "mention", "snapshot", "issue")
        }
        states = Counter(
            (reading.network, str(reading.state)) for issue in issues.issues for reading in issue.content.readings
        )
    return Outcome(result, errors, rows, states, verification, verification.pruned)


def _summarize(kind: str, errors: list[str]) -> Iterator[str]:
    yield from (f"{kind}: {error}" for error in errors[:SHOWN_ERRORS])
    if len(errors) > SHOWN_ERRORS:
        yield f"{kind}: and {len(errors) - SHOWN_ERRORS} more"


def _count(record: Record, kind: str) -> int:
    return int(record.database.rows(f"SELECT count(*) FROM {kind} WHERE until = 0")[0][0])


def _rebuilt(record: Record) -> Iterator[object]:
    """Rebuild every issue from the record."""
    for row in record.view().latest(Issue):
        if isinstance(row.item, Issue):
            yield from check_issue(record, row.item)


def unlike_tables(record: Record, at: int) -> Iterator[str]:
    """The counts of issues that the tables for research, written at a moment, do not confirm."""
    with tempfile.TemporaryDirectory(prefix="hotpapers-tables-") as folder:
        write_tables(record, Path(folder), at)
        yield from (str(count) for count in recounted(Path(folder)) if count.printed != count.recounted)


def unhealthy(samples: list[Sample]) -> list[Sample]:
    """The samples at which an operator would have been alerted although the program ran and its store was usable."""
    return [sample for sample in samples if sample.problems]


def memory(samples: list[Sample]) -> Iterator[str]:
    """Whether memory exceeds its limit or keeps growing, by the last quarter of the time compared with the second."""
    maximum = max(sample.memory for sample in samples)
    if maximum > MEMORY:
        yield f"{maximum} MB"
    if samples[-1].at - samples[0].at > 200 * DAY:
        quarter = len(samples) // 4
        second, last = (max(sample.memory for sample in samples[n * quarter : (n + 1) * quarter]) for n in (1, 3))
        if last > second * 1.5:
            yield f"grows: {second} MB in the second quarter, {last} MB in the last"

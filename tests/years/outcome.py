"""The outcome of a simulation: everything that is wrong, and the figures in docs/development/years.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hotpapers.issues.freeze import check_issue
from hotpapers.model import DAY, Issue
from hotpapers.store import Record
from hotpapers.store.verify import VerifyResult, check
from tests.years.figures import MEMORY
from tests.years.issues import Issues
from tests.years.oracle import Held, Oracle
from tests.years.years import Lived, Sample

SHOWN = 5
"""How many errors of each kind are reported."""


class Outcome(NamedTuple):
    """`wrong`: the findings of each comparison. `checked`: what `verify --all` counted."""

    lived: Lived
    wrong: list[str]
    rows: dict[str, int]
    states: Counter[tuple[str, str]]
    checked: VerifyResult
    pruned: int

    def lines(self) -> Iterator[str]:
        """The figures, one per line."""
        samples = self.lived.samples
        yield f"days: {self.lived.story.days}, lives of the program: {len(self.lived.story.lives)}"
        yield f"faults of networks: {len(self.lived.story.faults)}"
        yield "rows: " + ", ".join(f"{count:,} {kind}" for kind, count in self.rows.items())
        for state in ("complete", "partial", "refused", "unknown"):
            counts = {network: n for (network, one), n in sorted(self.states.items()) if one == state}
            yield f"networks {state} in issues: " + (", ".join(f"{n} {of}" for of, n in counts.items()) or "none")
        yield f"store: {samples[-1].store / 1e6:,.1f} MB; memory: {max(s.memory for s in samples)} MB at most"
        yield f"verified: {self.checked.rows:,} rows, {self.checked.pruned:,} pruned"


def of(lived: Lived) -> Outcome:
    """Run all comparisons."""
    store = lived.world.home.store
    with Record(store, create=False) as record:
        oracle, held = Oracle(lived), Held(record)
        issues = Issues(record, oracle)
        checked = check(record.database, record.hasher)
        findings = {
            "posts": oracle.posts(held), "counts": oracle.counts(held), "ages": oracle.marks(held),
            "gone": oracle.gone(held), "arXiv": oracle.announcements(record), "labels": issues.labels(),
            "in time": issues.punctual(), "honest": issues.honest(held), "calm": issues.calm(),
            "announced": issues.announced(), "pages": issues.pages(Path(store).parent / "public"),
            "verify": map(str, [*checked.findings, *_rebuilt(record)]),
            "health": map(str, unhealthy(lived.samples)), "memory": memory(lived.samples),
        }  # fmt: skip
        wrong = [line for kind, found in findings.items() for line in _told(kind, list(found))]
        rows = {
            kind: _count(record, kind) for kind in ("paper", "announcement", "post", "mention", "snapshot", "issue")
        }
        states = Counter(
            (reading.network, str(reading.state)) for one in issues.all for reading in one.content.readings
        )
    return Outcome(lived, wrong, rows, states, checked, checked.pruned)


def _told(kind: str, found: list[str]) -> Iterator[str]:
    yield from (f"{kind}: {one}" for one in found[:SHOWN])
    if len(found) > SHOWN:
        yield f"{kind}: and {len(found) - SHOWN} more"


def _count(record: Record, kind: str) -> int:
    return int(record.database.rows(f"SELECT count(*) FROM {kind} WHERE until = 0")[0][0])


def _rebuilt(record: Record) -> Iterator[object]:
    """Rebuild every issue from the record."""
    for row in record.view().latest(Issue):
        if isinstance(row.item, Issue):
            yield from check_issue(record, row.item)


def unhealthy(samples: list[Sample]) -> list[Sample]:
    """When an operator would have been alerted although the program ran and its store was usable."""
    return [one for one in samples if one.problems]


def memory(samples: list[Sample]) -> Iterator[str]:
    """Whether memory exceeds its limit or keeps growing: compares the last quarter of the time with the second."""
    most = max(one.memory for one in samples)
    if most > MEMORY:
        yield f"{most} MB"
    if samples[-1].at - samples[0].at > 200 * DAY:
        quarter = len(samples) // 4
        second, last = (max(one.memory for one in samples[n * quarter : (n + 1) * quarter]) for n in (1, 3))
        if last > second * 1.5:
            yield f"grows: {second} MB in the second quarter, {last} MB in the last"

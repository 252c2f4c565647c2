"""What came out of it: everything that is not as it must be, and the figures that docs/development/years.md tells."""

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
"""As many of one kind are told."""


class Outcome(NamedTuple):
    """`wrong`: by what kind of comparison, and what it found. `checked`: what `verify --all` counted."""

    lived: Lived
    wrong: list[str]
    rows: dict[str, int]
    states: Counter[tuple[str, str]]
    checked: VerifyResult
    pruned: int

    def lines(self) -> Iterator[str]:
        """The figures, a line each."""
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
    """All comparisons of what was lived through."""
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
    """Every issue, rebuilt from the record."""
    for row in record.view().latest(Issue):
        if isinstance(row.item, Issue):
            yield from check_issue(record, row.item)


def unhealthy(samples: list[Sample]) -> list[Sample]:
    """The moments at which somebody would have had to look though the program ran and its store could be used."""
    return [one for one in samples if one.problems]


def memory(samples: list[Sample]) -> Iterator[str]:
    """Where it is above its limit, or grows on: the last quarter of the time against the second."""
    most = max(one.memory for one in samples)
    if most > MEMORY:
        yield f"{most} MB"
    if samples[-1].at - samples[0].at > 200 * DAY:
        quarter = len(samples) // 4
        second, last = (max(one.memory for one in samples[n * quarter : (n + 1) * quarter]) for n in (1, 3))
        if last > second * 1.5:
            yield f"grows: {second} MB in the second quarter, {last} MB in the last"

"""Seventeen simulated days of the whole program, a short form of the two years that `make years` runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import apsw
import pytest

from hotpapers.base.model import HOUR, Coverage
from hotpapers.record import Record
from tests.years import figures, outcome
from tests.years.issues import Issues
from tests.years.oracle import Oracle, RecordedPosts
from tests.years.outcome import Outcome
from tests.years.scenario import seventeen_days
from tests.years.simulation import simulate

pytestmark = pytest.mark.long

MEMORY = Path("/dev/shm")
"""A disk in memory if possible: the simulation writes many batches, each of which a real disk syncs."""


@pytest.fixture(scope="module")
def weeks() -> Iterator[Outcome]:
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-years-", dir=disk) as folder:
        yield outcome.evaluate(simulate(seventeen_days(), Path(folder)))


@pytest.fixture
def store(weeks: Outcome, tmp_path: Path) -> Path:
    """A copy of the store that a test may damage."""
    return Path(shutil.copy(weeks.result.environment.context.store, tmp_path))


def test_record_and_issues_are_as_the_script_says(weeks: Outcome) -> None:
    assert weeks.errors == []


def test_every_failure_occurred(weeks: Outcome) -> None:
    """The store was unavailable, full and lost; networks were down when issues were due; an announcement is missing."""
    log = Path(weeks.result.environment.context.store).with_name("log.txt").read_text()
    assert "does not answer, as planned" in log and "no room left on the disk" in log
    assert weeks.result.restoration is not None and weeks.result.restoration.position > 0
    assert {state for _, state in weeks.states} >= {"complete", "partial", "refused"}
    with Record(weeks.result.environment.context.store) as record:
        issues = {str(issue): issue for issue in Issues(record, Oracle(weeks.result)).issues}
    assert issues["daily 2026-03-18"].content.announced is None
    delayed = issues["daily 2026-03-12"]
    assert delayed.frozen_at > delayed.schedule.closing_time(delayed.day) + 2 * HOUR, "the disk was full"


def test_the_record_names_what_was_lost_with_the_store(weeks: Outcome) -> None:
    """Bluesky keeps a day of history: earlier posts since the backup are missing, and the record says so."""
    lost_span = weeks.result.scenario.lost_span
    with Record(weeks.result.environment.context.store) as record:
        rows = [row.item for row in record.view().latest(Coverage, "t.network = 'bluesky'")]
    coverages = [coverage for coverage in rows if "no longer has" in coverage.reason]
    assert any(
        coverage.state == "partial" and coverage.from_at - lost_span.start < HOUR < coverage.until_at - coverage.from_at
        for coverage in coverages
    )


DAMAGE = {
    "posts": "DELETE FROM post WHERE network = 'hackernews'",
    "counts": "UPDATE snapshot SET likes = likes + 1 WHERE id IN (SELECT id FROM snapshot WHERE likes > 3 LIMIT 1)",
    "counts_at_ages": "DELETE FROM snapshot WHERE observed_at % 2 = 0 AND post IN"
    " (SELECT id FROM identity WHERE key LIKE 'mastodon:%')",
    "deletions": "UPDATE post SET gone = 'deleted' WHERE network = 'lobsters'",
    "announcements": "DELETE FROM announcement WHERE day = '2026-03-05'",
    "missing_or_extra": "DELETE FROM issue WHERE day = '2026-03-05'",
    "late_issues": "UPDATE issue SET observed_at = observed_at + 3600000000",
    "false_claims": """UPDATE issue SET content = replace(content, '"gaps":[{"from_at":1', '"gaps":[{"from_at":9')""",
    "needless_doubts": """UPDATE issue SET content = replace(content, '"state":"complete"', '"state":"partial"')""",
    "wrong_counts": """UPDATE issue SET content = replace(content, '"announced":', '"announced":1')
        WHERE content NOT LIKE '%"announced":null%'""",
    "unlike_tables": "UPDATE snapshot SET likes = likes + 1",
}
"""Damage to a record that the comparisons must notice."""


@pytest.mark.parametrize("comparison", DAMAGE)
def test_the_comparisons_notice_damage(comparison: str, weeks: Outcome, store: Path) -> None:
    apsw.Connection(str(store)).execute(DAMAGE[comparison])
    oracle = Oracle(weeks.result)
    with Record(str(store)) as record:
        recorded, issues = RecordedPosts(record), Issues(record, oracle)
        comparisons: dict[str, Callable[[], Iterable[object]]] = {
            "posts": lambda: oracle.posts(recorded), "counts": lambda: oracle.counts(recorded),
            "counts_at_ages": lambda: oracle.counts_at_ages(recorded), "deletions": lambda: oracle.deletions(recorded),
            "announcements": lambda: oracle.announcements(record), "missing_or_extra": issues.missing_or_extra,
            "late_issues": issues.late_issues,
            "false_claims": lambda: issues.false_claims(recorded), "needless_doubts": issues.needless_doubts,
            "wrong_counts": issues.wrong_counts,
            "unlike_tables": lambda: outcome.unlike_tables(record, weeks.result.scenario.end),
        }  # fmt: skip
        assert list(comparisons[comparison]())


def test_the_arithmetic_to_full_size_adds_up(weeks: Outcome) -> None:
    store = figures.Store(Path(weeks.result.environment.context.store))
    lines = list(figures.lines(store))
    assert figures.total(store) == sum(line.bytes for line in lines) and all(line.bytes > 0 for line in lines)
    assert len(list(figures.table(store))) == len(lines) + 3

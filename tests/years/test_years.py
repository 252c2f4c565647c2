"""Seventeen simulated days of the whole program, a short form of the two years that `make years` runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hotpapers import logs
from hotpapers.model import HOUR, Coverage
from hotpapers.store import Record
from tests.years import figures, outcome
from tests.years.issues import Issues
from tests.years.oracle import Held, Oracle
from tests.years.outcome import Outcome
from tests.years.story import seventeen_days
from tests.years.years import lived

pytestmark = pytest.mark.long

MEMORY = Path("/dev/shm")
"""A disk in memory where possible: weeks have many batches, and a real disk syncs each."""


@pytest.fixture(scope="module")
def weeks() -> Iterator[Outcome]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-years-", dir=disk) as folder:
        yield outcome.of(lived(seventeen_days(), Path(folder)))
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


@pytest.fixture
def store(weeks: Outcome, tmp_path: Path) -> Path:
    """A copy of the store that a test may damage."""
    return Path(shutil.copy(weeks.lived.world.home.store, tmp_path))


def test_record_and_issues_are_as_the_script_says(weeks: Outcome) -> None:
    assert weeks.wrong == []


def test_every_trouble_came(weeks: Outcome) -> None:
    """The store was away, full and lost; networks were down when an issue was due; an announcement never came."""
    log = Path(weeks.lived.world.home.store).with_name("log.txt").read_text()
    assert "does not answer, as planned" in log and "no room left on the disk" in log
    assert weeks.lived.restored is not None and weeks.lived.restored.position > 0
    assert {state for _, state in weeks.states} >= {"complete", "partial", "refused"}
    with Record(weeks.lived.world.home.store) as record:
        issues = {str(one): one for one in Issues(record, Oracle(weeks.lived)).all}
    assert issues["daily 2026-03-18"].content.announced is None
    late = issues["daily 2026-03-12"]
    assert late.frozen_at > late.schedule.closes(late.day) + 2 * HOUR, "the disk was full"


def test_what_was_lost_with_the_store_is_named(weeks: Outcome) -> None:
    """Bluesky keeps a day of history: earlier posts since the backup are missing, and the record says so."""
    lost = weeks.lived.story.lost
    with Record(weeks.lived.world.home.store) as record:
        rows = [row.item for row in record.view().latest(Coverage, "t.network = 'bluesky'")]
    named = [one for one in rows if isinstance(one, Coverage) and "no longer has" in one.reason]
    assert any(one.state == "partial" and one.from_at - lost.start < HOUR < one.until_at - one.from_at for one in named)


SPOILED = {
    "posts": "DELETE FROM post WHERE network = 'hackernews'",
    "counts": "UPDATE snapshot SET likes = likes + 1 WHERE id IN (SELECT id FROM snapshot WHERE likes > 3 LIMIT 1)",
    "marks": "DELETE FROM snapshot WHERE observed_at % 2 = 0 AND post IN"
    " (SELECT id FROM identity WHERE key LIKE 'mastodon:%')",
    "gone": "UPDATE post SET gone = 'deleted' WHERE network = 'lobsters'",
    "announcements": "DELETE FROM announcement WHERE day = '2026-03-05'",
    "labels": "DELETE FROM issue WHERE day = '2026-03-05'",
    "punctual": "UPDATE issue SET observed_at = observed_at + 3600000000",
    "honest": """UPDATE issue SET content = replace(content, '"state":"partial"', '"state":"complete"')""",
    "calm": """UPDATE issue SET content = replace(content, '"state":"complete"', '"state":"partial"')""",
    "announced": """UPDATE issue SET content = replace(content, '"announced":', '"announced":1')
        WHERE content NOT LIKE '%"announced":null%'""",
}
"""Damage to a record that the comparisons must notice."""


@pytest.mark.parametrize("comparison", SPOILED)
def test_the_comparisons_notice(comparison: str, weeks: Outcome, store: Path) -> None:
    apsw.Connection(str(store)).execute(SPOILED[comparison])
    oracle = Oracle(weeks.lived)
    with Record(str(store)) as record:
        held, issues = Held(record), Issues(record, oracle)
        found = {
            "posts": lambda: oracle.posts(held), "counts": lambda: oracle.counts(held),
            "marks": lambda: oracle.marks(held), "gone": lambda: oracle.gone(held),
            "announcements": lambda: oracle.announcements(record), "labels": issues.labels,
            "punctual": issues.punctual, "honest": lambda: issues.honest(held), "calm": issues.calm,
            "announced": issues.announced,
        }  # fmt: skip
        assert list(found[comparison]())


def test_the_arithmetic_to_full_size_adds_up(weeks: Outcome) -> None:
    store = figures.Store(Path(weeks.lived.world.home.store))
    lines = list(figures.lines(store))
    assert figures.total(store) == sum(line.bytes for line in lines) and all(line.bytes > 0 for line in lines)
    assert len(list(figures.table(store))) == len(lines) + 3

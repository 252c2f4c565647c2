"""A past year in one run, against freezing its issues one by one.

The store contains the archive of bench/made_up_archive.py, ranked by `rarity/2`. *A year's history* is `hotpapers
history` without the program's start-up: every weekday's issue is built and written, with standing learned before, as
`run` keeps it. The peer of *each issue of a month* is `freeze_issue` on a copy of the store, late in the year, when
references are full. Both must give the same entries, references and numbers.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from bench import measure
from bench.made_up import FIRST, day_name
from bench.made_up_archive import DAYS, MadeUpArchive
from hotpapers.base import model
from hotpapers.base.model import IssueContent, Publication
from hotpapers.discussion.engagement.standing.queries import learn_standing
from hotpapers.issues.freeze import freeze_issue, list_editions
from hotpapers.record import Record
from hotpapers.wings.history.past_days import freeze_period, history_of, plan_period

KEEP = "HOTPAPERS_BENCH_KEEP"
"""Names a folder where the store is kept between runs: building it takes most of the time."""
SECONDS = 300
MEMORY = 400_000_000
AT_ONCE = 50_000
DAILY = Publication(publication="daily", title="Daily", ranking="rarity/2", threshold=500, least_entries=10,
                    observed_at=0)  # fmt: skip
YEAR = (FIRST.date(), date.fromisoformat(day_name(DAYS - 1)))
MONTH = (date(2023, 9, 1), date(2023, 9, 30))
FROZEN_ALONE = 5
"""Issues of the month that are frozen one by one: each takes as long as ten of the others."""


# ---- what runs in processes of its own -------------------------------------------------------------------


def build(store: str, scale: str) -> dict[str, Any]:
    """Write the record in the order in which it would have come in, and learn who has standing."""
    with Record(store) as record:
        record.append([DAILY], source="settings", at=1)
        batch: list[model.Item] = []
        for items in MadeUpArchive(float(scale)).days():
            batch += items
            if len(batch) >= AT_ONCE:
                record.append(batch, source="bench", at=batch[-1].observed_at)
                batch = []
        record.append(batch, source="bench", at=batch[-1].observed_at)
        standing = measure.seconds(lambda: learn_standing(record.database))
        counts = {kind.__name__.lower(): record.count(kind) for kind in KINDS}
        return {"standing": standing, "counts": counts, "bytes": record.database.size()}


KINDS = (model.Paper, model.Post, model.Reaction)


def year(store: str) -> dict[str, Any]:
    """Make the year's issues."""
    return _history(store, *YEAR)


def month(store: str) -> dict[str, Any]:
    """Make the month's issues."""
    return _history(store, *MONTH)


def _history(store: str, first: date, last: date) -> dict[str, Any]:
    with Record(store) as record:
        days: list[int] = []
        period = plan_period(record, DAILY, first, last)
        duration = measure.seconds(
            lambda: days.extend(len(issue.content.entries) for issue in freeze_period(record, period))
        )
    return {
        "seconds": duration, "memory": measure.peak_memory(), "issues": len(days), "entries": sum(days),
        "processor": time.process_time(),
    }  # fmt: skip


def alone(store: str) -> dict[str, Any]:
    """Freeze some of the month's issues one by one."""
    with Record(store) as record:
        publication = history_of(DAILY)
        record.append([publication], source="settings")
        days = plan_period(record, DAILY, *MONTH).days[:FROZEN_ALONE]
        duration = measure.seconds(lambda: [freeze_issue(record, publication, day) for day in days])
    return {"seconds": duration / len(days), "memory": measure.peak_memory()}


def compare(store: str, other_store: str) -> dict[str, Any]:
    """Whether the issues in both stores are the same, except for what depends on when they were written."""
    with Record(store) as record, Record(other_store) as alone_record:
        name = history_of(DAILY).publication
        days = plan_period(record, DAILY, *MONTH).frozen[:FROZEN_ALONE]
        pairs = [[list_editions(source, name, day)[0].content for source in (record, alone_record)] for day in days]
    return {"same": all(_bare(content) == _bare(single) for content, single in pairs), "issues": len(pairs)}


def _bare(content: IssueContent) -> IssueContent:
    earlier = tuple(msgspec.structs.replace(issue, digest="") for issue in content.earlier)
    publication = msgspec.structs.replace(content.publication, observed_at=0)
    return msgspec.structs.replace(content, position=0, chain="", earlier=earlier, publication=publication)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "build": build, "year": year, "month": month, "alone": alone, "compare": compare
}  # fmt: skip


def task(*words: str) -> dict[str, Any]:
    """Run a task in a process of its own."""
    result: dict[str, Any] = measure.child("bench.bench_history", *words)
    return result


# ---- the benchmark ---------------------------------------------------------------------------------------


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(os.environ.get(KEEP, folder)) / f"history-{scale:g}.db"
        store_facts = _built(store, scale)
        copies = [Path(folder) / f"{name}.db" for name in ("year", "month", "alone")]
        for copy in copies:
            shutil.copyfile(store, copy)
        annual, monthly, single = (task(copy.stem, str(copy)) for copy in copies)
        comparison = task("compare", str(copies[1]), str(copies[2]))
    if not comparison["same"]:
        raise AssertionError("issues made in one run are not those that are made one by one")
    lines = [
        measure.limit("a year's history", annual["seconds"], SECONDS * max(scale, 0.01), "s"),
        measure.at_most(
            "each issue of a month, against freeze", monthly["seconds"] / monthly["issues"], single["seconds"], 0.25
        ),
        measure.limit("memory of a year's history", annual["memory"] / 1e6, MEMORY / 1e6, "MB"),
        measure.limit("processor time of a year's history", annual["processor"], SECONDS * max(scale, 0.01), "s"),
    ]
    return {"lines": lines, "method": __doc__, "notes": _notes(store_facts, annual, comparison)}


def _built(store: Path, scale: float) -> dict[str, Any]:
    file = store.with_suffix(".json")
    if not file.exists():
        file.write_text(json.dumps(task("build", str(store), str(scale))))
    result: dict[str, Any] = json.loads(file.read_text())
    return result


def _notes(facts: dict[str, Any], annual: dict[str, Any], comparison: dict[str, Any]) -> list[str]:
    counts = ", ".join(f"{count:,} {kind}s" for kind, count in facts["counts"].items())
    return [
        f"the store: {counts}; {facts['bytes'] / 1e6:,.0f} MB; standing learned in {facts['standing']:,.0f} s",
        f"the year: {annual['issues']} issues with {annual['entries']:,} entries,"
        f" {1000 * annual['seconds'] / annual['issues']:,.0f} ms each; {annual['processor']:,.0f} s of one processor",
        f"{comparison['issues']} issues frozen one by one, the same in both",
    ]


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))

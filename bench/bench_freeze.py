"""A daily issue, against the same aggregate as one bare SQL query.

The record is that of bench/made_up.py, three years long. Ours is all of `freeze_issue`: the attention of 90 days'
papers on every network at every age, ranking, entries with posts, digest, batch. The peer, `BARE` in
bench/bench_freeze.py, only counts voices. It ignores closed batches, corrections, bots, doubtful mentions, aliases and
people on two networks, none of which occur here. Its voices must equal ours, row by row. Fresh processes with the store
already open, best of five.
*With `rarity/2`* it also asks who has standing, learned before, and what each place would have cost. *Verifying*
compares the digest and builds the issue again. *Standing* is learned from all posts and mentions, then after one more
batch of 10,000 items, half of them mentions.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec

from bench import made_up, measure
from hotpapers.base import model
from hotpapers.base.model import DAY, HOUR, Publication
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import REFERENCE_DAYS, MeasurementWindow
from hotpapers.discussion.engagement.standing.queries import learn_standing, relearn_standing
from hotpapers.issues.freeze import check_issue, freeze_issue
from hotpapers.issues.windows import scheduled_closing
from hotpapers.record import Record, WrittenBatch
from hotpapers.record.verify import VerifyFinding

KEEP = "HOTPAPERS_BENCH_KEEP"
"""Names a folder where the store is kept between runs: at scale 1, building it takes nearly all the time."""
MEMORY = 300_000_000
AT_ONCE = 100_000
"""Items per batch when building the store: more than in daily use, to build it faster."""
DAILY = Publication(publication="daily", title="Daily", observed_at=0)

MARKS = """
WITH announced AS (
    SELECT paper, min(announced_at) AS at FROM announcement
    WHERE announced_at > :start AND announced_at <= :cut AND type <> 'replacement' GROUP BY paper),
mark AS (
    SELECT paper, age, at + age * :hour AS until
    FROM announced, (SELECT column1 AS age FROM (VALUES (6), (24), (72), (168)))
    WHERE at + age * :hour <= :cut)
"""
"""Every age reached by each paper of the last 90 days; with `bindings`."""
BARE = f"""{MARKS}SELECT i.key, k.age, p.network, count(DISTINCT p.account) + coalesce(sum((
    SELECT s.reposts + s.likes FROM snapshot AS s WHERE s.post = p.post AND s.observed_at <= k.until
    ORDER BY s.observed_at DESC LIMIT 1)), 0)
FROM mark AS k
JOIN identity AS i ON i.id = k.paper
JOIN mention AS m ON m.paper = k.paper AND m.observed_at <= k.until
JOIN post AS p ON p.post = m.post
GROUP BY k.paper, k.age, p.network ORDER BY i.key, k.age, p.network
"""


def day() -> str:
    """The day to freeze: the record's last one."""
    return made_up.day_name(made_up.last_day())


def bindings(day: str) -> dict[str, int]:
    """The query's parameters for an issue of a day."""
    cut = scheduled_closing(DAILY, day)
    return {"cut": cut, "start": cut - REFERENCE_DAYS * DAY, "hour": HOUR}


# ---- what runs in processes of its own -------------------------------------------------------------------


def build(store: str, scale: str) -> dict[str, Any]:
    """Write the record, batch by batch, in the order in which it would have come in."""
    with Record(store) as record:
        batches = made_up.MadeUp(float(scale)).batches(AT_ONCE)
        duration = measure.seconds(lambda: [_write(record, batch) for batch in batches])
        counts = {kind.__name__.lower(): record.count(kind) for kind in KINDS}
        record.database.erase_traces()
        return {"seconds": duration, "counts": counts, "bytes": record.database.size()}


KINDS = (model.Paper, model.Announcement, model.Post, model.Mention, model.Snapshot)


def _write(record: Record, batch: list[model.Item]) -> WrittenBatch:
    return record.append(batch, source="bench", at=max(item.observed_at for item in batch))


def stand(store: str, scale: str, seed: str) -> dict[str, Any]:
    """Learn standing from scratch, then after one more batch."""
    with Record(store) as record:
        result = _learned("all", lambda: relearn_standing(record.database))
        _write(record, made_up.MadeUp(float(scale)).later(made_up.BATCH, seed))
        return result | _learned("more", lambda: learn_standing(record.database))


def _learned(name: str, learn: Callable[[], int]) -> dict[str, Any]:
    rows: list[int] = []
    duration = measure.seconds(lambda: rows.append(learn()))
    return {f"{name}_seconds": duration, f"{name}_rows": rows[0]}


def freeze_day(store: str, name: str, ranking: str) -> dict[str, Any]:
    """Freeze the day's issue of a publication that has none yet."""
    with Record(store) as record:
        publication = Publication(publication=name, title="Daily", ranking=ranking, observed_at=0)
        record.append([publication], source="bench")
        duration = measure.seconds(lambda: freeze_issue(record, publication, day()))
        memory = measure.peak_memory()
        content = freeze_issue(record, publication, day()).content
    priced_entries = sum(entry.price is not msgspec.UNSET for entry in content.entries)
    return {"seconds": duration, "memory": memory, "entries": len(content.entries), "priced": priced_entries}


def verify(store: str, name: str) -> dict[str, Any]:
    """Verify a publication's issue. Raises AssertionError if it fails."""
    with Record(store) as record:
        rows = record.view().latest(model.Issue, "t.publication = ?", (name,))
        (issue,) = (row.item for row in rows)
        flaws: list[VerifyFinding] = []
        duration = measure.seconds(lambda: flaws.extend(check_issue(record, issue)))
    if flaws:
        raise AssertionError(flaws[0])
    return {"seconds": duration, "memory": measure.peak_memory()}


def peer(store: str) -> dict[str, Any]:
    """Run the bare query and fetch its rows."""
    connection = apsw.Connection(store)
    return {"seconds": measure.seconds(lambda: connection.execute(BARE, bindings(day())).fetchall())}


def compare(store: str) -> dict[str, Any]:
    """Whether both agree on every paper, age and network."""
    plain = list(apsw.Connection(store).execute(BARE, bindings(day())))
    with Record(store) as record:
        view = record.view(bindings(day())["cut"])
        own = [(h.paper, h.age, h.network, h.voices) for h in read_engagement(view, MeasurementWindow()) if h.peer]
    return {"same": own == plain, "rows": len(plain)}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "build": build, "stand": stand, "freeze_day": freeze_day, "verify": verify, "peer": peer, "compare": compare
}  # fmt: skip


# ---- the benchmark ---------------------------------------------------------------------------------------


class RankedFreezes:
    """Freeze and verify with a ranking, each in a process of its own. `taken`: their results."""

    def __init__(self, store: str, ranking: str) -> None:
        self._store, self._ranking = store, ranking
        self._names = (f"daily-{os.getpid()}-{ranking.replace('/', '-')}-{n}" for n in itertools.count())
        self._last = ""
        self.measurements: list[dict[str, Any]] = []

    def freeze(self) -> float:
        """Seconds to freeze the next one."""
        self._last = next(self._names)
        return self._keep(task("freeze_day", self._store, self._last, self._ranking))

    def verify(self) -> float:
        """Seconds to verify the last one."""
        return self._keep(task("verify", self._store, self._last))

    def _keep(self, result: dict[str, Any]) -> float:
        self.measurements.append(result)
        return float(result["seconds"])

    @property
    def megabytes(self) -> float:
        """Peak memory."""
        return float(max(result["memory"] for result in self.measurements) / 1e6)


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(os.environ.get(KEEP, folder)) / f"freeze-{scale:g}.db"
        store_facts = _built(store, scale)
        standing = task("stand", str(store), str(scale), str(os.getpid()))
        plain, vouched = RankedFreezes(str(store), "rarity/1"), RankedFreezes(str(store), "rarity/2")
        bare, *times = measure.by_turns(
            5, lambda: float(task("peer", str(store))["seconds"]),
            plain.freeze, vouched.freeze, plain.verify, vouched.verify,
        )  # fmt: skip
        comparison = task("compare", str(store))
    if not comparison["same"]:
        raise AssertionError("freezing and the bare query do not say the same")
    lines = [
        *_lines(bare, times, standing),
        measure.limit("memory of freezing and verifying it", plain.megabytes, MEMORY / 1e6, "MB"),
        measure.limit("the same with rarity/2", vouched.megabytes, MEMORY / 1e6, "MB"),
    ]
    notes = [_sizes(store_facts), _same(comparison), _standing(standing), _priced(vouched.measurements[0])]
    return {"lines": lines, "method": __doc__, "notes": notes}


def _lines(bare: float, times: list[float], standing: dict[str, Any]) -> list[dict[str, Any]]:
    plain, vouched, plain_again, vouched_again = times
    return [
        measure.at_most("freezing an issue", plain, bare, 1.5),
        measure.at_most("freezing it with rarity/2, against rarity/1", vouched, plain, 1.5),
        measure.at_most("verifying it with rarity/2, against rarity/1", vouched_again, plain_again, 1.5),
        measure.at_most("verifying it with rarity/1, against freezing", plain_again, plain, None),
        measure.at_most("standing from nothing, against freezing with rarity/1", standing["all_seconds"], plain, None),
        measure.at_most("standing after one more batch, against freezing", standing["more_seconds"], plain, None),
    ]


def _built(store: Path, scale: float) -> dict[str, Any]:
    file = store.with_suffix(".json")
    if not file.exists():
        file.write_text(json.dumps(task("build", str(store), str(scale))))
    facts: dict[str, Any] = json.loads(file.read_text())
    return facts


def _sizes(facts: dict[str, Any]) -> str:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in facts["counts"].items())
    return f"the store: {counts}; {facts['bytes'] / 1e9:.2f} GB; written in {facts['seconds']:,.0f} s"


def _standing(standing: dict[str, Any]) -> str:
    return f"standing: learned from {standing['all_rows']:,} rows, then from {standing['more_rows']:,} more"


def _priced(frozen: dict[str, Any]) -> str:
    return f"an issue has {frozen['entries']} entries; with rarity/2, {frozen['priced']} of them with prices"


def _same(comparison: dict[str, Any]) -> str:
    return f"{comparison['rows']:,} counts of (paper, age, network), the same in both"


def task(name: str, *words: str) -> dict[str, Any]:
    """Run a task in a process of its own, so that its memory can be measured."""
    result: dict[str, Any] = measure.child("bench.bench_freeze", name, *words)
    return result


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))

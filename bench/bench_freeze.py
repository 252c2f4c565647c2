"""Freezing a daily issue, against the same aggregate as one bare SQL query.

The store holds the made-up record of bench/made_up.py: at scale 1, a million papers and ten million snapshots of
three years, written by the record itself. Ours is all of `freeze`: the attention of every paper of the last 90 days
on every network at every age, the ranking with its references, the entries with their posts, digest, and the issue
written as a batch. The peer is `BARE`, as one would write it by hand for this very record, over the same file with
the same indexes: no batches that may have been closed, no corrections, no bots, no doubtful mentions, no aliases,
nobody heard on two networks, for here there are none. It tells voices alone, no counts beside them and no archive;
its rows are fetched, and nothing is done with them. That both say the same voices is checked row by row. Each in a
fresh process that opened the store before its time is taken; by turns, the best of five. Memory is the peak of the
freezing process, interpreter and all.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from bench import made_up, measure
from hotpapers import model
from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import REFERENCE_DAYS, MeasurementWindow
from hotpapers.issues.freeze import freeze
from hotpapers.issues.windows import cut_of
from hotpapers.model import DAY, HOUR, Publication
from hotpapers.store import Record, WrittenBatch

KEEP = "HOTPAPERS_BENCH_KEEP"
"""Names a folder in which the store is kept and found again: building it takes minutes."""
MEMORY = 300_000_000
AT_ONCE = 100_000
"""Items of one batch while the store is made: larger than in daily use, for it is made faster so."""
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
"""Every age that each paper of the last 90 days has reached; with `bindings`."""
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
    """The day that is frozen: the last one of the record."""
    return made_up.day_name(made_up.last_day())


def bindings(day: str) -> dict[str, int]:
    """The query's parameters for an issue of a day."""
    cut = cut_of(DAILY, day)
    return {"cut": cut, "start": cut - REFERENCE_DAYS * DAY, "hour": HOUR}


# ---- what runs in processes of its own -------------------------------------------------------------------


def build(store: str, scale: str) -> dict[str, Any]:
    """Writes the record, batch by batch as it would have come in."""
    with Record(store) as record:
        batches = made_up.MadeUp(float(scale)).batches(AT_ONCE)
        taken = measure.seconds(lambda: [_write(record, batch) for batch in batches])
        counts = {kind.__name__.lower(): record.count(kind) for kind in KINDS}
        record.database.erase_traces()
        return {"seconds": taken, "counts": counts, "bytes": record.database.size()}


KINDS = (model.Paper, model.Announcement, model.Post, model.Mention, model.Snapshot)


def _write(record: Record, batch: list[model.Item]) -> WrittenBatch:
    return record.append(batch, source="bench", at=max(item.observed_at for item in batch))


def ours(store: str, name: str) -> dict[str, Any]:
    """Freezes the day's issue of a publication that has none yet."""
    with Record(store) as record:
        publication = Publication(publication=name, title="Daily", observed_at=0)
        record.append([publication], source="bench")
        taken = measure.seconds(lambda: freeze(record, publication, day()))
        content = freeze(record, publication, day()).content
    found = {"seconds": taken, "memory": measure.peak_memory()}
    return found | {"entries": len(content.entries), "considered": content.considered}


def peer(store: str) -> dict[str, Any]:
    """Runs the bare query and fetches its rows."""
    connection = apsw.Connection(store)
    return {"seconds": measure.seconds(lambda: connection.execute(BARE, bindings(day())).fetchall())}


def compare(store: str) -> dict[str, Any]:
    """Whether both say the same of every paper, age and network."""
    plain = list(apsw.Connection(store).execute(BARE, bindings(day())))
    with Record(store) as record:
        view = record.view(bindings(day())["cut"])
        mine = [(h.paper, h.age, h.network, h.voices) for h in read_engagement(view, MeasurementWindow()) if h.peer]
    return {"same": mine == plain, "rows": len(plain)}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"build": build, "ours": ours, "peer": peer, "compare": compare}


# ---- the benchmark ---------------------------------------------------------------------------------------


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(os.environ.get(KEEP, folder)) / f"freeze-{scale:g}.db"
        built = _built(store, scale)
        names = iter(f"daily-{os.getpid()}-{n}" for n in range(100))
        memory: list[int] = []

        def mine() -> float:
            found = task("ours", str(store), next(names))
            memory.append(found["memory"])
            return float(found["seconds"])

        taken, plain = measure.by_turns(5, mine, lambda: float(task("peer", str(store))["seconds"]))
        compared = task("compare", str(store))
    if not compared["same"]:
        raise AssertionError("freezing and the bare query do not say the same")
    megabytes = max(memory) / 1e6
    lines = [
        measure.at_most("freezing an issue", taken, plain, 1.5),
        measure.limit("memory of freezing it", megabytes, MEMORY / 1e6, "MB"),
    ]
    return {"lines": lines, "method": f"{__doc__}\n```sql{BARE}```\n", "notes": [_sizes(built), _same(compared)]}


def _built(store: Path, scale: float) -> dict[str, Any]:
    told = store.with_suffix(".json")
    if not told.exists():
        told.write_text(json.dumps(task("build", str(store), str(scale))))
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def _sizes(built: dict[str, Any]) -> str:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in built["counts"].items())
    return f"the store: {counts}; {built['bytes'] / 1e9:.2f} GB; written in {built['seconds']:,.0f} s"


def _same(compared: dict[str, Any]) -> str:
    return f"{compared['rows']:,} counts of (paper, age, network), the same in both"


def task(name: str, *words: str) -> dict[str, Any]:
    """One of the tasks in a process of its own: its memory is then its own too."""
    found: dict[str, Any] = measure.child("bench.bench_freeze", name, *words)
    return found


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))

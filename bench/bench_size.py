"""Bytes of an item of each kind and of an identity, times a year's number of each.

An item's bytes are the pages of its table and indexes divided by the rows, in a store of the made-up record (with ids,
texts and abstracts of real length), written in batches of 10,000; manifests are divided by all items. A year is `YEAR`:
all of arXiv, one paper in ten discussed in ten posts, each post's counts read ten times, and ten reactions to each of
the half that is on a network that names who reacted. Each paper, post, and author of a post or reaction is an identity,
as if nobody came twice. Originals are kept forever for papers and for 30 days for posts, as by the default settings,
and take `PACKED` bytes, as real ones do when compressed. Nothing is deducted for what `prune` removes, and papers have
one version each.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from bench import measure
from bench.made_up import BATCH, MadeUp
from hotpapers.base.model import DAY, MAX_INTEGER, Item, Post, RawPayload, Reaction
from hotpapers.record import Record, tombstones
from hotpapers.record.parsing import ParsedPayload
from hotpapers.record.raw_archive import RawArchive

SCALE = 0.02
LIMIT = 2_000_000_000
IDENTITY, ORIGINAL = "identity", "raw"
YEAR = {"paper": 300_000, "announcement": 800_000, "post": 300_000, "mention": 300_000, "snapshot": 3_000_000,
        "reaction": 1_500_000}  # fmt: skip
IDENTITIES = sum(YEAR[kind] for kind in ("paper", "post", "post", "reaction"))
"""Identities per year: papers, posts, accounts of posts and of reactions."""
PACKED = 1_080
"""Bytes of an original: the mean of 100 entries from arXiv's API, of 2,306 bytes each, compressed one by one; a post's
are fewer."""
ORIGINALS = 300_000 + 300_000 * 30 // 365
"""A year's papers, and the posts of 30 days."""


def with_reactions(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each post followed by ten accounts' reactions to it."""
    chance = random.Random(1)
    for item in items:
        yield item
        if isinstance(item, Post):
            for _ in range(10):
                account = f"{item.network}:did:plc:{chance.randrange(36**23):024x}"
                at = item.created_at + chance.randrange(DAY)
                yield Reaction(post=item.post, account=account, type="like", observed_at=at)


def keep_originals(record: Record) -> None:
    """A thousand originals of random bytes, which don't compress."""
    chance = random.Random(2)
    archive = RawArchive(record.database, tombstones.load(record.database, record.hasher), "arxiv")
    payloads = (RawPayload("paper", f"2401.{n:05d}", chance.randbytes(PACKED), n) for n in range(1000))
    with record.database.write():
        archive.keep(ParsedPayload(payload, [], keep_for=MAX_INTEGER, problem="") for payload in payloads)


def sizes(store: Path, scale: float) -> tuple[dict[str, float], float]:
    """Bytes per item by kind, per identity, per original, and per item's line in a manifest."""
    items = with_reactions(itertools.chain.from_iterable(MadeUp(scale).batches()))
    with Record(str(store)) as record:
        for batch in iter(lambda: list(itertools.islice(items, BATCH)), []):
            record.append(batch, source="bench")
        keep_originals(record)
        record.database.erase_traces()
    connection = apsw.Connection(str(store))
    pages = """SELECT m.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS m ON m.name = d.name
        WHERE d.aggregate = 1 GROUP BY m.tbl_name"""
    bytes_of = {str(name): int(size) for name, size in connection.execute(pages)}
    rows = {
        name: next(iter(connection.execute(f"SELECT count(*) FROM {name}")))[0] for name in (*YEAR, IDENTITY, ORIGINAL)
    }
    count_of_items = sum(rows[kind] for kind in YEAR)
    return {name: bytes_of[name] / count for name, count in rows.items()}, bytes_of["batch"] / count_of_items


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        cost, manifest_line = sizes(Path(folder) / "size.db", SCALE * scale)
    year = {kind: count * (cost[kind] + manifest_line) for kind, count in YEAR.items()}
    identities = IDENTITIES * cost[IDENTITY]
    originals = ORIGINALS * cost[ORIGINAL]
    total = sum(year.values()) + identities + originals
    products = [f"{kind} {cost[kind]:,.0f} × {YEAR[kind]:,}" for kind in year]
    products += [f"identity {cost[IDENTITY]:,.0f} × {IDENTITIES:,}", f"original {cost[ORIGINAL]:,.0f} × {ORIGINALS:,}"]
    notes = [
        f"bytes × a year's number: {'; '.join(products)}; and for each item {manifest_line:,.0f} in a manifest",
        f"each later version of a paper: {cost['paper'] + manifest_line + cost[ORIGINAL]:,.0f} bytes more",
    ]
    line = measure.limit("a year of all of arXiv, forecast", total / 1e6, LIMIT / 1e6, "MB")
    return {"lines": [line], "method": __doc__, "notes": notes}

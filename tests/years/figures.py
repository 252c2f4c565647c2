"""What the simulated years measured, and what a full-size site therefore needs: a table with its arithmetic.

Bytes per row are the pages of a table and all its indexes, divided by its rows; bytes per batch are those of the
batch's own row, without what its items add. Both come from the simulation's store. Counts at full size are assumptions,
each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw

YEARS = 2
WORKDAYS = 250
"""Days with an announcement per year."""
STORE, MEMORY = 8_000_000_000, 1_000
"""Limits: bytes of the store, megabytes of memory."""


class Assumption(NamedTuple):
    """How many of something a full-size site has per year, and why."""

    subject: str
    per_year: int
    reason: str


PAPERS = 300_000
BOT_POSTS = 365 * 1_000
HUMAN_POSTS = 300_000
POSTS = BOT_POSTS + HUMAN_POSTS
LISTED_PAPERS = WORKDAYS * 50
"""Papers on Hugging Face's daily lists."""
ROWS = (
    Assumption("paper", round(PAPERS * 1.25), "a thousand new ones a day; one in four gets a second version"),
    Assumption("announcement", 800_000, "new ones, cross-lists and replacements, one for each archive"),
    Assumption("post", POSTS + HUMAN_POSTS, "as below; people's once more with the name from the view"),
    Assumption("mention", POSTS, "365,000 by bots, 300,000 by people: ten posts about one paper in ten"),
    Assumption("account", 100_000, "one for every three posts of people"),
    Assumption("snapshot", HUMAN_POSTS * 4 + LISTED_PAPERS * 40, "four a post; for listed papers 40 in three days"),
    Assumption("reaction", HUMAN_POSTS, "a reply or quote for each post of people"),
    Assumption("verdict", 20_000, "bots, campaigns, accounts that left"),
    Assumption("coverage", 365 * 480, "each network every quarter of an hour at most"),
    Assumption("shown", WORKDAYS * 400 + 64 * 1_000, "five posts of each entry, three publications"),
    Assumption("issue", WORKDAYS + 52 + 12, "three publications; each issue 20 times as large as in the simulation"),
)
ISSUE_FACTOR = 20
BATCHES = (
    Assumption("bluesky", POSTS + HUMAN_POSTS + 365 * (288 + 96), "one post, reply or quote; else every five minutes"),
    Assumption("bluesky/counts", HUMAN_POSTS * 4 // 10, "25 posts in each at most"),
    Assumption("other networks", 365 * (144 + 96 + 48 + 48 + 24), "one a round, and one for its coverage"),
    Assumption("their counts", LISTED_PAPERS * 4 + WORKDAYS * (30 * 20 + 30 * 4), "one a post"),
    Assumption("arxiv", WORKDAYS * 120, "feeds, papers by the hundred, listings"),
)
RAW_PAYLOADS = Assumption("raw payloads of arXiv", round(PAPERS * 1.25), "a paper and its versions, forever")
BOUNDED = (
    Assumption("other raw payloads", (POSTS + LISTED_PAPERS * 40) * 30 // 365, "those of 30 days"),
    Assumption("followed posts", HUMAN_POSTS * 60 // 365, "those of 60 days"),
)
"""Kinds whose number is bounded, as old ones expire."""
MEASURED_BYTES = {"paper": 2_088, "raw payloads of arXiv": 1_330}
"""Bytes of what is larger in reality than with short made-up texts: a row as `make bench` measures it; and a compressed
answer from arXiv (1,083 bytes on average over 157 recorded ones) plus a raw payload's overhead."""


class Line(NamedTuple):
    """A line of the table: bytes of one item, how many items there are in two years, and why."""

    subject: str
    bytes_each: float
    quantity: int
    reason: str

    @property
    def bytes(self) -> int:
        """Bytes of all of them."""
        return round(self.bytes_each * self.quantity)


class Store:
    """The pages of a store."""

    def __init__(self, file: Path) -> None:
        self._connection = apsw.Connection(str(file), apsw.SQLITE_OPEN_READONLY)
        pages = """SELECT m.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS m ON m.name = d.name
            WHERE d.aggregate = 1 GROUP BY m.tbl_name"""
        self.pages = {str(name): int(size) for name, size in self._connection.execute(pages)}

    def value(self, sql: str) -> float:
        """The single value that a query returns."""
        return float(self._connection.execute(sql).get or 0)

    def bytes_per_row(self, table: str) -> float:
        """Bytes per row of a table."""
        return self.pages[table] / max(self.value(f"SELECT count(*) FROM {table}"), 1)

    def batch_bytes(self) -> tuple[float, float]:
        """Bytes of a batch without items, and of an item in one."""
        sizes = "length(manifest) + length(chain) + length(coalesce(cursor, '')) + 40"
        batch_size = 1.1 * self.value(f"SELECT avg({sizes}) FROM batch WHERE items < 2")
        batch_count, items = self.value("SELECT count(*) FROM batch"), self.value("SELECT sum(items) FROM batch")
        return batch_size, max(self.pages["batch"] - batch_count * batch_size, 0) / max(items, 1)


def lines(store: Store) -> Iterator[Line]:
    """What makes up a full-size store after two years."""
    batch_size, item_size = store.batch_bytes()
    for assumption in ROWS:
        factor = ISSUE_FACTOR if assumption.subject == "issue" else 1
        bytes_each = MEASURED_BYTES.get(assumption.subject, store.bytes_per_row(assumption.subject) * factor)
        yield Line(assumption.subject, bytes_each + item_size, assumption.per_year * YEARS, assumption.reason)
    for assumption in BATCHES:
        yield Line(f"batches of {assumption.subject}", batch_size, assumption.per_year * YEARS, assumption.reason)
    bytes_each = MEASURED_BYTES[RAW_PAYLOADS.subject]
    yield Line(RAW_PAYLOADS.subject, bytes_each, RAW_PAYLOADS.per_year * YEARS, RAW_PAYLOADS.reason)
    for assumption, table in zip(BOUNDED, ("raw", "recount"), strict=True):
        yield Line(assumption.subject, store.bytes_per_row(table), assumption.per_year, assumption.reason)


def table(store: Store) -> Iterator[str]:
    """The table in Markdown."""
    yield "| what | bytes each | in two years | MB | why so many |"
    yield "| --- | --- | --- | --- | --- |"
    for line in lines(store):
        numbers = f"{line.bytes_each:,.0f} | {line.quantity:,} | {line.bytes / 1e6:,.0f}"
        yield f"| {line.subject} | {numbers} | {line.reason} |"
    yield f"| **all** | | | **{total(store) / 1e6:,.0f}** | the limit is {STORE / 1e6:,.0f} |"


def total(store: Store) -> int:
    """Bytes of a full-size store after two years."""
    return sum(line.bytes for line in lines(store))

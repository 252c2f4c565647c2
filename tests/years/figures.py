"""What the simulated years measured, and what a full-size site needs according to it: a table with its arithmetic.

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


class Assumed(NamedTuple):
    """How many of something a full-size site has per year, and why."""

    what: str
    a_year: int
    why: str


PAPERS = 300_000
PROGRAMS = 365 * 1_000
PEOPLE = 300_000
POSTS = PROGRAMS + PEOPLE
LISTED = WORKDAYS * 50
"""Papers on Hugging Face's daily lists."""
ROWS = (
    Assumed("paper", round(PAPERS * 1.25), "a thousand new ones a day; one in four gets a second version"),
    Assumed("announcement", 800_000, "new ones, cross-lists and replacements, one for each archive"),
    Assumed("post", POSTS + PEOPLE, "as below; people's once more with the name that the view tells"),
    Assumed("mention", POSTS, "365,000 by programs, 300,000 by people: one paper in ten in ten posts"),
    Assumed("account", 100_000, "one for each three posts of people"),
    Assumed("snapshot", PEOPLE * 4 + LISTED * 40, "four a post; on Hugging Face's lists 40 in three days"),
    Assumed("reaction", PEOPLE, "a reply or quote for each post of people"),
    Assumed("verdict", 20_000, "programs, choirs, accounts that left"),
    Assumed("coverage", 365 * 480, "each network each quarter of an hour at most"),
    Assumed("shown", WORKDAYS * 400 + 64 * 1_000, "five posts of each entry, three publications"),
    Assumed("issue", WORKDAYS + 52 + 12, "three publications; each 20 times as large as here"),
)
ISSUES_LARGER = 20
BATCHES = (
    Assumed("bluesky", POSTS + PEOPLE + 365 * (288 + 96), "a post, reply or quote in each; else every five minutes"),
    Assumed("bluesky/counts", PEOPLE * 4 // 10, "25 posts in each at most"),
    Assumed("other networks", 365 * (144 + 96 + 48 + 48 + 24), "one a round, and one that says so"),
    Assumed("their counts", LISTED * 4 + WORKDAYS * (30 * 20 + 30 * 4), "one a post"),
    Assumed("arxiv", WORKDAYS * 120, "feeds, papers by the hundred, listings"),
)
ORIGINALS = Assumed("originals of arXiv", round(PAPERS * 1.25), "a paper and its versions, for ever")
KEPT = (
    Assumed("other originals", (POSTS + LISTED * 40) * 30 // 365, "those of 30 days"),
    Assumed("followed posts", PEOPLE * 60 // 365, "those of 60 days"),
)
"""Kinds whose number is bounded, as old ones expire."""
REAL = {"paper": 2_088, "originals of arXiv": 1_330}
"""Bytes of what is larger in reality than with made-up short texts: a row as `make bench` measures it; and a packed
answer from arXiv (1,083 bytes on average over 157 recorded ones) plus an original's overhead."""


class Line(NamedTuple):
    """A line of the table: bytes of one item, how many in two years, and why so many."""

    what: str
    each: float
    many: int
    why: str

    @property
    def bytes(self) -> int:
        """Bytes of all of them."""
        return round(self.each * self.many)


class Store:
    """The pages of a store."""

    def __init__(self, file: Path) -> None:
        self._connection = apsw.Connection(str(file), apsw.SQLITE_OPEN_READONLY)
        pages = """SELECT m.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS m ON m.name = d.name
            WHERE d.aggregate = 1 GROUP BY m.tbl_name"""
        self.pages = {str(name): int(size) for name, size in self._connection.execute(pages)}

    def one(self, sql: str) -> float:
        """The single value that a query returns."""
        return float(self._connection.execute(sql).get or 0)

    def each(self, table: str) -> float:
        """Bytes per row of a table."""
        return self.pages[table] / max(self.one(f"SELECT count(*) FROM {table}"), 1)

    def batch(self) -> tuple[float, float]:
        """Bytes of a batch without items, and of an item in one."""
        sizes = "length(manifest) + length(chain) + length(coalesce(cursor, '')) + 40"
        small = 1.1 * self.one(f"SELECT avg({sizes}) FROM batch WHERE items < 2")
        whole, items = self.one("SELECT count(*) FROM batch"), self.one("SELECT sum(items) FROM batch")
        return small, max(self.pages["batch"] - whole * small, 0) / max(items, 1)


def lines(store: Store) -> Iterator[Line]:
    """What makes up a full-size store after two years."""
    empty, listed = store.batch()
    for rows in ROWS:
        larger = ISSUES_LARGER if rows.what == "issue" else 1
        each = REAL.get(rows.what, store.each(rows.what) * larger)
        yield Line(rows.what, each + listed, rows.a_year * YEARS, rows.why)
    for batches in BATCHES:
        yield Line(f"batches of {batches.what}", empty, batches.a_year * YEARS, batches.why)
    yield Line(ORIGINALS.what, REAL[ORIGINALS.what], ORIGINALS.a_year * YEARS, ORIGINALS.why)
    for kept, table in zip(KEPT, ("raw", "recount"), strict=True):
        yield Line(kept.what, store.each(table), kept.a_year, kept.why)


def table(store: Store) -> Iterator[str]:
    """The table in Markdown."""
    yield "| what | bytes each | in two years | MB | why so many |"
    yield "| --- | --- | --- | --- | --- |"
    for line in lines(store):
        yield f"| {line.what} | {line.each:,.0f} | {line.many:,} | {line.bytes / 1e6:,.0f} | {line.why} |"
    yield f"| **all** | | | **{total(store) / 1e6:,.0f}** | the limit is {STORE / 1e6:,.0f} |"


def total(store: Store) -> int:
    """Bytes of a full-size store after two years."""
    return sum(line.bytes for line in lines(store))

"""A search as one SQL statement, to fetch a page and count the total."""

from __future__ import annotations

from typing import Any, NamedTuple

from hotpapers.record.database import Database, first_value

COUNT_LIMIT = 1_000
"""The total is counted up to this: counting everything takes a good part of the time that finding the best does."""
MAX_HIT_OFFSET = 100_000
"""The deepest hit that can be paged to."""
NOTHING = "CAST(0 AS double precision)"
"""The score in an unranked search."""


class SearchStatement(NamedTuple):
    """A SELECT in parts: `WITH {context} SELECT {number}, {score} FROM {source} WHERE {where} ORDER BY {order}`."""

    number: str
    score: str
    source: str
    where: str
    order: str
    params: tuple[Any, ...]
    context: str = ""

    def best(self, database: Database, limit: int, start: int = 0) -> dict[int, float]:
        """The scores of the best rows by row number, in order."""
        sql = f"{self.context}SELECT {self.number}, {self.score} FROM {self.source} WHERE {self.where}"
        window = f" ORDER BY {self.order} LIMIT {int(limit)} OFFSET {int(start)}"
        return dict(database.rows(sql + window, self.params))

    def page(self, database: Database, limit: int, start: int) -> ResultPage:
        """One page, and the total."""
        hits = self.best(database, limit, start)
        total = start + len(hits)
        if len(hits) == limit or (start and not hits):
            rows = f"SELECT 1 FROM {self.source} WHERE {self.where} LIMIT {max(COUNT_LIMIT, total) + 1}"
            total = first_value(database, f"{self.context}SELECT count(*) FROM ({rows}) AS found", self.params)
        return ResultPage(hits, start, total)


class ResultPage(NamedTuple):
    """The scores of one page by row number, in order; the number of hits before it; the total, as far as counted."""

    found: dict[int, float]
    start: int
    counted: int

    @property
    def totals(self) -> dict[str, Any]:
        """`total`, `exact` and `next` of an answer."""
        after = self.start + len(self.found)
        total = min(self.counted, max(COUNT_LIMIT, after))
        follows = bool(self.found) and after < self.counted and after <= MAX_HIT_OFFSET
        return {"total": total, "exact": total == self.counted, "next": str(after) if follows else None}

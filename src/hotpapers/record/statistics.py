"""A store's figures."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.model import DAY, Issue
from hotpapers.record import schema
from hotpapers.record.database import Database, first_value
from hotpapers.record.item_rows import SPECS
from hotpapers.record.record import Record

MIN_FORECAST_TIME = 28 * DAY
"""A forecast needs batches written over at least this long: the first ones have a week read back."""


class StoreStatistics(NamedTuple):
    """A store's figures. `items`: open rows by kind. `size`, `year_forecast`: bytes; None if the store is too new.

    `forgotten`: forgotten keys plus rows that lost words. `reports`: open reports from readers."""

    store: str
    database: str
    schema: int
    size: int
    batches: int
    items: dict[str, int]
    issues: int
    publications: int
    raw: int
    quarantine: int
    forgotten: int
    last_at: int | None
    year_forecast: int | None
    reports: int


def store_statistics(record: Record) -> StoreStatistics:
    """The current figures of a store."""
    database = record.database
    items = {spec.kind: record.count(spec.type) for spec in SPECS.values()}
    first, last = written_between(database)
    size = database.size()
    duration = 0 if first is None or last is None else last - first
    # forgotten keys plus rows that lost words; a publication has one row per change of its settings
    lost = [f"{spec.kind} WHERE redacted IS NOT NULL" for spec in SPECS.values() if spec.words]
    return StoreStatistics(
        store=database.where,
        database=database.name,
        schema=len(schema.MIGRATIONS),
        size=size,
        batches=record.head.position,
        items=items,
        issues=items["issue"],
        publications=first_value(database, "SELECT count(DISTINCT publication) FROM publication WHERE until = 0"),
        raw=_count(record, "raw"),
        quarantine=_count(record, "quarantine"),
        forgotten=sum(_count(record, rows) for rows in ("identity WHERE commitment IS NOT NULL", *lost)),
        last_at=last,
        year_forecast=size * 365 * DAY // duration if duration >= MIN_FORECAST_TIME else None,
        reports=_count(record, "report WHERE closed_at = 0"),
    )


class StoreTotals(NamedTuple):
    """The figures that are cheap to get even in a large store."""

    size: int
    batches: int
    issues: int
    quarantine: int


def store_totals(record: Record) -> StoreTotals:
    """A few current figures of a store, for callers that ask every few seconds."""
    return StoreTotals(record.database.size(), record.head.position, record.count(Issue), _count(record, "quarantine"))


def written_between(database: Database) -> tuple[int | None, int | None]:
    """When the first and the last batch were written, µs UTC. Searches only the hundred batches at either end, because
    the table is long and clocks are rarely set back."""
    query = "(SELECT {}(at) FROM (SELECT at FROM batch ORDER BY position {} LIMIT 100) AS b)"
    return database.rows(f"SELECT {query.format('min', 'ASC')}, {query.format('max', 'DESC')}")[0]


def _count(record: Record, rows: str) -> int:
    """The number of rows. `rows`: a table, and which of its rows."""
    return int(first_value(record.database, f"SELECT count(*) FROM {rows}"))

"""What is in a store, in figures."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.model import DAY
from hotpapers.record import schema
from hotpapers.record.items import SPECS
from hotpapers.record.store import Record

LEAST_TIME = DAY
"""A forecast rests on batches written over at least this long."""


class Status(NamedTuple):
    """A store's figures. `items`: open rows by kind. `size`, `year_forecast`: bytes; no forecast from too little time.

    `forgotten`: rows of which parts were forgotten.
    """

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


def status(record: Record) -> Status:
    """The figures of a store as it is now."""
    database = record.database
    items = {spec.kind: record.count(spec.type) for spec in SPECS.values()}
    first, last = database.rows("SELECT min(at), max(at) FROM batch")[0]
    size = database.size()
    return Status(
        store=database.where, database=database.name, schema=len(schema.MIGRATIONS), size=size,
        batches=record.head.position, items=items, issues=items["issue"], publications=items["publication"],
        raw=_count(record, "raw"), quarantine=_count(record, "quarantine"), forgotten=_forgotten(record),
        last_at=last, year_forecast=_forecast(size, first, last),
    )  # fmt: skip


def _count(record: Record, table: str) -> int:
    return int(record.database.rows(f"SELECT count(*) FROM {table}")[0][0])


def _forgotten(record: Record) -> int:
    """Rows of which parts were forgotten."""
    return sum(
        int(record.database.rows(f"SELECT count(*) FROM {spec.kind} WHERE lost IS NOT NULL")[0][0])
        for spec in SPECS.values()
        if spec.personal
    )


def _forecast(size: int, first: int | None, last: int | None) -> int | None:
    if first is None or last is None or last - first < LEAST_TIME:
        return None
    return size * 365 * DAY // (last - first)

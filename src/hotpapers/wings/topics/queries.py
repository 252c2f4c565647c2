"""The wing's own SQL: the notes about weeks whose topics were frozen."""

from __future__ import annotations

from hotpapers.record import Record
from hotpapers.wings.topics.finding import METHOD


def noted_weeks(record: Record, publication: str) -> dict[str, str]:
    """The digests of the weeks of a publication that were frozen, by week."""
    prefix = f"{METHOD} {publication} "
    sql = "SELECT name, value FROM meta WHERE substr(name, 1, ?) = ? ORDER BY name"
    rows = record.database.rows(sql, (len(prefix), prefix))
    return {name.removeprefix(prefix): str(digest) for name, digest in rows}

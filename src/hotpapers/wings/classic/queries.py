"""Queries of the wing: imported listings, and the posts in them."""

from __future__ import annotations

from hotpapers.base.grouping import sets_by_key
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import first_column
from hotpapers.record.identities import key_of
from hotpapers.record.record import Record


def known_files(record: Record, name: str, day: str) -> set[str]:
    """SHA-256 of the files imported before for a day."""
    sql = "SELECT file FROM listing WHERE publication = ? AND day = ? AND until = 0"
    return set(first_column(record.database, sql, (name, day)))


LISTED = "SELECT l.post FROM mention AS l WHERE l.form = 'listed'"


def papers_of_listed(view: AsOfView) -> dict[str, set[str]]:
    """The papers that each listed post is listed under or links."""
    sql = f"""SELECT {key_of("t.post")}, {key_of("t.paper")} FROM mention AS t
        WHERE {view.visible("t")} AND t.form <> 'title' AND t.post IN ({LISTED})"""
    return sets_by_key(view.database.iterate(sql))


def listings_observed(view: AsOfView) -> tuple[int, int]:
    """When the first and the last imported listing were observed, µs UTC. There must be at least one."""
    sql = f"SELECT min(t.observed_at), max(t.observed_at) FROM listing AS t WHERE {view.visible('t')}"
    first, last = view.database.rows(sql)[0]
    return int(first), int(last)

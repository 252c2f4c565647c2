"""The SQL of lanes: posts by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import Mention, Post
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import placeholders
from hotpapers.record.identities import key_of
from hotpapers.record.item_rows import SPECS, StoredRow, columns_with_commitments, read_with_commitments


def numbered_posts(view: AsOfView, numbers: Sequence[int]) -> Iterator[tuple[str, StoredRow]]:
    """Posts by number, each with a paper that it names, the earliest first."""
    spec = SPECS[Post]
    sql = f"""SELECT {key_of("m.paper")}, {columns_with_commitments(spec, "p")} FROM post AS p
        JOIN mention AS m ON m.post = p.post AND {view.visible("m")} AND {view.newest(SPECS[Mention], "m")}
        WHERE p.post IN ({placeholders(numbers)}) AND {view.visible("p")} AND {view.newest(spec, "p")}
        ORDER BY p.created_at, p.post"""
    for paper, *row in view.database.iterate(sql, numbers):
        yield paper, read_with_commitments(spec, row)

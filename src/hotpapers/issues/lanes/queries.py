"""The SQL of lanes: posts by number, numbers by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import Mention, Post
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import Database, placeholders, slices
from hotpapers.record.identities import key_of, numbers_of
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


def numbers_in(database: Database, keys: Sequence[str]) -> frozenset[int]:
    """The numbers of keys that the record knows."""
    return frozenset(number for batch in slices(keys) for (number,) in database.rows(numbers_of(batch), batch))


def keys_in(database: Database, numbers: Sequence[int]) -> dict[int, str]:
    """The keys of numbers, without those that are forgotten."""
    sql = "SELECT i.id, i.key FROM identity AS i WHERE i.id IN ({}) AND i.commitment IS NULL"
    return {
        number: key
        for batch in slices(numbers)
        for number, key in database.rows(sql.format(placeholders(batch)), batch)
    }

"""A store that follows another by its full exports forgets with it: what the other forgot is overwritten here too.

The lines of batches that are here already are looked through for parts that were forgotten since; when the batch that
forgot them comes, they take the place of the whole rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hotpapers.engagement import queries as engagement_queries
from hotpapers.store import batches, manifest
from hotpapers.store.database import Database
from hotpapers.store.item_rows import BY_KIND, PreparedRow
from hotpapers.store.manifest import Label, Seal


class RemainingRow(NamedTuple):
    """What is left of a row: how the manifest names it now, and the row."""

    label: Label
    made: PreparedRow


class RowRedactions:
    """What is left of rows of earlier batches, by position and index, until the batch comes that forgot them."""

    def __init__(self) -> None:
        self._left: dict[int, dict[int, RemainingRow]] = defaultdict(dict)
        self.rows = 0

    def note(self, position: int, index: int, left: RemainingRow) -> None:
        """A row of a batch that is here already, as the export has it now."""
        self._left[position][index] = left

    def apply(self, database: Database, forgotten: Iterable[Seal]) -> None:
        """Overwrites the rows that a batch forgot. Call inside `write()`."""
        named: dict[int, list[int]] = defaultdict(list)
        for position, index, _ in forgotten:
            if index in self._left.get(position, ()):
                named[position].append(index)
        for position, indices in named.items():
            listed = batches.load_manifest(database, position)
            left = {index: self._left[position].pop(index) for index in indices}
            for index, one in left.items():
                _overwrite(database, listed.labels[index], position, one.made)
                self.rows += 1
            names = {index: row.label for index, row in left.items()}
            batches.save_manifest(database, position, manifest.relabelled(listed, names))


def _overwrite(database: Database, label: Label, position: int, made: PreparedRow) -> None:
    """A row's values by those that are left, whatever it was called."""
    kind, *key = label
    spec = BY_KIND[str(kind)]
    columns = [*spec.fields, *(name for name, _ in spec.derived), "salt", "lost", "origin"]
    names: Sequence[str] = [spec.fields[i] for i in (*spec.key, spec.observed)]
    where = " AND ".join(f'"{name}" = ?' for name in names)
    change = ", ".join(f'"{name}" = ?' for name in columns)
    database.run(f"UPDATE {spec.kind} SET {change} WHERE {where} AND since = ?", (*made.row, *key, position))
    engagement_queries.forget_posts(
        database, [str(value) for name, value in zip(names, key, strict=True) if name == "post"]
    )

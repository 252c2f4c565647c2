"""A store that follows another by its full exports forgets with it: what the other forgot is overwritten here too.

The lines of batches that are here already are looked through for identities, and parts of rows, that were forgotten
since; when the batch that forgot them comes, they take the place of what is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hotpapers.engagement import queries as engagement_queries
from hotpapers.store import batches, identities
from hotpapers.store.database import Database
from hotpapers.store.identities import IdentityRow
from hotpapers.store.item_rows import SPECS, PreparedRow
from hotpapers.store.manifest import Erased, Pair, Seal
from hotpapers.transfer.jsonl.lines import NumberedLine


class LaterRedactions:
    """What is left of rows and identities of earlier batches, by position and index, until the batch comes that forgot
    them. `rows` and `keys`: how many rows, and how many identities, were overwritten."""

    def __init__(self) -> None:
        self._lines: dict[Pair, NumberedLine] = {}
        self._identities: dict[Pair, IdentityRow] = {}
        self.rows = self.keys = 0

    def note_row(self, pair: Pair, line: NumberedLine) -> None:
        """A row of a batch that is here already, as the export has it now."""
        self._lines[pair] = line

    def note_identity(self, pair: Pair, row: IdentityRow) -> None:
        """An identity of such a batch, as the export has it now."""
        self._identities[pair] = row

    def erase(self, database: Database, erased: Iterable[Erased]) -> None:
        """Overwrites the identities that a batch forgot. Call inside `write()`."""
        for position, index, pseudonym in erased:
            left = self._identities.pop((position, index), None)
            if left is None or left.commitment is None:
                continue
            number = batches.load_manifest(database, position).identities[0] + index
            engagement_queries.forget_posts(database, [row.key for row in identities.between(database, number, 1)])
            identities.overwrite(database, [(number, pseudonym, left.commitment)])
            self.keys += 1

    def apply(
        self,
        database: Database,
        forgotten: Iterable[Seal],
        made: Callable[[Sequence[NumberedLine]], Iterable[PreparedRow]],
    ) -> None:
        """Overwrites the rows that a batch forgot, when identities are. Call inside `write()`."""
        pairs = [(position, index) for position, index, _ in forgotten if (position, index) in self._lines]
        rows = made([self._lines.pop(pair) for pair in pairs])
        for (position, index), row in zip(pairs, rows, strict=True):
            _, number = list(batches.load_manifest(database, position).rows())[index]
            _overwrite(database, number, row)
        self.rows += len(pairs)


def _overwrite(database: Database, number: int, made: PreparedRow) -> None:
    """A row's values by those that are left."""
    spec = SPECS[type(made.item)]
    change = ", ".join(f'"{name}" = ?' for name in spec.columns[:-2])
    database.run(f"UPDATE {spec.kind} SET {change} WHERE id = ?", (*made.row, number))

"""A store that is updated from another's full exports also forgets what the other forgot.

In batches that are already here, identities and rows that were forgotten since are noted. When the batch that forgot
them is imported, they overwrite what is stored here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hotpapers.engagement import queries as engagement_queries
from hotpapers.model import Post
from hotpapers.search import indexing
from hotpapers.store import batches, identities, reader_reports
from hotpapers.store.database import Database
from hotpapers.store.identities import Identity, IdentityRow
from hotpapers.store.item_rows import SPECS, PreparedRow
from hotpapers.store.manifest import ErasedIdentity, Pair, Remainder
from hotpapers.store.tombstones import ForgottenNames, names_of
from hotpapers.transfer.jsonl.lines import NumberedLine


class LaterRedactions:
    """The remaining content of rows and identities of earlier batches, by position and index, until the batch that
    forgot them is imported. `rows`, `keys`: numbers of rows and identities overwritten."""

    def __init__(self) -> None:
        self._lines: dict[Pair, NumberedLine] = {}
        self._identities: dict[Pair, IdentityRow] = {}
        self._pseudonyms: dict[str, Pair] = {}
        self.rows = self.keys = 0

    def note_row(self, pair: Pair, line: NumberedLine) -> None:
        """Note a row of a batch that is already here, as it is in the export."""
        self._lines[pair] = line

    def note_identity(self, pair: Pair, row: IdentityRow) -> None:
        """Note an identity of such a batch, as it is in the export."""
        self._identities[pair], self._pseudonyms[row.key] = row, pair

    def known(self, database: Database, keys: Iterable[str]) -> dict[str, Identity]:
        """The identities of pseudonyms that are not stored here yet: all lines use the keys as of the export."""
        pairs = {key: self._pseudonyms[key] for key in keys if key in self._pseudonyms}
        pairs = {key: pair for key, pair in pairs.items() if pair in self._identities}
        numbers = batches.numbers_of_identities(database, pairs.values())
        return {key: Identity(numbers[pair], self._identities[pair].committed) for key, pair in pairs.items()}

    def erase(self, database: Database, erased: Iterable[ErasedIdentity]) -> None:
        """Overwrite the identities that a batch forgot, and remove them from working data. Call inside `write()`."""
        left = {(position, index): key for position, index, key in erased if (position, index) in self._identities}
        numbers = batches.numbers_of_identities(database, left)
        rows = [(numbers[pair], key, bytes.fromhex(self._identities.pop(pair).committed)) for pair, key in left.items()]
        keys = [row.key for number, _, _ in rows for row in identities.between(database, number, 1)]
        engagement_queries.forget_posts(database, keys)
        names = ForgottenNames(frozenset(name for key in keys for name in names_of(key)))
        reader_reports.forget(database, set(keys), names.stand_in)
        identities.overwrite(database, rows)
        self.keys += len(rows)

    def apply(
        self,
        database: Database,
        forgotten: Iterable[Remainder],
        prepare: Callable[[Sequence[NumberedLine]], Iterable[PreparedRow]],
    ) -> None:
        """Overwrite the rows that a batch forgot, after the identities. Call inside `write()`."""
        pairs = [(position, index) for position, index, _ in forgotten if (position, index) in self._lines]
        rows = prepare([self._lines.pop(pair) for pair in pairs])
        listed = {position: list(batches.load_manifest(database, position).rows()) for position, _ in pairs}
        posts = set()
        for (position, index), row in zip(pairs, rows, strict=True):
            _overwrite(database, listed[position][index][1], row)
            posts.update([row.item.post] if isinstance(row.item, Post) else [])
        indexing.renew_posts(database, posts)
        self.rows += len(pairs)


def _overwrite(database: Database, number: int, prepared: PreparedRow) -> None:
    """Overwrite a row with its remaining values."""
    spec = SPECS[type(prepared.item)]
    change = ", ".join(f'"{name}" = ?' for name in spec.columns[:-2])
    database.run(f"UPDATE {spec.kind} SET {change} WHERE id = ?", (*prepared.row, number))

"""A store that is updated from another's full exports also forgets what the other forgot.

In batches that are already here, identities and rows that were forgotten since are noted. When the batch that forgot
them is imported, they overwrite what is stored here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hotpapers.base import model
from hotpapers.keep.privacy.forget import erase_beside
from hotpapers.keep.privacy.queries import names_beside
from hotpapers.keep.search import indexing
from hotpapers.keep.transfer import queries
from hotpapers.keep.transfer.jsonl.lines import ExchangeBatch, NumberedLine
from hotpapers.record import batches, identities, item_rows
from hotpapers.record.database import Database
from hotpapers.record.identities import Identity, IdentityRow
from hotpapers.record.manifest import Pair
from hotpapers.record.record import Record
from hotpapers.record.tombstones import ForgottenNames, Tombstones, marks_of, names_of_all


class LaterRedactions:
    """The remaining content of rows and identities of earlier batches, by position and index, until the batch that
    forgot them is imported. `count`: the number of rows and identities overwritten."""

    def __init__(self) -> None:
        self._lines: dict[Pair, NumberedLine] = {}
        self._identities: dict[Pair, IdentityRow] = {}
        self._pseudonyms: dict[str, Pair] = {}
        self.count = 0

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

    def apply(
        self,
        record: Record,
        batch: ExchangeBatch,
        prepare: Callable[[Sequence[NumberedLine]], Iterable[item_rows.PreparedRow]],
    ) -> bool:
        """Overwrite the identities and then the rows that a batch forgot, and remove them from working data and
        raw payloads. False if they don't exist here: the file's earlier batches may have more of them. Call inside
        `write()`."""
        database = record.database
        pseudonyms = {(since, index): key for since, index, key in batch.erased if (since, index) in self._identities}
        pairs = [(since, index) for since, index, _ in batch.forgotten if (since, index) in self._lines]
        rows = batches.rows_at(database, pairs)
        counts = {since: batches.load_manifest(database, since).persons for since, _ in pseudonyms}
        if len(rows) < len(pairs) or any(index >= counts[since] for since, index in pseudonyms):
            return False
        numbers = batches.numbers_of_identities(database, pseudonyms)
        keys = [row.key for pair in pseudonyms for row in identities.between(database, numbers[pair], 1)]
        keys = list(model.distinct([*keys, *filter(None, names_beside(record, keys))]))
        erase_beside(database, keys, _names(record, keys, batch), queries.origins_of_rows(database, rows.values()))
        committed = {pair: bytes.fromhex(self._identities.pop(pair).committed) for pair in pseudonyms}
        identities.overwrite(database, [(numbers[pair], key, committed[pair]) for pair, key in pseudonyms.items()])
        prepared = list(prepare([self._lines.pop(pair) for pair in pairs]))
        for (_, number), row in zip(rows.values(), prepared, strict=True):
            batches.overwrite_row(database, number, row)
        indexing.renew_posts(database, {row.item.post for row in prepared if isinstance(row.item, model.Post)})
        self.count += len(pseudonyms) + len(rows)
        return True


def _names(record: Record, keys: Sequence[str], batch: ExchangeBatch) -> ForgottenNames:
    """The names that a batch forgot: those of the keys, and any others by their tombstones, which takes longer."""
    names = names_of_all(keys)
    others = frozenset(batch.tombstones) - marks_of(record.hasher, keys, names, keys)
    return ForgottenNames(names, Tombstones(record.hasher, others) if others else None)

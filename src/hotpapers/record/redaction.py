"""Rows without words, for exports if a network's terms allow only identifiers to leave the store.

As with forgotten parts, `redacted` contains commitments to the words of a post and the names of an account, so the row
keeps its hash. But the salt is kept: the rest is still covered by that hash, and no batch needs to say that something
is missing (decision 0021). A store that imports such rows remembers their networks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

import msgspec

from hotpapers.base import model
from hotpapers.base.model import keys
from hotpapers.record.commitments import commitment
from hotpapers.record.database import Database
from hotpapers.record.identities import NUMBER, key_of
from hotpapers.record.item_rows import SPECS, KeyedHasher, StoredRow, derived_of, read_row, select_columns
from hotpapers.record.meta import read_meta, write_meta

WORDS: dict[type[model.Item], tuple[str, ...]] = {
    model.Account: ("handle", "name"),
    model.Post: ("text", "links", "handle", "name"),
}
"""What people wrote, and their names."""

_NOTE = "withheld"
"""The name in `meta` of the networks from which the store has rows without words."""


def network_of(item: model.Item) -> str:
    """The network of a post or an account."""
    return keys.network_of(str(getattr(item, type(item).key[0])))


def without_words(item: model.Item) -> model.Item:
    """A post without its words, an account without its names; other items unchanged."""
    words = {name: value for name in WORDS.get(type(item), ()) if (value := getattr(item, name))}
    return msgspec.structs.replace(item, **{name: type(value)() for name, value in words.items()}) if words else item


def redacted_row(row: StoredRow) -> StoredRow:
    """The row without its words, with commitments to them."""
    words = {name: value for name in WORDS.get(type(row.item), ()) if (value := getattr(row.item, name))}
    redacted = {name: commitment(row.salt or b"", value) for name, value in words.items()} | (row.redacted or {})
    in_order_stored = dict(sorted(redacted.items()))
    return row._replace(item=without_words(row.item), redacted=in_order_stored)


class WordRedactor:
    """Removes the words from rows of some networks, and counts these rows by network.

    Posts printed in an imported listing stay whole, as do their authors, or the listing could not be reproduced.
    """

    def __init__(self, database: Database, networks: Collection[str]) -> None:
        self.rows: Counter[str] = Counter()
        self._networks = frozenset(networks)
        self._printed = _printed(database) if networks else frozenset()

    def row(self, row: StoredRow) -> StoredRow:
        """The row as it may leave the store."""
        if not self._concerns(row.item):
            return row
        self.rows[network_of(row.item)] += 1
        return redacted_row(row)

    def _concerns(self, item: model.Item) -> bool:
        """Whether an item's words must be removed. The cheap checks come first, because there are many rows."""
        if type(item) not in WORDS or network_of(item) not in self._networks:
            return False
        printed = (getattr(item, type(item).key[0]), item.observed_at) in self._printed
        return not printed and without_words(item) is not item

    def networks_concerned(self, database: Database) -> list[str]:
        """The networks from which there are such rows."""
        return [network for network in sorted(self._networks) if any(map(self._concerns, _items_of(database, network)))]


def _printed(database: Database) -> frozenset[tuple[str, int]]:
    """Key and `observed_at` of the posts shown in imported listings, and of their accounts."""
    sql = f"""SELECT DISTINCT {key_of("s.post")}, {key_of("p.account")}, s.observed_at FROM shown AS s
        JOIN post AS p ON p.post = s.post AND p.observed_at = s.observed_at WHERE s.edition = 0"""
    return frozenset((key, at) for post, account, at in database.iterate(sql) for key in (post, account))


def _items_of(database: Database, network: str) -> Iterator[model.Item]:
    """All posts and accounts of a network."""
    for spec in (SPECS[cls] for cls in WORDS):
        key = spec.fields[spec.key[0]]
        named = "SELECT i.id FROM identity AS i WHERE i.key >= ? AND i.key < ?"
        sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE {key} IN ({named})"
        for row in database.iterate(sql, (f"{network}:", f"{network};")):  # `;` is the character after `:`
            yield read_row(spec, row).item


# ---- in the importing store ----------------------------------------------------------------------------


def note_networks(database: Database, networks: Iterable[str]) -> None:
    """Remember that the store has rows without words from some networks. Call inside `write()`."""
    known = networks_without_words(database)
    all_networks = known | frozenset(networks)
    if all_networks != known:
        write_meta(database, _NOTE, " ".join(sorted(all_networks)))


def networks_without_words(database: Database) -> frozenset[str]:
    """The networks from which the store has rows without words."""
    return frozenset((read_meta(database, _NOTE) or "").split())


def is_sound(row: StoredRow, networks: frozenset[str], hasher: KeyedHasher, *, has_remainder: bool) -> bool:
    """Whether a row with a correct hash lacks only its words and is from one of these networks.

    `has_remainder`: parts of it had been forgotten before, so its hash did not cover the rest even then.
    """
    words, item = WORDS.get(type(row.item), ()), row.item
    if not words or network_of(item) not in networks or without_words(item) is not item:
        return False
    return has_remainder or (
        row.salt is not None and set(row.redacted or ()) <= set(words) and _is_derived_right(row, hasher)
    )


def _is_derived_right(row: StoredRow, hasher: KeyedHasher) -> bool:
    """Whether its derived columns are correct, except the one that depends on the words."""
    columns = zip(row.spec.derived, row.derived, derived_of(row, hasher), strict=True)
    return all(kept == expected for (name, _), kept, expected in columns if name != "text_fingerprint")


def is_known(database: Database, item: model.Item, networks: frozenset[str]) -> bool:
    """Whether an item of one of these networks lacks its words, and the record has the same observation with them."""
    if not networks or type(item) not in WORDS or network_of(item) not in networks or without_words(item) is not item:
        return False
    spec = SPECS[type(item)]
    names = [spec.fields[i] for i in (*spec.key, spec.observed)]
    where = " AND ".join(f'"{name}" = {NUMBER if name in type(item).key else "?"}' for name in names)
    sql = f"SELECT {select_columns(spec)} FROM {spec.kind} WHERE {where} AND until = 0"
    rows = database.rows(sql, [getattr(item, name) for name in names])
    return bool(rows) and without_words(read_row(spec, rows[0]).item) == item

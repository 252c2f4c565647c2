"""Rows without words, for exports if a network's terms allow only identifiers to leave the store.

As with forgotten parts, `redacted` contains commitments to the words of a post and the names of an account, so the row
keeps its hash. But the salt is kept: the rest is still covered by that hash, and no batch needs to say that something
is missing (decision 0021). A store that imports such rows remembers their networks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from hotpapers.base import keys, model
from hotpapers.record.commitments import make_commitment
from hotpapers.record.database import Database
from hotpapers.record.identities import NUMBER, key_of
from hotpapers.record.item_rows import SPECS, KeyedHasher, StoredRow, derived_of, select_rows
from hotpapers.record.meta import read_meta, write_meta

WORDS: dict[type[model.Item], tuple[str, ...]] = {
    model.Account: ("handle", "name"),
    model.Post: ("text", "links", "handle", "name"),
}
"""The fields with people's words and names."""

NO_REUSE = "cc_no"
"""The license of abstracts that may be shown, but not passed on, as bioRxiv and medRxiv name it."""
WITHHELD = "withheld"
"""The name in `meta` of the networks of whole records that were imported without words, which their hashes cover."""
OBSERVED = "withheld observations"
"""That of the networks of observations that were imported without words, which their hashes do not cover."""


def network_of(item: model.Item) -> str:
    """The network of a post or an account."""
    return keys.network_of(str(getattr(item, item.key[0])))


def words_of(item: model.Item) -> dict[str, Any]:
    """The words of a post, the names of an account, by field, as far as there are any."""
    names = WORDS.get(type(item), ())
    return {name: value for name in names if (value := getattr(item, name))}


def without_words(item: model.Item) -> model.Item:
    """A post without its words, an account without its names; other items unchanged."""
    words = words_of(item)
    if words:
        return msgspec.structs.replace(item, **{name: type(value)() for name, value in words.items()})
    return item


def without_abstract(item: model.Item) -> model.Item:
    """A paper without its abstract if that may not be passed on; other items unchanged."""
    if isinstance(item, model.Paper) and item.license == NO_REUSE:
        return msgspec.structs.replace(item, abstract="", summary="")
    return item


def redacted_row(row: StoredRow) -> StoredRow:
    """The row without its words, with commitments to them."""
    redacted = {name: make_commitment(row.salt or b"", value) for name, value in words_of(row.item).items()}
    return row._replace(item=without_words(row.item), redacted=dict(sorted((redacted | (row.redacted or {})).items())))


class WordRedactor:
    """Removes the words from rows of some networks, and counts these rows by network.

    Posts printed in an imported listing stay whole, as do their authors, or the listing could not be reproduced.
    """

    def __init__(self, database: Database, networks: Collection[str]) -> None:
        self.rows = Counter[str]()
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
        if (getattr(item, item.key[0]), item.observed_at) in self._printed:
            return False
        return bool(words_of(item))

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
        named = "SELECT i.id FROM identity AS i WHERE i.key >= ? AND i.key < ?"
        span = (f"{network}:", f"{network};")  # `;` is the character after `:`
        for row in select_rows(database, spec, f"{spec.type.key[0]} IN ({named})", span):
            yield row.item


# ---- in the importing store ----------------------------------------------------------------------------


def note_networks(database: Database, networks: Iterable[str], note: str = WITHHELD) -> None:
    """Remember that the store has rows without words from some networks. Call inside `write()`."""
    known = networks_without_words(database, note)
    if not known.issuperset(networks):
        write_meta(database, note, " ".join(sorted(known.union(networks))))


def networks_without_words(database: Database, note: str = WITHHELD) -> frozenset[str]:
    """The networks from which the store has rows without words."""
    return frozenset((read_meta(database, note) or "").split())


def is_sound(row: StoredRow, networks: frozenset[str], hasher: KeyedHasher, *, has_remainder: bool) -> bool:
    """Whether a row with a correct hash lacks only its words and is from one of these networks.

    `has_remainder`: parts of it had been forgotten before, so its hash did not cover the rest even then.
    """
    if not _lacks_words(row.item, networks):
        return False
    if has_remainder:
        return True
    derived = derived_of(row, hasher)
    columns = zip(row.spec.derived, row.derived, derived, strict=True)
    are_derived_right = all(kept == right for name, kept, right in columns if name != "text_fingerprint")
    return row.salt is not None and {*(row.redacted or ())} <= {*WORDS[type(row.item)]} and are_derived_right


def _lacks_words(item: model.Item, networks: Collection[str]) -> bool:
    """Whether a post or an account of one of these networks has no words."""
    if type(item) not in WORDS:
        return False
    return network_of(item) in networks and not words_of(item)


def is_known(database: Database, item: model.Item, networks: frozenset[str]) -> bool:
    """Whether an item of one of these networks, or a paper, lacks its words, and the record has the same observation
    with them."""
    lacks_abstract = isinstance(item, model.Paper) and item.license == NO_REUSE and not item.abstract
    if not lacks_abstract and not _lacks_words(item, networks):
        return False
    names = (*item.key, "observed_at")
    where = " AND ".join(f'"{name}" = {NUMBER if name in item.key else "?"}' for name in names)
    params = [getattr(item, name) for name in names]
    rows = select_rows(database, SPECS[type(item)], f"{where} AND until = 0", params)
    return any(without_abstract(without_words(row.item)) == item for row in rows)

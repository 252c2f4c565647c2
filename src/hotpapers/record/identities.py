"""Identities: every post, account and paper is stored once, with its key; items' rows refer to it by number.

The hashes of rows cover an identity's commitment, SHA-256(salt ‖ key), instead of the key of a post or account, so rows
need no salt for keys. To forget a key, only the identity is overwritten: a random pseudonym replaces the key, the salt
is deleted, the commitment is kept. Number 0 is the empty key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import count, repeat
from typing import NamedTuple, Self

import msgspec

from hotpapers.base import keys
from hotpapers.base.errors import CorruptStore
from hotpapers.base.papers import paper_servers
from hotpapers.record.commitments import SALT, fresh_salts, make_commitment
from hotpapers.record.database import Database, blob_bytes, rows_among, sql_placeholders


class Identity(msgspec.Struct, frozen=True, gc=False):
    """A number, and the hexadecimal commitment to the key that hashes cover; empty for papers, whose keys are hashed
    themselves, and for number 0."""

    number: int
    commitment: str


Known = Mapping[str, Identity]
"""The identities of keys."""
NO_IDENTITY = Identity(0, "")
RECENT = 50_000
"""The most identities that a process caches from one batch to the next, at some 400 bytes each."""


class EnrolledKeys(NamedTuple):
    """The identities of some keys. `added`: the first number and the count of new identities. `persons`: how many of
    these are posts and accounts, which come first."""

    known: Known
    added: tuple[int, int] = (0, 0)
    persons: int = 0


NO_KEYS = EnrolledKeys({"": NO_IDENTITY})


COLUMNS = ("id", "key", "salt", "commitment", "since")
"""The table's columns, in the order of `IdentityRow`."""


class IdentityRow(NamedTuple):
    """An identity as stored. Posts and accounts have a `salt` until their key is forgotten, then a `commitment`.
    `since`: the position of the batch that added it."""

    number: int
    key: str
    salt: bytes | None
    commitment: bytes | None
    since: int

    @property
    def committed(self) -> str:
        """The commitment to its key, which hashes cover."""
        return commitment_of(self.key, self.commitment or self.salt)


# ---- in statements ---------------------------------------------------------------------------------------


def key_of(column: str) -> str:
    """The SQL expression for the key of the identity whose number is in a column."""
    return f"(SELECT i.key FROM identity AS i WHERE i.id = {column})"


def key_begins(column: str, beginning: str) -> str:
    """The SQL condition that the key of a number begins with a text of our own."""
    return f"substr({key_of(column)}, 1, {len(beginning)}) = '{beginning}'"


def secret_of(column: str) -> str:
    """The SQL expression for that identity's salt, or its commitment once the key is forgotten; see `commitment_of`."""
    return f"(SELECT coalesce(i.commitment, i.salt) FROM identity AS i WHERE i.id = {column})"


def is_whole(column: str) -> str:
    """The SQL condition that the key of a number is not forgotten."""
    return f"(SELECT i.commitment FROM identity AS i WHERE i.id = {column}) IS NULL"


NUMBER = "(SELECT i.id FROM identity AS i WHERE i.key = ?)"
"""The SQL expression for the number of a key, which is the parameter."""


NUMBERS = "SELECT i.id FROM identity AS i WHERE i.key IN (…)"
"""The query inside an `IN (…)` for the numbers of keys, which are the values of `rows_among`."""


def numbers_of(keys: Sized) -> str:
    """The query inside an `IN (…)` for the numbers of keys, which are the parameters."""
    return f"SELECT i.id FROM identity AS i WHERE i.key IN ({sql_placeholders(keys)})"


# ---- identities and keys ---------------------------------------------------------------------------------


def pseudonym_of(key: str, digits: str) -> str:
    """The replacement for a forgotten key: its network, and hexadecimal digits that do not reveal whose it was."""
    return f"{keys.network_of(key)}:~{digits}"


def is_pseudonym(key: object) -> bool:
    """Whether a value is the pseudonym of a forgotten key."""
    return isinstance(key, str) and keys.own_id(key).startswith("~")


def is_paper(key: str) -> bool:
    """Whether a key is a paper's. Papers are never forgotten."""
    return key.startswith(paper_servers.PREFIXES)


def commitment_of(key: str, secret: bytes | None) -> str:
    """The commitment to a key. `secret`: its salt, or the commitment itself, which is longer. A paper has neither, and
    the result is empty. Raises CorruptStore for anything else."""
    if secret is None:
        return ""
    if not isinstance(secret, bytes | memoryview):
        raise CorruptStore("the salt of an identity is damaged; run `hotpapers verify`")
    secret = bytes(secret)
    return make_commitment(secret, key) if len(secret) == SALT else secret.hex()


def find_identities(database: Database, keys: Collection[str]) -> dict[str, Identity]:
    """The identities of some keys, as far as they exist."""
    known = {"": NO_IDENTITY}
    sql = "SELECT key, id, coalesce(commitment, salt) FROM identity WHERE key IN (…)"
    for key, number, secret in rows_among(database, sql, sorted(keys)):
        known[key] = Identity(number, commitment_of(key, secret))
    return known


class IdentityCache:
    """A process's cache of identities, valid for the record at one chain value. Anything that other processes wrote or
    forgot since is a batch with another chain value, so the cache never returns an overwritten identity, nor one from a
    transaction that was rolled back. In one transaction, each key is looked up once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._chain = b""
        self._known = {"": NO_IDENTITY}
        self._absent = set[str]()

    def at(self, chain: bytes) -> Self:
        """The cache for the record that ends with a chain value. A full one begins again."""
        if chain != self._chain or len(self._known) > RECENT:
            self._known = {"": NO_IDENTITY}
        self._chain = chain
        self._absent = set()
        return self

    def __call__(self, keys: Collection[str]) -> dict[str, Identity]:
        """The identities of some keys, as far as they exist."""
        if unknown := {key for key in keys if key not in self._known and key not in self._absent}:
            self._known |= find_identities(self.database, unknown)
            self._absent |= unknown.difference(self._known)
        return {key: self._known[key] for key in keys if key in self._known}

    def keep(self, chain: bytes, named: Known) -> None:
        """Also cache the identities that a batch named; if full, only these are kept. `chain`: its chain value."""
        self._chain, self._absent = chain, set()  # first: if this is interrupted, the batch is undone
        if len(self._known) + len(named) > RECENT:
            self._known = {"": NO_IDENTITY}
        if len(named) <= RECENT:
            self._known.update(named)


def enroll_keys(lookup: IdentityCache, keys: Iterable[str], position: int, first: int) -> EnrolledKeys:
    """The identities of keys, created in the batch at a position if needed: posts and accounts first, as exports number
    them. `first`: the number of the next identity. Call inside `write()`."""
    wanted = {"", *keys}
    known = lookup(wanted)
    new = wanted.difference(known)
    if not new:
        return EnrolledKeys(known)
    papers = sorted(filter(is_paper, new))
    persons = sorted(new.difference(papers))
    salts = [*fresh_salts(len(persons)), *repeat(None, len(papers))]
    rows = zip(count(first), persons + papers, salts, repeat(None), repeat(position), strict=False)
    return add_identities(lookup.database, list(map(IdentityRow._make, rows)), known)


def add_identities(database: Database, rows: Sequence[IdentityRow], known: Known) -> EnrolledKeys:
    """Insert identities, and return them together with the `known` ones. Call inside `write()`."""
    if not rows:
        return EnrolledKeys(known)
    if database.insert("identity", COLUMNS, rows) < len(rows):
        raise CorruptStore(f"{database.where}: an identity is missing from its index; run `hotpapers verify`")
    new_identities = {key: Identity(number, commitment_of(key, kept or salt)) for number, key, salt, kept, _ in rows}
    persons = len(rows) - sum(map(is_paper, new_identities))
    added = (rows[0][0], len(rows))
    return EnrolledKeys({**known, **new_identities}, added, persons)


def next_number(database: Database, table: str) -> int:
    """The number after the highest one in a table."""
    return next_numbers(database, [table])[table]


def next_numbers(database: Database, tables: Sequence[str]) -> dict[str, int]:
    """The numbers after the highest ones in several tables, at least one."""
    highest = database.rows(f"SELECT {', '.join(f'(SELECT max(id) FROM {table})' for table in tables)}")[0]
    return {table: int(number or 0) + 1 for table, number in zip(tables, highest, strict=True)}


def identities_between(database: Database, first: int, count: int) -> Iterator[IdentityRow]:
    """The identities with consecutive numbers, ascending. Values whose type is damaged are empty."""
    sql = "SELECT id, key, salt, commitment, since FROM identity WHERE id >= ? AND id < ? ORDER BY id"
    for number, key, salt, kept, since in database.iterate(sql, (first, min(first + count, 2**63 - 1))):
        yield IdentityRow(number, key if isinstance(key, str) else "", _secret(salt), _secret(kept), since)


def _secret(value: object) -> bytes | None:
    return None if value is None else blob_bytes(value)


def overwrite_keys(database: Database, rows: Sequence[tuple[int, str, bytes]]) -> None:
    """Overwrite forgotten keys, given as (number, pseudonym, commitment). Call inside `write()`."""
    database.many(
        "UPDATE identity SET key = ?, salt = NULL, commitment = ? WHERE id = ?",
        [(pseudonym, committed, number) for number, pseudonym, committed in rows],
    )

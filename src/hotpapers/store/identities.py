"""Identities: every post, account and paper once, with its key; rows of items name it by number.

In the hashes of rows a post or an account stands as its identity's commitment, SHA-256(salt ‖ key), so a row needs no
salt for whom it names. Forgetting overwrites the identity alone: a random pseudonym stands in the place of its key, its
salt goes, and its commitment is kept. Number 0 is nobody: the empty key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Sized
from itertools import count, repeat
from typing import NamedTuple

import msgspec

from hotpapers.errors import CorruptStore
from hotpapers.model import keys
from hotpapers.store.commitments import SALT, commitment, fresh_salts
from hotpapers.store.database import Database, placeholders, slices


class Identity(msgspec.Struct, frozen=True, gc=False):
    """A number, and in hexadecimal what stands for the key in hashes: empty for a paper, which stands there itself, and
    for nobody."""

    number: int
    commitment: str


NO_IDENTITY = Identity(0, "")
RECENT = 50_000
"""So many identities a process remembers at most, of some 400 bytes each."""


class EnrolledKeys(NamedTuple):
    """The identities of some keys. `brought`: the first number that was given to new ones, and how many there are;
    `persons`: how many of these, the first ones, are posts and accounts."""

    known: Mapping[str, Identity]
    brought: tuple[int, int] = (0, 0)
    persons: int = 0


NO_KEYS = EnrolledKeys({"": NO_IDENTITY})


class RecentIdentities:
    """The identities that one process named last, of the record at a chain value. Whatever others wrote or forgot since
    is a batch with another value, so nothing that was overwritten is given; nor what a transaction brought that was
    undone."""

    def __init__(self) -> None:
        self._chain = b""
        self._recent: dict[str, Identity] = {}

    def at(self, chain: bytes) -> Mapping[str, Identity]:
        """What is known of the record that ends with a chain value."""
        return self._recent if chain == self._chain else {}

    def keep(self, chain: bytes, before: bytes, named: Mapping[str, Identity]) -> None:
        """Takes in whom a batch named. `chain`: its value, `before`: the value of the one before it. Of very many, the
        last batch alone is kept."""
        if before != self._chain or len(self._recent) + len(named) > RECENT:
            self._recent = {}
        if len(named) <= RECENT:
            self._recent.update(named)
        self._chain = chain


COLUMNS = ("id", "key", "salt", "commitment", "since")
"""Those of the table, in the order of `IdentityRow`."""


class IdentityRow(NamedTuple):
    """An identity as it is kept. A post or an account has a `salt` until its key is forgotten, from then on its
    `commitment`. `since`: the position of the batch that brought it."""

    number: int
    key: str
    salt: bytes | None
    commitment: bytes | None
    since: int

    @property
    def committed(self) -> str:
        """What stands for its key in hashes."""
        return commitment_of(self.key, self.commitment or self.salt)


# ---- in statements ---------------------------------------------------------------------------------------


def key_of(column: str) -> str:
    """The SQL expression for the key of the identity whose number a column holds."""
    return f"(SELECT i.key FROM identity AS i WHERE i.id = {column})"


def secret_of(column: str) -> str:
    """The same for its salt, or its commitment once the key is forgotten: see `commitment_of`."""
    return f"(SELECT coalesce(i.commitment, i.salt) FROM identity AS i WHERE i.id = {column})"


def is_whole(column: str) -> str:
    """The SQL condition for the key of a number not to be forgotten."""
    return f"(SELECT i.commitment FROM identity AS i WHERE i.id = {column}) IS NULL"


NUMBER = "(SELECT i.id FROM identity AS i WHERE i.key = ?)"
"""The SQL expression for the number of a key, the parameter."""


def numbers_of(keys: Sized) -> str:
    """The statement inside an `IN (…)` for the numbers of some keys, the parameters."""
    return f"SELECT i.id FROM identity AS i WHERE i.key IN ({placeholders(keys)})"


# ---- identities and keys ---------------------------------------------------------------------------------


def is_pseudonym(key: object) -> bool:
    """Whether a value is a key that stands for one that was forgotten."""
    return isinstance(key, str) and keys.own_id(key).startswith("~")


def is_paper(key: str) -> bool:
    """Whether a key is a paper's: nobody asks to have that forgotten."""
    return key.startswith("arxiv:")


def commitment_of(key: str, secret: bytes | None) -> str:
    """What stands for a key in hashes. `secret`: its salt, or the commitment itself, which is longer; a paper has
    neither."""
    if secret is None:
        return ""
    secret = bytes(secret)
    return commitment(secret, key) if len(secret) == SALT else secret.hex()


def find(database: Database, keys: Collection[str]) -> dict[str, Identity]:
    """The identities of those of some keys that have one."""
    known = {"": NO_IDENTITY}
    for some in slices(sorted(keys)):
        sql = f"SELECT key, id, coalesce(commitment, salt) FROM identity WHERE key IN ({placeholders(some)})"
        for key, number, secret in database.rows(sql, some):
            known[key] = Identity(number, commitment_of(key, secret))
    return known


def enroll(
    database: Database, keys: Iterable[str], position: int, recent: Mapping[str, Identity] = NO_KEYS.known
) -> EnrolledKeys:
    """The identities of keys; those that have none get one, in the batch at a position: posts and accounts first, as an
    export numbers these. `recent`: some that need not be looked up. Call inside `write()`."""
    wanted = {key for key in keys if key}
    known = {key: recent[key] for key in wanted if key in recent}
    known |= find(database, wanted.difference(known))
    new = wanted.difference(known)
    if not new:
        return EnrolledKeys(known)
    papers = sorted(filter(is_paper, new))
    persons = sorted(new.difference(papers))
    salts = [*fresh_salts(len(persons)), *repeat(None, len(papers))]
    numbers = count(next_number(database, "identity"))
    rows = zip(numbers, persons + papers, salts, repeat(None), repeat(position), strict=False)
    return add(database, list(map(IdentityRow._make, rows)), known)


def add(database: Database, rows: Sequence[IdentityRow], known: Mapping[str, Identity]) -> EnrolledKeys:
    """Adds identities to those of some keys that are known. Call inside `write()`."""
    if not rows:
        return EnrolledKeys(known)
    if database.insert("identity", COLUMNS, rows) < len(rows):
        raise CorruptStore(f"{database.where}: an identity is there that its index does not have; see `verify`.")
    brought = {key: Identity(number, commitment_of(key, kept or salt)) for number, key, salt, kept, _ in rows}
    persons = len(rows) - sum(map(is_paper, brought))
    return EnrolledKeys({**known, **brought}, (rows[0][0], len(rows)), persons)


def next_number(database: Database, table: str) -> int:
    """The number that follows the highest one of a table."""
    return next_numbers(database, [table])[0]


def next_numbers(database: Database, tables: Sequence[str]) -> list[int]:
    """The same of several tables, at least one."""
    highest = database.rows(f"SELECT {', '.join(f'(SELECT max(id) FROM {table})' for table in tables)}")[0]
    return [int(number or 0) + 1 for number in highest]


def between(database: Database, first: int, count: int) -> Iterator[IdentityRow]:
    """The identities with some numbers in a row, ascending."""
    sql = "SELECT id, key, salt, commitment, since FROM identity WHERE id >= ? AND id < ? ORDER BY id"
    for number, key, salt, kept, since in database.iterate(sql, (first, min(first + count, 2**63 - 1))):
        yield IdentityRow(number, key, _bytes(salt), _bytes(kept), since)


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)


def overwrite(database: Database, rows: Sequence[tuple[int, str, bytes]]) -> None:
    """Puts (number, pseudonym, commitment) in the place of keys that are forgotten. Call inside `write()`."""
    database.many(
        "UPDATE identity SET key = ?, salt = NULL, commitment = ? WHERE id = ?",
        [(pseudonym, committed, number) for number, pseudonym, committed in rows],
    )

"""The accounts that publications name as their own: known by their voices also after they were forgotten."""

from __future__ import annotations

from collections.abc import Iterable

from hotpapers.store import identities
from hotpapers.store.database import Database
from hotpapers.store.item_rows import KeyedHasher


def pseudonyms_of(database: Database, hasher: KeyedHasher, account: str) -> list[str]:
    """The pseudonyms under which an account was forgotten: more than one if it posted again afterwards, as an account
    may that was forgotten only with its single post."""
    taken: list[str] = []
    while (name := hasher.own_pseudonym(account, len(taken))) in identities.find(database, [name]):
        taken.append(name)
    return taken


def voices_of(database: Database, hasher: KeyedHasher, accounts: Iterable[str]) -> tuple[int, ...]:
    """The numbers of accounts, including forgotten ones."""
    keys = {key for account in accounts for key in (account, *pseudonyms_of(database, hasher, account))}
    known = identities.find(database, keys)
    return tuple(sorted(known[key].number for key in keys & known.keys()))

"""What the operator never quotes: kept in the store, so that it applies even when rendering without settings."""

from __future__ import annotations

import msgspec

from hotpapers.record.database import Database
from hotpapers.record.meta import read_meta, write_meta

_NOTE = "blocked"


class Blocklist(msgspec.Struct, frozen=True):
    """Accounts by key or as network:@handle; words and phrases; hosts, including their subdomains."""

    accounts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


def save_blocklist(database: Database, blocked: Blocklist) -> None:
    """Replaces the stored list, if it differs."""
    if load_blocklist(database) != blocked:
        with database.write():
            write_meta(database, _NOTE, msgspec.json.encode(blocked).decode())


def load_blocklist(database: Database) -> Blocklist:
    """The stored list; empty if there is none."""
    stored = read_meta(database, _NOTE)
    return msgspec.json.decode(stored, type=Blocklist) if stored is not None else Blocklist()

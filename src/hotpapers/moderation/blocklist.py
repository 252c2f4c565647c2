"""What the operator never quotes: kept in the store, for whoever renders from it, with settings or without."""

from __future__ import annotations

import msgspec

from hotpapers.store.database import Database
from hotpapers.store.meta import read_meta, write_meta

_NOTE = "blocked"


class Blocklist(msgspec.Struct, frozen=True):
    """Accounts by their keys or as network:@handle, words and phrases, hosts with all below them."""

    accounts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


def save_blocklist(database: Database, blocked: Blocklist) -> bool:
    """Keeps it in place of what was kept before; whether it differs."""
    if load_blocklist(database) == blocked:
        return False
    with database.write():
        write_meta(database, _NOTE, msgspec.json.encode(blocked).decode())
    return True


def load_blocklist(database: Database) -> Blocklist:
    """What was kept last; nothing is blocked where nobody said so."""
    kept = read_meta(database, _NOTE)
    return msgspec.json.decode(kept, type=Blocklist) if kept is not None else Blocklist()

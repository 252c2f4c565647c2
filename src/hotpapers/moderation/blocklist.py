"""What the operator never quotes: kept in the store, for whoever renders from it, with settings or without."""

from __future__ import annotations

import msgspec

from hotpapers.store.database import Database

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
        database.run("DELETE FROM meta WHERE name = ?", (_NOTE,))
        database.run("INSERT INTO meta VALUES (?, ?)", (_NOTE, msgspec.json.encode(blocked).decode()))
    return True


def load_blocklist(database: Database) -> Blocklist:
    """What was kept last; nothing is blocked where nobody said so."""
    found = database.rows("SELECT value FROM meta WHERE name = ?", (_NOTE,))
    return msgspec.json.decode(found[0][0], type=Blocklist) if found else Blocklist()

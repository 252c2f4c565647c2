"""The word index: created when first needed, filled in batch order, and rebuilt from scratch at any time.

Nothing in it is an item, part of a batch, or exported. Four tables are the same in all databases (see `schema`):

    search_state   the last batch indexed, and the last row of each kind
    search_paper   each paper, by the row of its latest observation, and the day on which it was announced
    search_entry   which issues a paper is in
    search_word    the words of all papers, to find words by a part of them

Two tables hold the words themselves, in each database's own way: search_paper_words and search_post_words.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakSet

from hotpapers.keep.search.documents import WordIndex
from hotpapers.keep.search.sqlite import FullTextIndex
from hotpapers.record import batches
from hotpapers.record.database import Database

VERSION = 1
"""The index format. An index of another version is rebuilt. Increment it when words are extracted differently."""

TABLES = ("search_state", "search_paper", "search_entry", "search_word")


_WITH_TEMPORARY: WeakSet[Database] = WeakSet()
"""Connections to a store that cannot be written, which have an index in temporary tables of their own."""


def of(database: Database) -> WordIndex:
    """The database's own word index."""
    index: WordIndex = (database.word_index or FullTextIndex)(database in _WITH_TEMPORARY)
    return index


def start_temporary(database: Database) -> None:
    """Give a connection that cannot write an empty index in temporary tables, which go with the connection. All
    statements find these before the store's own. Raises ReadOnlyStore if the server allows none."""
    _WITH_TEMPORARY.add(database)
    try:
        with database.write():
            of(database).copy_tables(database, TABLES)
            start(database)
    except BaseException:
        _WITH_TEMPORARY.discard(database)
        raise


class IndexState(NamedTuple):
    """The state of the index: its last batch, that batch's chain value, and the highest row number seen of each
    kind."""

    position: int
    chain: str
    last_ids: dict[str, int]


def load(database: Database) -> IndexState | None:
    """The state of the index; None if there is none, or if it is of another record or version."""
    state = dict(database.rows("SELECT name, value FROM search_state"))
    if state.get("version") != str(VERSION) or not of(database).is_made(database):
        return None
    position, chain = int(state["position"]), state["chain"]
    known = batches.chain_at(database, position)
    if position and (known is None or known.hex() != chain):
        return None
    return IndexState(
        position, chain, {name[5:]: int(value) for name, value in state.items() if name.startswith("seen ")}
    )


def save(database: Database, state: IndexState) -> None:
    """Store the state of the index. Call inside `write()`."""
    rows = {"version": str(VERSION), "position": str(state.position), "chain": state.chain}
    rows |= {f"seen {kind}": str(number) for kind, number in state.last_ids.items()}
    database.run("DELETE FROM search_state")
    database.many("INSERT INTO search_state VALUES (?, ?)", list(rows.items()))


def start(database: Database) -> IndexState:
    """Replace the index with an empty one. Call inside `write()`."""
    clear(database)
    if not of(database).is_made(database):
        of(database).make(database)
    state = IndexState(0, "", {})
    save(database, state)
    return state


def clear(database: Database) -> None:
    """Empty the index; the next search fills it again.

    Call inside `write()`, also after rows of the record got other numbers.
    """
    for table in TABLES:
        database.run(f"DELETE FROM {table}")
    if of(database).is_made(database):
        of(database).make(database)

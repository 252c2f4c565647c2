"""The index of words: made when it is first needed, filled in the order of batches, thrown away and made anew at will.

Nothing in it is an item, in a batch, or in an export. Four tables are alike in both databases (see `schema`):

    search_state   up to which batch it goes, and which rows of each kind it has seen
    search_paper   each paper, by the row that is its latest observation, and the day on which it was announced
    search_entry   which issues a paper is in
    search_word    the words of all papers, to find those of which something is a part

Two hold the words themselves, in the database's own way: search_paper_words and search_post_words.
"""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.search.postgres import VectorIndex
from hotpapers.search.sqlite import FullTextIndex
from hotpapers.store import batches
from hotpapers.store.database import Database

VERSION = 1
"""Of what is in the index: one made by another is made anew. Count up when words are told in another way."""

TABLES = ("search_state", "search_paper", "search_entry", "search_word")


def of(database: Database) -> VectorIndex | FullTextIndex:
    """What a database does with words."""
    return VectorIndex() if database.name == "postgres" else FullTextIndex()


class IndexState(NamedTuple):
    """How far the index goes: the last batch, its chain value, and the highest number seen of each kind's rows."""

    position: int
    chain: str
    last_ids: dict[str, int]


def load(database: Database) -> IndexState | None:
    """How far it goes; None where there is none, or none of this record, or not of this version."""
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
    """Keeps how far it goes. Call inside `write()`."""
    rows = {"version": str(VERSION), "position": str(state.position), "chain": state.chain}
    rows |= {f"seen {kind}": str(number) for kind, number in state.last_ids.items()}
    database.run("DELETE FROM search_state")
    database.many("INSERT INTO search_state VALUES (?, ?)", list(rows.items()))


def start(database: Database) -> IndexState:
    """An empty index in the place of what was there. Call inside `write()`."""
    clear(database)
    if not of(database).is_made(database):
        of(database).make(database)
    state = IndexState(0, "", {})
    save(database, state)
    return state


def clear(database: Database) -> None:
    """Lets go of all that is in it: the next search fills it anew.

    Call inside `write()`, also where rows of the record got other numbers.
    """
    for table in TABLES:
        database.run(f"DELETE FROM {table}")
    if of(database).is_made(database):
        of(database).make(database)

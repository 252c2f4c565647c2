"""The word index: created when first needed, filled in batch order, and rebuilt from scratch at any time; and the
statements that search it.

Nothing in it is an item, part of a batch, or exported. Four tables are the same in all databases (see `schema`):

    search_state   the last batch indexed, and the last row of each kind
    search_paper   each paper, by the row of its latest observation, and the day on which it was announced
    search_entry   which issues a paper is in
    search_word    the words of all papers, to find words by a part of them

Two tables hold the words themselves, in each database's own way: search_paper_words and search_post_words. In SQLite
they are FTS5 tables that store words but no texts, ranked by BM25. The words come folded and split, so the tokenizer
only has to split at spaces, and quoted strings contain only words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakSet

from hotpapers.base.errors import CorruptStore
from hotpapers.keep.search.query_parser import SearchAtom, SearchQuery, SearchTerm
from hotpapers.record import batches
from hotpapers.record.database import Database, first_value, sql_placeholders

VERSION = 1
"""The index format. An index of another version is rebuilt. Increment it when words are extracted differently."""

TABLES = ("search_state", "search_paper", "search_entry", "search_word")
BETWEEN = "_"
"""Separates two authors, so that no phrase spans both; never a word itself."""
PAPER_WORDS, POST_WORDS = "search_paper_words", "search_post_words"
"""The tables of words. That of papers has columns, that of posts only one."""
ALL = "#"
"""A label that every paper and every post has."""
Document = tuple[int, Sequence[Sequence[str]]]
"""A row's number and its words by column: of a paper title, authors, abstract and labels (its categories, archives and
identifier, each prefixed with #), of a post all together."""

COUNT_LIMIT = 1_000
"""The total is counted up to this: counting everything takes a good part of the time that finding the best does."""
MAX_HIT_OFFSET = 100_000
"""The deepest hit that can be paged to."""
NOTHING = "CAST(0 AS double precision)"
"""The score in an unranked search."""

CORRUPT_VTAB = 267
"""SQLITE_CORRUPT_VTAB (https://www.sqlite.org/rescode.html#corrupt_vtab)."""
_OPTIONS = """content='', contentless_delete=1, tokenize="ascii tokenchars '#._-/'" """
_TABLES = {
    PAPER_WORDS: ("title, authors, abstract, labels", "bm25(10.0, 5.0, 1.0, 0.0)"),
    POST_WORDS: ("words", "bm25(1.0)"),
}
"""Each table's columns and their weights."""

_WITH_TEMPORARY: WeakSet[Database] = WeakSet()
"""Connections to a store that cannot be written, which have an index in temporary tables of their own."""


class MatchSql(NamedTuple):
    """SQL for the matches: `FROM {source} WHERE {where}`, with rows called `f`; a higher `score` is better."""

    source: str
    where: str
    score: str
    params: tuple[str, ...]


class WordIndex:
    """A database's own full-text search, in the store, or in temporary tables of a connection: SQLite's, and the base
    of others."""

    def __init__(self, is_temporary: bool = False) -> None:
        self._schema = "temp" if is_temporary else "main"

    def is_made(self, database: Database) -> bool:
        """Whether its tables are there."""
        sql = f"SELECT count(*) FROM {self._schema}.sqlite_schema WHERE name IN ({sql_placeholders(_TABLES)})"
        return bool(first_value(database, sql, tuple(_TABLES)) == len(_TABLES))

    def copy_tables(self, database: Database, tables: Sequence[str]) -> None:
        """Create temporary tables like those of the store, with their indexes."""
        sql = f"SELECT sql FROM main.sqlite_schema WHERE tbl_name IN ({sql_placeholders(tables)}) AND sql IS NOT NULL"
        for (definition,) in database.rows(sql, tables):
            head = "CREATE INDEX " if definition.startswith("CREATE INDEX") else "CREATE TABLE "
            database.run(f"{head}temp.{definition.removeprefix(head)}")

    def make(self, database: Database) -> None:
        """Recreate its tables, empty."""
        for table, (columns, rank) in _TABLES.items():
            database.run(f"DROP TABLE IF EXISTS {self._schema}.{table}")
            database.run(f"CREATE VIRTUAL TABLE {self._schema}.{table} USING fts5 ({columns}, {_OPTIONS})")
            database.run(f"INSERT INTO {table} ({table}, rank) VALUES ('rank', ?)", (rank,))

    def put(self, database: Database, table: str, documents: Sequence[Document]) -> None:
        """Add papers or posts."""
        columns = _TABLES[table][0]
        sql = f"INSERT INTO {table} (rowid, {columns}) VALUES (?, {sql_placeholders(columns.split())})"
        database.many(sql, [(number, *map(" ".join, words)) for number, words in documents])

    def tidy(self, database: Database) -> None:
        """Rewrite the table: FTS5 only marks deleted rows."""
        database.run("INSERT INTO search_post_words (search_post_words) VALUES ('optimize')")

    def is_to_blame(self, problem: CorruptStore) -> bool:
        """Whether the damage is in the index: SQLite has an error code for virtual tables."""
        return getattr(problem.__cause__, "extendedresult", 0) == CORRUPT_VTAB

    def match(self, table: str, query: SearchQuery) -> MatchSql:
        """The rows of a table that match a query."""
        text = fts_expression(query, one_column=table == POST_WORDS)
        return MatchSql(f"{table} AS f", f"f.{table} MATCH ?", "-f.rank", (text,))


def fts_expression(query: SearchQuery, *, one_column: bool) -> str:
    """A query in FTS5 syntax. `one_column`: for a table with a single column."""
    groups = [" OR ".join(_all_of(atom, one_column) for atom in atoms) for atoms in query.wanted]
    unwanted = [_all_of(atom, one_column) for atom in query.unwanted]
    text = " AND ".join(f"({term})" for term in groups) or f'"{ALL}"'
    return f"({text}) NOT ({' OR '.join(unwanted)})" if unwanted else text


def _all_of(atom: SearchAtom, one_column: bool) -> str:
    return f"({' AND '.join(_term(term, one_column) for term in atom.terms)})"


def _term(term: SearchTerm, one_column: bool) -> str:
    """A term. Titles, abstracts and posts are indexed without plural endings, names unchanged."""
    phrase = _phrase(term.stems, term.prefix)
    stems = phrase
    plain = _phrase(term.words, term.prefix)
    if term.field in ("authors", "labels"):
        return f"{term.field} : {plain}"
    if term.field:
        return f"title : {stems}"
    return stems if one_column or stems == plain else f"({{title abstract}} : {stems} OR authors : {plain})"


def _phrase(words: Sequence[str], prefix: bool) -> str:
    quoted = " ".join(words).replace('"', '""')
    return f'"{quoted}"{" *" if prefix else ""}'


# ---- the state of the index ------------------------------------------------------------------------------


def word_index(database: Database) -> WordIndex:
    """The database's own word index."""
    index: WordIndex = (database.word_index or WordIndex)(database in _WITH_TEMPORARY)
    return index


def start_temporary(database: Database) -> None:
    """Give a connection that cannot write an empty index in temporary tables, which go with the connection. All
    statements find these before the store's own. Raises ReadOnlyStore if the server allows none."""
    _WITH_TEMPORARY.add(database)
    try:
        with database.write():
            word_index(database).copy_tables(database, TABLES)
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
    if state.get("version") != str(VERSION) or not word_index(database).is_made(database):
        return None
    position = int(state["position"])
    chain = state["chain"]
    known = batches.chain_at(database, position)
    if known is None or known.hex() != chain:
        return None
    last_ids = {name[5:]: int(value) for name, value in state.items() if name.startswith("seen ")}
    return IndexState(position, chain, last_ids)


def save(database: Database, state: IndexState) -> None:
    """Store the state of the index. Call inside `write()`."""
    rows = {"version": str(VERSION), "position": str(state.position), "chain": state.chain}
    rows |= {f"seen {kind}": str(number) for kind, number in state.last_ids.items()}
    database.run("DELETE FROM search_state")
    database.many("INSERT INTO search_state VALUES (?, ?)", list(rows.items()))


def start(database: Database) -> IndexState:
    """Replace the index with an empty one. Call inside `write()`."""
    clear(database)
    if not word_index(database).is_made(database):
        word_index(database).make(database)
    state = IndexState(0, "", {})
    save(database, state)
    return state


def clear(database: Database) -> None:
    """Empty the index; the next search fills it again.

    Call inside `write()`, also after rows of the record got other numbers.
    """
    for table in TABLES:
        database.run(f"DELETE FROM {table}")
    if word_index(database).is_made(database):
        word_index(database).make(database)


# ---- statements ------------------------------------------------------------------------------------------


class SearchStatement(NamedTuple):
    """A SELECT in parts: `WITH {context} SELECT {number}, {score} FROM {source} WHERE {where} ORDER BY {order}`."""

    number: str
    score: str
    source: str
    where: str
    order: str
    params: tuple[Any, ...]
    context: str = ""

    def best(self, database: Database, limit: int, start: int = 0) -> dict[int, float]:
        """The scores of the best rows by row number, in order."""
        sql = f"{self.context}SELECT {self.number}, {self.score} FROM {self.source} WHERE {self.where}"
        return dict(database.rows(sql + f" ORDER BY {self.order} LIMIT {int(limit)} OFFSET {int(start)}", self.params))

    def page(self, database: Database, limit: int, start: int) -> ResultPage:
        """One page, and the total."""
        hits = self.best(database, limit, start)
        total = start + len(hits)
        if len(hits) == limit or (start and not hits):
            total = self.count(database, total)
        return ResultPage(hits, start, total)

    def count(self, database: Database, least: int = 0) -> int:
        """The number of rows, at most one more than COUNT_LIMIT or than `least`."""
        rows = f"SELECT 1 FROM {self.source} WHERE {self.where} LIMIT {max(COUNT_LIMIT, least) + 1}"
        sql = f"{self.context}SELECT count(*) FROM ({rows}) AS found"
        total: int = first_value(database, sql, self.params)
        return total


class ResultPage(NamedTuple):
    """The scores of one page by row number, in order; the number of hits before it; the total, as far as counted."""

    found: dict[int, float]
    start: int
    counted: int

    @property
    def totals(self) -> dict[str, Any]:
        """`total`, `exact` and `next` of an answer."""
        after = self.start + len(self.found)
        total = min(self.counted, max(COUNT_LIMIT, after))
        follows = bool(self.found) and after < self.counted and after <= MAX_HIT_OFFSET
        return {"total": total, "exact": total == self.counted, "next": str(after) if follows else None}

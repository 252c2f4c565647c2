"""Words in SQLite: FTS5 tables that store words but no texts, ranked by BM25.

The words come folded and split, so the tokenizer only has to split at spaces, and quoted strings contain only words.
"""

from __future__ import annotations

from collections.abc import Sequence

from hotpapers.base.errors import CorruptStore
from hotpapers.keep.search.documents import ALL, PAPER_WORDS, POST_WORDS, MatchSql, PaperWords, PostWords
from hotpapers.keep.search.query_parser import SearchAtom, SearchQuery, SearchTerm
from hotpapers.record.database import Database, first_value, placeholders

CORRUPT_VTAB = 267
"""SQLITE_CORRUPT_VTAB (https://www.sqlite.org/rescode.html#corrupt_vtab)."""
_OPTIONS = """content='', contentless_delete=1, tokenize="ascii tokenchars '#._-/'" """
_TABLES = {
    PAPER_WORDS: ("title, authors, abstract, labels", "bm25(10.0, 5.0, 1.0, 0.0)"),
    POST_WORDS: ("words", "bm25(1.0)"),
}
"""Each table's columns and their weights."""


class FullTextIndex:
    """SQLite's own full-text search, in the store, or in temporary tables of a connection."""

    def __init__(self, is_temporary: bool = False) -> None:
        self._schema = "temp" if is_temporary else "main"

    def is_made(self, database: Database) -> bool:
        names = placeholders(_TABLES)
        sql = f"SELECT count(*) FROM {self._schema}.sqlite_schema WHERE name IN ({names})"
        return bool(first_value(database, sql, tuple(_TABLES)) == len(_TABLES))

    def copy_tables(self, database: Database, tables: Sequence[str]) -> None:
        """Create temporary tables like those of the store, with their indexes."""
        sql = f"SELECT sql FROM main.sqlite_schema WHERE tbl_name IN ({placeholders(tables)}) AND sql IS NOT NULL"
        for (definition,) in database.rows(sql, tables):
            head = "CREATE INDEX " if definition.startswith("CREATE INDEX") else "CREATE TABLE "
            database.run(f"{head}temp.{definition.removeprefix(head)}")

    def make(self, database: Database) -> None:
        """Recreate its tables, empty."""
        for table, (columns, rank) in _TABLES.items():
            database.run(f"DROP TABLE IF EXISTS {self._schema}.{table}")
            database.run(f"CREATE VIRTUAL TABLE {self._schema}.{table} USING fts5 ({columns}, {_OPTIONS})")
            database.run(f"INSERT INTO {table} ({table}, rank) VALUES ('rank', ?)", (rank,))

    def put_papers(self, database: Database, papers: Sequence[PaperWords]) -> None:
        sql = "INSERT INTO search_paper_words (rowid, title, authors, abstract, labels) VALUES (?, ?, ?, ?, ?)"
        database.many(sql, [(paper.rowid, *map(" ".join, paper[1:])) for paper in papers])

    def put_posts(self, database: Database, posts: Sequence[PostWords]) -> None:
        sql = "INSERT INTO search_post_words (rowid, words) VALUES (?, ?)"
        database.many(sql, [(post.rowid, " ".join(post.words)) for post in posts])

    def tidy(self, database: Database) -> None:
        """Rewrite the table: FTS5 only marks deleted rows."""
        database.run("INSERT INTO search_post_words (search_post_words) VALUES ('optimize')")

    def is_to_blame(self, problem: CorruptStore) -> bool:
        """Whether the index is what is damaged: SQLite has an error code for virtual tables."""
        return getattr(problem.__cause__, "extendedresult", 0) == CORRUPT_VTAB

    def match(self, table: str, query: SearchQuery) -> MatchSql:
        """The rows of a table that match a query."""
        text = expression(query, one_column=table == POST_WORDS)
        return MatchSql(f"{table} AS f", f"f.{table} MATCH ?", "-f.rank", (text,))


def expression(query: SearchQuery, *, one_column: bool = False) -> str:
    """A query in FTS5 syntax. `one_column`: for a table with a single column."""
    groups = [" OR ".join(_all_of(atom, one_column) for atom in atoms) for atoms in query.wanted]
    unwanted = [_all_of(atom, one_column) for atom in query.unwanted]
    text = " AND ".join(f"({term})" for term in groups) or f'"{ALL}"'
    return f"({text}) NOT ({' OR '.join(unwanted)})" if unwanted else text


def _all_of(atom: SearchAtom, one_column: bool) -> str:
    return f"({' AND '.join(_term(term, one_column) for term in atom.terms)})"


def _term(term: SearchTerm, one_column: bool) -> str:
    """A term. Titles, abstracts and posts are indexed without plural endings, names unchanged."""
    stems, plain = _phrase(term.stems, term.prefix), _phrase(term.words, term.prefix)
    if term.field in ("authors", "labels"):
        return f"{term.field} : {plain}"
    if term.field:
        return f"title : {stems}"
    return stems if one_column or stems == plain else f"({{title abstract}} : {stems} OR authors : {plain})"


def _phrase(words: Sequence[str], prefix: bool) -> str:
    quoted = " ".join(words).replace('"', '""')
    return f'"{quoted}"{" *" if prefix else ""}'

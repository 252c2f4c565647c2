"""Words in PostgreSQL: one tsvector per row, with a GIN index, ranked by ts_rank. No extension is needed.

The words come folded and split, and are stored with their positions and the weight of their column: A title, B authors,
C abstract, D labels. So the server's own parser and dictionaries are not involved, and both databases find the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hotpapers.base.errors import CorruptStore
from hotpapers.keep.search.index import ALL, BETWEEN, PAPER_WORDS, POST_WORDS, Document, MatchSql, WordIndex
from hotpapers.keep.search.query_parser import SearchAtom, SearchQuery, SearchTerm
from hotpapers.record.database import Database

_TABLES = (PAPER_WORDS, POST_WORDS)
_TEMPORARY = "(SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())"
_WEIGHTS = "'{0, 0.1, 0.5, 1}'"
"""The weights of D, C, B, A."""
_MAX_VECTOR_BYTES = 500_000
"""Bytes of a vector's words: PostgreSQL's limit is 1 MiB."""
_INLINE = "toast_tuple_target = 8160"
"""Keeps vectors in their rows: ranking reads all matches, and fetching each from TOAST storage takes twice as long."""
_COLUMNS = {"title": "A", "authors": "B", "labels": "D"}


class VectorIndex(WordIndex):
    """PostgreSQL's own full-text search, in the store, or in temporary tables of a connection."""

    def __init__(self, is_temporary: bool = False) -> None:
        self._schema, self._kind = (_TEMPORARY, "TEMPORARY ") if is_temporary else ("current_schema()", "")

    def is_made(self, database: Database) -> bool:
        sql = f"SELECT count(*) FROM pg_tables WHERE schemaname = {self._schema} AND tablename IN (?, ?)"
        rows = database.rows(sql, _TABLES)
        return bool(rows[0][0] == len(_TABLES))

    def copy_tables(self, database: Database, tables: Sequence[str]) -> None:
        """Create temporary tables like those of the store, with their indexes."""
        for table in tables:
            database.run(f"CREATE TEMPORARY TABLE {table} (LIKE {table} INCLUDING ALL)")

    def make(self, database: Database) -> None:
        prefix = "pg_temp." if self._kind else ""
        for table in _TABLES:
            database.run(f"DROP TABLE IF EXISTS {prefix}{table}")
            database.run(
                f"CREATE {self._kind}TABLE {table} (rowid bigint PRIMARY KEY, words tsvector NOT NULL) WITH ({_INLINE})"
            )
            database.run(f"ALTER TABLE {table} ALTER COLUMN words SET STORAGE MAIN")
            database.run(f"CREATE INDEX {table}_words ON {table} USING gin (words)")

    def put(self, database: Database, table: str, documents: Sequence[Document]) -> None:
        rows = [(number, tsvector_text(zip(words, "ABCD", strict=False))) for number, words in documents]
        database.many(f"INSERT INTO {table} VALUES (?, CAST(? AS tsvector))", rows)

    def tidy(self, database: Database) -> None:
        """Does nothing: deleted rows go when the tables are rewritten, see `Database.erase_traces`."""

    def is_to_blame(self, problem: CorruptStore) -> bool:
        """Always False: the server reports a damaged page, and its administrator decides what to do."""
        return False

    def match(self, table: str, query: SearchQuery) -> MatchSql:
        """As in every index; the query is joined as a table, so that it is parsed once and not for every row."""
        source = f"{table} AS f CROSS JOIN CAST(? AS tsquery) AS asked (q)"
        text = tsquery_expression(query, one_column=table == POST_WORDS)
        return MatchSql(source, "f.words @@ asked.q", f"ts_rank({_WEIGHTS}, f.words, asked.q, 1)", (text,))


def tsvector_text(columns: Iterable[tuple[Sequence[str], str]]) -> str:
    """Words with positions and weights in tsvector syntax, with a gap of one position between columns."""
    places: dict[str, list[str]] = {}
    place = size = 0
    for words, weight in columns:
        for word in words:
            place += 1
            size += len(word.encode()) + 4
            if word != BETWEEN and size < _MAX_VECTOR_BYTES:
                places.setdefault(word, []).append(f"{place}{weight}")
        place += 1
    return " ".join(f"{_quoted(word)}:{','.join(positions)}" for word, positions in places.items())


def tsquery_expression(query: SearchQuery, *, one_column: bool) -> str:
    """A query in tsquery syntax. `one_column`: for rows whose words all have the same weight."""
    groups = [" | ".join(_all_of(atom, one_column) for atom in atoms) for atoms in query.wanted]
    unwanted = [_all_of(atom, one_column) for atom in query.unwanted]
    clauses = [f"({term})" for term in groups] or [_quoted(ALL)]
    return " & ".join([*clauses, *(f"!{term}" for term in unwanted)])


def _all_of(atom: SearchAtom, one_column: bool) -> str:
    return f"({' & '.join(_term(term, one_column) for term in atom.terms)})"


def _term(term: SearchTerm, one_column: bool) -> str:
    """A term. Titles, abstracts and posts are indexed without plural endings, names unchanged."""
    if term.field:
        return _phrase(term.stems if term.field == "title" else term.words, term.prefix, _COLUMNS[term.field])
    if one_column or term.stems == term.words:
        return _phrase(term.stems, term.prefix, "")
    phrase = _phrase(term.stems, term.prefix, "AC")
    return f"({phrase} | {_phrase(term.words, term.prefix, 'B')})"


def _phrase(words: Sequence[str], prefix: bool, weights: str) -> str:
    ends = ["" for _ in words[:-1]] + ["*" if prefix else ""]
    text = [f"{_quoted(word)}:{end}{weights}".rstrip(":") for word, end in zip(words, ends, strict=True)]
    return f"({' <-> '.join(text)})"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"

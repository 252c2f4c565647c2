"""The values exchanged between the search and a database's own word index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hotpapers.base.errors import CorruptStore
from hotpapers.keep.search.query_parser import SearchQuery
from hotpapers.record.database import Database

BETWEEN = "_"
"""Separates two authors, so that no phrase spans both; never a word itself."""
PAPER_WORDS, POST_WORDS = "search_paper_words", "search_post_words"
"""The tables of words. That of papers has columns, that of posts only one."""
ALL = "#"
"""A label that every paper and every post has."""


class PaperWords(NamedTuple):
    """A paper's words by column. `labels`: its categories, archives and identifier, each prefixed with #."""

    rowid: int
    title: list[str]
    authors: list[str]
    abstract: list[str]
    labels: list[str]


class PostWords(NamedTuple):
    """A post's words."""

    rowid: int
    words: list[str]


class MatchSql(NamedTuple):
    """SQL for the matches: `FROM {source} WHERE {where}`, with rows called `f`; a higher `score` is better."""

    source: str
    where: str
    score: str
    params: tuple[str, ...]


class WordIndex(Protocol):
    """A database's own full-text search, in the store, or in temporary tables of a connection."""

    def is_made(self, database: Database) -> bool:
        """Whether its tables are there."""

    def copy_tables(self, database: Database, tables: Sequence[str]) -> None:
        """Create temporary tables like those of the store, with their indexes."""

    def make(self, database: Database) -> None:
        """Recreate its tables, empty."""

    def put_papers(self, database: Database, papers: Sequence[PaperWords]) -> None:
        """Add papers."""

    def put_posts(self, database: Database, posts: Sequence[PostWords]) -> None:
        """Add posts."""

    def tidy(self, database: Database) -> None:
        """Erase what deleted rows left."""

    def is_to_blame(self, problem: CorruptStore) -> bool:
        """Whether the index is what is damaged."""

    def match(self, table: str, query: SearchQuery) -> MatchSql:
        """The rows of a table that match a query."""

"""The values exchanged between the search and a database's own word index."""

from __future__ import annotations

from typing import NamedTuple

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

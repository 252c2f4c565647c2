"""What passes between the search and a database's own index of words."""

from __future__ import annotations

from typing import NamedTuple

BETWEEN = "_"
"""Stands between two authors, so that no phrase goes from the one to the other; never a word."""
ALL = "#"
"""Stands at every paper, and at every post: all of them have it."""


class PaperWords(NamedTuple):
    """A paper's words, column by column. `labels`: its categories, archives and identifier, each after a #."""

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
    """SQL for what matches: `FROM {source} WHERE {where}`, its rows called `f`; the more `score` the better."""

    source: str
    where: str
    score: str
    params: tuple[str, ...]

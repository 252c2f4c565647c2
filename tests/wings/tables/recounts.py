"""Recount the counts of issues from the research tables, with DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from hotpapers.wings.tables.schema import TABLES
from tests.conftest import ROOT

RECOUNT, RESCORE = (ROOT / "docs" / "examples" / f"{name}.sql" for name in ("recount", "rescore"))


class Recounted(NamedTuple):
    """A count in an issue, and the same count from the tables."""

    paper: str
    network: str
    name: str
    printed: int
    recounted: int


def ask(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """The result of a DuckDB query on the tables, each by its own name or its file's."""
    with duckdb.connect(config={"file_search_path": str(folder)}) as connection:
        for table in TABLES:
            connection.execute(f"CREATE VIEW {table.name} AS FROM '{table.name}.parquet'")
        return connection.execute(sql).fetchall()


def recounted(folder: Path) -> Iterator[Recounted]:
    """Every count of every issue."""
    for row in ask(folder, RECOUNT.read_text("utf-8")):
        paper, network, *pairs = row[5:]
        for n, name in enumerate(("voices", "reposts", "likes", "bots")):
            yield Recounted(paper, network, name, *pairs[2 * n : 2 * n + 2])


def rescored(folder: Path) -> list[tuple[str, int, int]]:
    """(paper, score in the issue, score from the tables) of every entry of every issue."""
    return [row[5:] for row in ask(folder, RESCORE.read_text("utf-8"))]

"""The report: what was done, how often, what was missing, duplicate or wrong, and how long it took."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import NamedTuple

import pytest

from tests.torture.comparison import Outcome

KILLS = int(os.environ.get("HOTPAPERS_TORTURE_KILLS", "10"))
"""How many processes are killed while they collect, over both databases."""
ALL = "HOTPAPERS_TORTURE_KILLS" in os.environ
"""Whether to run everything, as `make torture` does, or only what takes little time."""
torture_only = pytest.mark.skipif(not ALL, reason="takes long: run `make torture`")
"""Tests that only `make torture` runs."""
one_database = pytest.mark.parametrize("store_url", ["sqlite", "postgres"] if ALL else ["sqlite"], indirect=True)
"""Tests that `make torture` runs with both databases, and ordinary test runs with one."""
NAME = "torture"
"""The key of a row in a test's report."""


class Row(NamedTuple):
    """A row of the table. `posts`: how many expected posts and announcements were checked."""

    name: str
    times: int
    posts: int
    missing: int
    duplicates: int
    errors: int
    seconds: float


class Report:
    """Adds a test's rows to the table. `properties`: those of the test's report, which also reach other processes."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties
        self._began = time.monotonic()

    def add_row(self, name: str, times: int = 1, outcome: Outcome = Outcome()) -> None:  # noqa: B008
        """Add a row; rows of the same name are merged."""
        seconds, self._began = time.monotonic() - self._began, time.monotonic()
        counts = len(outcome.missing), len(outcome.duplicates), len(outcome.errors)
        self._properties.append((NAME, [name, times, outcome.posts, *counts, seconds]))


def merge_rows(rows: Iterable[Row]) -> list[Row]:
    """One row per name, in order of first appearance."""
    merged: dict[str, Row] = {}
    for row in rows:
        _, times, posts, missing, duplicates, errors, seconds = merged.get(row.name, Row("", 0, 0, 0, 0, 0, 0.0))
        merged[row.name] = Row(
            row.name, times + row.times, posts + row.posts, missing + row.missing, duplicates + row.duplicates,
            errors + row.errors, seconds + row.seconds,
        )  # fmt: skip
    return list(merged.values())


def lines(rows: Iterable[Row]) -> list[str]:
    """The table as text."""
    all_rows = list(rows)
    width = max((len(row.name) for row in all_rows), default=4)
    head = f"{'what':<{width}}  {'times':>6}  {'expected':>8}  {'missing':>7}  {'duplicate':>9}  "
    head += f"{'wrong':>5}  {'seconds':>7}"
    return [
        head,
        *(
            f"{row.name:<{width}}  {row.times:>6}  {row.posts:>8}  {row.missing:>7}  {row.duplicates:>9}  "
            f"{row.errors:>5}  {row.seconds:>7.1f}"
            for row in all_rows
        ),
    ]

"""The report: what was done, how often, what was lost, doubled or wrong, and how long it took."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import NamedTuple

import pytest

from tests.torture.agree import Outcome

KILLS = int(os.environ.get("HOTPAPERS_TORTURE_KILLS", "10"))
"""How many processes are killed while they collect, over both databases."""
ALL = "HOTPAPERS_TORTURE_KILLS" in os.environ
"""Whether to run everything, as `make torture` does, or only what is cheap."""
at_length = pytest.mark.skipif(not ALL, reason="takes long: `make torture` does it")
"""Tests that only `make torture` runs."""
one_is_enough = pytest.mark.parametrize("store_url", ["sqlite", "postgres"] if ALL else ["sqlite"], indirect=True)
"""Tests that `make torture` runs with both databases, and ordinary test runs with one."""
NAME = "torture"
"""The key of a row in a test's report."""


class Row(NamedTuple):
    """A row of the table. `posts`: how many expected posts and announcements were checked."""

    what: str
    times: int
    posts: int
    lost: int
    doubled: int
    wrong: int
    seconds: float


class Telling:
    """Adds a test's rows to the table. `properties`: stored in the test's report, also from other processes."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties
        self._began = time.monotonic()

    def row(self, what: str, times: int = 1, outcome: Outcome = Outcome()) -> None:  # noqa: B008
        """Add a row; rows of the same name are merged."""
        seconds, self._began = time.monotonic() - self._began, time.monotonic()
        counts = len(outcome.lost), len(outcome.doubled), len(outcome.wrong)
        self._properties.append((NAME, [what, times, outcome.posts, *counts, seconds]))


def summed(rows: Iterable[Row]) -> list[Row]:
    """One row per name, in order of first appearance."""
    found: dict[str, Row] = {}
    for row in rows:
        _, times, posts, lost, doubled, wrong, seconds = found.get(row.what, Row("", 0, 0, 0, 0, 0, 0.0))
        found[row.what] = Row(
            row.what, times + row.times, posts + row.posts, lost + row.lost, doubled + row.doubled, wrong + row.wrong,
            seconds + row.seconds,
        )  # fmt: skip
    return list(found.values())


def lines(rows: Iterable[Row]) -> list[str]:
    """The table as text."""
    all_rows = list(rows)
    wide = max((len(row.what) for row in all_rows), default=4)
    head = f"{'what':<{wide}}  {'times':>6}  {'wanted':>7}  {'lost':>5}  {'doubled':>7}  {'wrong':>5}  {'seconds':>7}"
    return [
        head,
        *(
            f"{row.what:<{wide}}  {row.times:>6}  {row.posts:>7}  {row.lost:>5}  {row.doubled:>7}  {row.wrong:>5}"
            f"  {row.seconds:>7.1f}"
            for row in all_rows
        ),
    ]

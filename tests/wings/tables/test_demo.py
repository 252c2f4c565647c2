"""The tables that the program writes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.cli.run import good
from tests.wings.tables.recounts import recounted, rescored

NAMED = ("bluesky", "voices")
"""Bluesky names who reacted, which the tables leave out."""
STORES = {"hotpapers.db": 300, "made-up-week/hotpapers.db": 800}
"""The demo's stores, and how many counts they have at least."""


@pytest.mark.parametrize("store", STORES)
def test_the_demo_is_recounted_and_scored_again_without_a_difference(
    demo_folder: Path, tmp_path: Path, store: str
) -> None:
    good("export", "--format", "tables", "--output", tmp_path / "tables", "--store", demo_folder / store)
    counts = list(recounted(tmp_path / "tables"))
    assert len(counts) > STORES[store]
    differences = [count for count in counts if count.printed != count.recounted]
    assert [count for count in differences if (count.network, count.name) != NAMED] == []
    scores = rescored(tmp_path / "tables")
    assert len(scores) > 30 and [score for score in scores if score[1] != score[2]] == []


def test_each_paper_has_its_own_doi(demo_folder: Path, tmp_path: Path) -> None:
    store = demo_folder / "made-up-week" / "hotpapers.db"
    good("export", "--format", "tables", "--output", tmp_path / "tables", "--store", store)
    rows = duckdb.execute(f"SELECT paper, doi FROM '{tmp_path}/tables/papers.parquet'").fetchall()
    assert {paper.startswith("10.") for paper, _ in rows} == {True, False}
    assert all(doi == (paper if paper.startswith("10.") else f"10.48550/arXiv.{paper}") for paper, doi in rows)

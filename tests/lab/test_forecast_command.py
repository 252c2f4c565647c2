"""`python -m lab forecast`: what it prints, writes and refuses, and its figures for real votes."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import zstandard

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.text.timestamps import format_rfc3339
from lab.commands import CATEGORIES, PAPERS, STORIES
from tests.cli.run import failure, good, misuse, run
from tests.conftest import ROOT, SHARED
from tests.issues.forecast import samples

PAGE = ROOT / "docs" / "explanation" / "forecast.md"


def lines(*rows: object) -> bytes:
    """Rows as packed lines of JSON."""
    return zstandard.compress(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with votes on 1,500 made-up papers, and a story."""
    rows = []
    for n, curve in enumerate(samples.curves(4, 1500, 100)):
        for hours, votes in ((8, curve.voices), (150, curve.later)):
            at = format_rfc3339(curve.day * DAY + hours * HOUR)
            day = format_rfc3339(curve.day * DAY)[:10]
            rows.append({"id": f"2603.{n:05}", "date": day, "upvotes": votes, "observed_at": at, "t_ok": True})
    (tmp_path / CATEGORIES).write_bytes(lines({"id": "2603.00000", "primary": "cs.CV"}))
    (tmp_path / PAPERS).write_bytes(lines(*rows))
    (tmp_path / STORIES).write_bytes(lines({"obs": [[1, 2, None, 3]]}))
    return tmp_path


@pytest.mark.long
def test_prints_and_writes_the_scores(folder: Path) -> None:
    rows = json.loads(good("lab", "forecast", "--data", folder, "--json"))
    assert [(row["network"], row["age"], row["field"]) for row in rows] == [
        ("huggingface", 6, "all"),
        ("huggingface", 6, "unknown"),
    ]
    assert rows[0]["cases"] + rows[0]["without"] == 1500 and 85 < rows[0]["covered"] < 97
    output = folder / "page.md"
    text = good("lab", "forecast", "--data", folder, "--output", output)
    head, first_line, _ = text.splitlines()
    assert (
        head.startswith("network ")
        and f"{rows[0]['covered']} %" in first_line
        and f"{rows[0]['cases']:,}" in first_line
    )
    page = output.read_text("utf-8")
    assert page.startswith("# Forecasts\n") and f"| {rows[0]['covered']} % |" in page and "TABLE" not in page


def test_what_cannot_be_read_is_named(folder: Path) -> None:
    assert misuse("lab", "forecast", "--data", folder / "absent") == f"{folder / 'absent'}: no such folder"
    assert "Missing option '--data'" in run("lab", "forecast").err
    missing_page = folder / "absent" / "page.md"
    assert "cannot be written" in misuse("lab", "forecast", "--data", folder, "--output", missing_page)
    count = {"id": "2603.00000", "date": None, "upvotes": 1, "observed_at": "2026-03-02T01:00:00Z", "t_ok": True}
    broken = lines(count, {"id": "2603.00000"})
    (folder / PAPERS).write_bytes(broken)
    assert failure("lab", "forecast", "--data", folder).startswith(f"{folder / PAPERS}:2: ")
    (folder / PAPERS).write_bytes(broken[:-9])
    assert "it is truncated" in failure("lab", "forecast", "--data", folder)
    (folder / STORIES).unlink()
    (folder / PAPERS).write_bytes(lines())
    assert failure("lab", "forecast", "--data", folder).startswith(f"{folder / STORIES}: cannot be read: ")


@pytest.mark.long
def test_on_real_votes_the_goals_are_reached_and_the_page_has_the_figures(tmp_path: Path) -> None:
    """Six hours after the announcement, in every field. The page also shows what misses the goals."""
    if not (SHARED / "data" / PAPERS).is_file():
        pytest.skip(f"the folder of real votes is absent: {SHARED / 'data'}")
    output = tmp_path / "page.md"
    rows = json.loads(good("lab", "forecast", "--data", SHARED / "data", "--output", output, "--json"))
    rows_by_field = {(row["network"], row["field"]): row for row in rows if row["age"] == 6}
    assert {("huggingface", "cs"), ("huggingface", "unknown"), ("hackernews", "all")} < rows_by_field.keys()
    assert [key for key, row in rows_by_field.items() if not row["met"]] == [("hackernews, own clock", "all")]
    assert all(row["gain"] >= 20 and 88 <= row["covered"] <= 92 for row in rows_by_field.values() if row["met"])
    assert output.read_text("utf-8") == PAGE.read_text("utf-8"), "run: python -m lab forecast --output"

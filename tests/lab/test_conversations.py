"""`python -m lab conversations`: its figures, and its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotpapers.cli import run_command
from lab.commands import lab

TIMES = ("made", "known trees", "trees from the store")


@pytest.mark.long
def test_all_figures_but_times_are_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    assert run_command(["conversations", "--json", "--output", str(page)], lab, "python -m lab") == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 12
    assert [row["what"] for row in rows if not row["is_met"] and not any(time in row["what"] for time in TIMES)] == []
    assert page.read_text("utf-8").startswith("# Conversations\n") and page.read_text("utf-8").count("\n| ") == 14

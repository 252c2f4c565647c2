"""Of several publications, the first is meant; `latest` prints its latest issue."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base import settings
from tests.cli.conftest import DAILY_SETTINGS
from tests.cli.run import good, misuse, run


def test_the_first_publication_is_meant_unless_another_is_named(project: Path) -> None:
    known = "no: no such publication; there are: daily, hot-papers"
    assert good("issue", "2024-11-28").startswith("# Tea \\& Papers"), "the first of the settings"
    assert good("latest") == good("issue", "2024-11-28")
    assert misuse("issue", "--publication", "no") == known
    good("issue", "--publication", "hot-papers")
    explained = good("explain", "2103.90001", "--publication", "hot-papers")
    assert "place 1 of 3" in explained
    assert good("explain", "2103.90001") == explained == good("explain", "2103.90001", "--issue", "2021-03-02")
    assert "daily" in misuse("explain", "2103.90001", "--issue", "2021-03-09")
    assert good("verify", "--all", "--publication", "hot-papers").startswith("verified: 1 issue rebuilt, ")
    assert good("verify", "--all", "--publication", "daily").startswith("verified: 1 issue rebuilt, ")
    assert misuse("verify", "--all", "--publication", "no") == known
    other = '[[publication]]\nname = "weekly"\nwindow = "weekly"\n\n'
    (project / settings.FILE).write_text(other + DAILY_SETTINGS, "utf-8")
    assert misuse("latest").startswith("weekly"), "the first of the settings, although it came later"


def test_latest_prints_and_never_freezes(project: Path) -> None:
    assert misuse("latest") == "daily: no issue yet; `hotpapers run` makes the first"
    good("issue", "2024-11-28")
    before = run("status", "--json").json["issues"]
    assert good("latest") == good("issue", "2024-11-28")
    assert run("latest", "--json").json["day"] == "2024-11-28"
    assert run("status", "--json").json["issues"] == before

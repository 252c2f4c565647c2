"""The program in docs/reference/rebuilding.md, written from the docs, rebuilds every issue of an export."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hotpapers.site import demo as made_up
from tests.cli.run import good, run
from tests.conftest import ROOT
from tests.record.forgeries import recompute_text

PROGRAM = ROOT / "docs" / "examples" / "rebuild.py"
WEEKLY = """
store = "hotpapers.db"
[[publication]]
name = "week"
title = "The Made-Up Week"
{settings}
[[publication]]
name = "all-week"
title = "A week of papers"
window = "weekly"
threshold = 1
{settings}
"""
ISSUES = len(made_up.QUIET_DAYS) + len(made_up.DAYS) + 1
"""Those of the made-up week, one of which was corrected, and of the weeks before."""
Lines = list[dict[str, Any]]


@pytest.fixture
def week(demo_folder: Path, tmp_path: Path) -> Path:
    """A copy of the folder of the made-up week."""
    return Path(shutil.copytree(demo_folder / "made-up-week", tmp_path / "week"))


def exported(store: Path, *options: str) -> Lines:
    return [json.loads(line) for line in run("export", *options, "--store", store).out.splitlines()]


def rebuilt(lines: Lines, folder: Path) -> tuple[int, list[str]]:
    """Status and output of the program."""
    file = folder / "full.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    process = subprocess.run([sys.executable, "-BEs", PROGRAM, file], capture_output=True, text=True, check=False)
    assert not process.stderr
    return process.returncode, process.stdout.splitlines()


def assert_equal(store: Path, issues: int) -> None:
    """Also with the words that the terms of networks keep back."""
    for lines in (exported(store), exported(store, "--all-words")):
        assert rebuilt(lines, store.parent) == (0, [f"{issues} of {issues} digests equal"])


def test_it_is_short_and_needs_only_python() -> None:
    files = sorted(PROGRAM.parent.glob("rebuild*.py"))
    assert len(files) == 5
    for file in files:
        code = file.read_text("utf-8")
        assert len(code.splitlines()) <= 280
        imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.Import, ast.ImportFrom))]
        names = {name.name for node in imports if isinstance(node, ast.Import) for name in node.names}
        names |= {node.module or "." for node in imports if isinstance(node, ast.ImportFrom)}
        assert names and names <= sys.stdlib_module_names | {other.stem for other in files}


def test_imported_listings(demo: Path) -> None:
    assert_equal(demo, 5)


def test_the_made_up_week_also_as_imported_and_after_forgetting_and_pruning(week: Path, tmp_path: Path) -> None:
    store = week / "hotpapers.db"
    lines = exported(store)
    assert {"delivery_state", "note"} <= {line["kind"] for line in lines}
    recompute_text("".join(json.dumps(line) + "\n" for line in lines))
    posts = [line for line in lines if line["kind"] == "post" and line["account"]]
    good("forget", "--yes", posts[0]["post"], posts[-1]["account"], "--store", store)
    good("prune", "--store", store)
    assert_equal(store, ISSUES)
    file, copy = tmp_path / "export.jsonl", tmp_path / "copy.db"
    file.write_text(run("export", "--store", store).out, "utf-8")
    good("import", "jsonl", file, "--store", copy)
    assert_equal(copy, ISSUES)


@pytest.mark.parametrize("ranking", ["classic/1", "rarity/1", "rarity/2"])
def test_every_ranking_of_daily_weekly_and_past_issues(week: Path, ranking: str) -> None:
    config, store = week / "hotpapers.toml", week / "hotpapers.db"
    for n, settings in enumerate((
        'categories = ["cs.LG", "math", "cs"]\nleast_entries = 2\nmost_entries = 2',
        'networks = ["reddit", "bluesky"]\nexclude = ["the"]',
    )):  # fmt: skip
        config.write_text(WEEKLY.format(settings=f'ranking = "{ranking}"\n{settings}'), "utf-8")
        for publication, day in (("week", "2026-03-13"), ("all-week", "2026-03-09")):
            again = [] if publication == "all-week" and n == 0 else ["--again", "--reason", "tried"]
            good("issue", day, *again, "--publication", publication, "--config", config)
    good("history", "--from", "2026-01-29", "--to", "2026-02-02", "--publication", "week", "--config", config)
    assert any(content.get("further") for content in contents(exported(store)))
    assert_equal(store, ISSUES + 4 + 3)


def contents(lines: Lines) -> Lines:
    return [json.loads(line["content"]) for line in lines if line["kind"] == "issue"]


def first_count(lines: Lines) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The first count of the last issue, and the posts that were counted."""
    entry = contents(lines)[-1]["entries"][0]
    count = next(count for count in entry["counts"] if count["likes"])
    mentions = {line["post"] for line in lines if line["kind"] == "mention" and line["paper"] == entry["paper"]}
    bots = {line["subject"] for line in lines if line["kind"] == "verdict"}
    posts = [line for line in lines if line["kind"] == "post" and line["post"] in mentions]
    return count, [post for post in posts if post["network"] == count["network"] and post["account"] not in bots]


def changed_likes(lines: Lines) -> dict[str, Any]:
    """Those that were last observed before they were counted."""
    count, posts = first_count(lines)
    names = {post["post"] for post in posts}
    snapshots = [line for line in lines if line["kind"] == "snapshot" and line["post"] in names]
    max((s for s in snapshots if s["observed_at"] <= count["until"]), key=lambda s: s["observed_at"])["likes"] += 1000
    return contents(lines)[-1]


def changed_accounts(lines: Lines) -> dict[str, Any]:
    """All posts are by the same account."""
    for post in first_count(lines)[1]:
        post["account"] = "mastodon:nobody"
    return contents(lines)[-1]


def removed_mentions(lines: Lines) -> dict[str, Any]:
    names = {post["post"] for post in first_count(lines)[1]}
    lines[:] = [line for line in lines if line["kind"] != "mention" or line["post"] not in names]
    return contents(lines)[-1]


def changed_coverage(lines: Lines) -> dict[str, Any]:
    """A network was read where an issue says that it was not."""
    issues = [content for content in contents(lines) if content["day"] in made_up.DAYS]
    content, reading = next((c, reading) for c in issues for reading in c["readings"] if reading["since"])
    for line in lines:
        if line["kind"] == "coverage" and line["network"] == reading["network"]:
            line["state"] = "complete" if line["from_at"] == reading["since"] else line["state"]
    return content


@pytest.mark.parametrize("change", [changed_likes, changed_accounts, removed_mentions, changed_coverage])
def test_a_changed_row_is_noticed(week: Path, change: Callable[[Lines], dict[str, Any]]) -> None:
    """It says which issue differs, and in what."""
    lines = exported(week / "hotpapers.db")
    content = change(lines)
    status, output = rebuilt(lines, week)
    assert status == 1 and output[-1] in [f"{n} of {ISSUES} digests equal" for n in range(ISSUES)]
    place = output.index(f"week {content['day']}, edition {content['edition']}:")
    assert re.search(r"^  (entries|readings) .*: .* is frozen, .* rebuilt$", output[place + 1])

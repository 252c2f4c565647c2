"""The template for free hosting: its files are those of this version, and its runs work on simulated networks."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar
from hotpapers.wings.hosting.writing import GITHUB_PAGES, HostMachine, host_files
from tests.conftest import ROOT
from tests.loopback.clock import RunningClock
from tests.loopback.network_state import utc
from tests.loopback.papers import Subjects
from tests.loopback.servers import Loopback
from tests.loopback.settings import source_tables
from tests.loopback.world import World
from tests.wings.hosting.runner import Machine
from tests.wings.hosting.test_github_pages import BY_HAND, CONTEXT, END, RESTORE, assets, full_run, needs_programs

TEMPLATE = ROOT / "template"
SUBJECTS = Subjects({"cs": 4, "stat": 1}, {"cs": ("cs.LG",), "stat": ("stat.ML",)}, {})
"""Papers of the template's fields only: the program waits a second between two requests, also to simulated hosts."""
OFF = "".join(f"[source.{name}]\non = false\n" for name in ("bluesky", "huggingface", "lobsters"))


def test_its_files_are_those_that_init_writes() -> None:
    """HOTPAPERS_REWRITE=1 writes them."""
    configured = settings.load(TEMPLATE / "hotpapers.toml")
    for file in host_files(GITHUB_PAGES, configured, utc(time.time_ns() // 1000).date(), HostMachine("/srv", (), "")):
        path = TEMPLATE / file.path
        if os.environ.get("HOTPAPERS_REWRITE"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, "utf-8")
        assert path.read_text("utf-8") == file.text, f"{path}: run this test with HOTPAPERS_REWRITE=1"


def test_five_lines_are_to_be_edited() -> None:
    lines = (TEMPLATE / "hotpapers.toml").read_text("utf-8").splitlines()
    keys = [line.partition(" = ")[0] for line in lines if " = " in line and not line.startswith(("#", "name"))]
    assert keys == ["contact", "title", "categories", "hour", "zone"]


@pytest.fixture
def networks() -> Iterator[dict[str, str]]:
    now = time.time_ns() // 1000
    world = World(1, utc(now - 14 * DAY).date().isoformat(), papers=60, subjects=SUBJECTS)
    with Loopback(world, RunningClock(now, 1)) as loopback:
        yield dict(loopback.bases)


@pytest.mark.long
@needs_programs
def test_two_runs_and_a_failing_one(tmp_path: Path, networks: dict[str, str]) -> None:
    """The first issue has papers, the second run continues from the stored record, and a failing run loses nothing."""
    home = tmp_path / "repository"
    shutil.copytree(TEMPLATE, home)
    text = (home / "hotpapers.toml").read_text("utf-8")
    # The latest day has closed with its announcement, which feeds show by 05:00 UTC, and the next one closes late.
    hour = utc(time.time_ns() // 1000 - 6 * HOUR).hour
    text = text.replace("hour = 8", f"hour = {hour}")
    sources = source_tables(networks)
    text += "\n[run]\nread_back = 5\n"
    sources["arxiv"] += 'archives = ["cs", "stat"]\n'
    sources["hackernews"] += 'terms = ["arxiv.org"]\n'
    (home / "hotpapers.toml").write_text(f"{text}\n{sources['arxiv']}{sources['hackernews']}{OFF}", "utf-8")
    machine = Machine(home, tmp_path / "releases")
    first = full_run(machine, BY_HAND)
    assert not first.failed_steps and first.outputs["end.outcome"] == "success", first.steps[END].output
    issues = sorted(path.parent.name for path in (home / "_site").glob("????-??-??/index.html"))
    assert issues, "".join(step.output for step in first.steps.values())
    papers = json.loads((home / "_site" / "search" / "papers" / f"{issues[-1]}.json").read_text())
    assert papers or not calendar.has_announcement(issues[-1]), "the first issue has papers, unless it is a holiday's"
    [saved] = assets(machine)

    second = full_run(machine, CONTEXT)
    assert f"restored from {saved['name']}" in second.steps[RESTORE].output and not second.failed_steps
    assert issues == sorted(path.parent.name for path in (home / "_site").glob("????-??-??/index.html"))

    (home / "hotpapers.toml").write_text(f"{text}\n[source.arxiv]\nnonsense = 1\n", "utf-8")
    full_run(machine, CONTEXT)
    (home / "hotpapers.toml").write_text(f"{text}\n{sources['arxiv']}{sources['hackernews']}{OFF}", "utf-8")
    last = full_run(machine, CONTEXT)
    assert not last.failed_steps
    assert issues == sorted(path.parent.name for path in (home / "_site").glob("????-??-??/index.html"))

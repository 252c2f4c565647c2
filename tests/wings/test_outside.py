"""A package from outside brings a source, a channel and a ranking: that of docs/examples/corkboard, installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hotpapers.base.networks import readable_networks
from tests.base.http.server import answer, serving
from tests.cli.run import PACKAGE, environment, run_process
from tests.conftest import ROOT
from tests.issues.made import DAY

EXAMPLE = ROOT / "docs" / "examples" / "corkboard"
NOTE = {"id": 7, "by": "ada", "words": "see arxiv.org/abs/2609.01234", "pins": 3}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The PYTHONPATH of an environment with the package."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(folder / "site"), str(folder / "source")]
    subprocess.run(command, check=True, capture_output=True)
    return os.pathsep.join(map(str, (folder / "site", PACKAGE, ROOT)))


def good(installed: str, *args: str | Path) -> str:
    result = run_process(*args, PYTHONPATH=installed)
    assert (result.status, result.err) == (0, ""), result
    return result.out


def test_it_is_small() -> None:
    lines = [file.read_text("utf-8").count("\n") for file in EXAMPLE.rglob("*") if file.suffix in (".py", ".toml")]
    assert len(lines) == 4 and sum(lines) <= 150


@pytest.mark.long
def test_its_network_is_read_and_shown(installed: str, cwd: Path) -> None:
    assert "\ncorkboard  Read Corkboard" in good(installed, "wings")
    off = "".join(
        f"[source.{name}]\non = false\n" for name in [row.name for row in readable_networks().values() if row.is_on]
    )
    with serving() as server:
        note = {**NOTE, "made": int(time.time()) - 60}
        server.on("/api/notes", answer(200, json.dumps({"notes": [note]}).encode()))
        settings = f'contact = "https://library.example/"\n{off}[source.corkboard]\nbase = "{server.base}"\n'
        (cwd / "hotpapers.toml").write_text(settings)
        result = run_process("collect", "--once", PYTHONPATH=installed)
        assert "source.corkboard: has base, but is off; write on = true to read it" in result.message
        (cwd / "hotpapers.toml").write_text(f"{settings}on = true\n")
        assert "corkboard          4 items so far" in good(installed, "collect", "--once")
    assert "corkboard " in good(installed, "status")
    assert "verified" in good(installed, "verify", "--all")
    assert "corkboard: no such source" in run_process("status").out  # it needs the package


@pytest.mark.long
def test_its_notes_are_counted_ranked_published_and_forgotten(installed: str, cwd: Path) -> None:
    command = [sys.executable, "-m", "tests.wings.outside_site", "s.db"]
    subprocess.run(command, env=environment(PYTHONPATH=installed), check=True)
    store = ("--store", "s.db")
    good(installed, "publish", "--all", "--to", "text", "--to", "site", "--output", "out", *store)
    issue = cwd / "out" / "text" / f"{DAY}.txt"
    lines = ["1. Made-up paper 1 (9)", "   Tea cups boil too fast: arxiv.org/abs/2405.00001", "2. Made-up paper 2 (4)"]
    assert issue.read_text("utf-8").splitlines() == lines
    assert "Corkboard" in (cwd / "out" / "site" / DAY / "index.html").read_text("utf-8")
    assert "Reposts and likes on Corkboard, added up: 9." in good(installed, "explain", "2405.00001", *store)
    assert "verified" in good(installed, "verify", "--all", *store)
    assert "corkboard:42: forgotten" in good(installed, "forget", "corkboard:42", "--yes", *store)
    assert "Tea cups" not in issue.read_text("utf-8") and "2. Made-up paper 2 (4)" in issue.read_text("utf-8")
    assert "verified" in good(installed, "verify", "--all", *store)

"""Packages from outside, installed: docs/examples/corkboard brings a source, a channel and a ranking; inkwell, a server
of papers."""

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

EXAMPLES = {name: ROOT / "docs" / "examples" / name for name in ("corkboard", "inkwell")}
NOTE = {"id": 7, "by": "ada", "words": "see arxiv.org/abs/2609.01234", "pins": 3}


def install(tmp_path_factory: pytest.TempPathFactory, name: str) -> str:
    """Returns the PYTHONPATH of an environment with an example's package."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(EXAMPLES[name], folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(folder / "site"), str(folder / "source")]
    subprocess.run(command, check=True, capture_output=True)
    return os.pathsep.join(map(str, (folder / "site", PACKAGE, ROOT)))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    return install(tmp_path_factory, "corkboard")


@pytest.fixture(scope="module")
def with_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    return install(tmp_path_factory, "inkwell")


def good(installed: str, *args: str | Path) -> str:
    result = run_process(*args, PYTHONPATH=installed)
    assert (result.status, result.err) == (0, ""), result
    return result.out


@pytest.mark.parametrize(("name", "most_lines"), [("corkboard", 150), ("inkwell", 150)])
def test_they_are_small(name: str, most_lines: int) -> None:
    files = [file for file in EXAMPLES[name].rglob("*") if file.suffix in (".py", ".toml")]
    assert 3 <= len(files) <= 4 and sum(file.read_text("utf-8").count("\n") for file in files) <= most_lines


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


# ---- a server of papers: docs/examples/inkwell -----------------------------------------------------------


@pytest.mark.long
def test_papers_of_a_server_are_read(with_server: str, cwd: Path) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    paper = {"doi": "10.55555/ink.2611.0012", "title": "Nibs that never dry", "posted": today, "subject": "Pens"}
    off = "".join(f"[source.{row.name}]\non = false\n" for row in readable_networks().values() if row.is_on)
    with serving() as server:
        for back in range(9):
            day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - back * 86_400))
            papers = [] if back else [paper]
            server.on(f"/papers/{day}", answer(200, json.dumps({"papers": papers}).encode()))
        settings = f'contact = "https://library.example/"\n{off}[source.inkwell]\napi = "{server.base}"\n'
        publication = '[[publication]]\nname = "pens"\ntitle = "Pens"\npapers = ["inkwell: pens"]\n'
        (cwd / "hotpapers.toml").write_text(f"{settings}{publication}")
        assert "inkwell            2 items so far" in good(with_server, "collect", "--once")
    assert "10.55555/ink.2611.0012  " in good(with_server, "search", "nibs", "--store", "hotpapers.db")
    (cwd / "hotpapers.toml").write_text(settings + publication.replace('pens"]', 'pencils"]'))
    wrong = run_process("status", PYTHONPATH=with_server)
    assert "inkwell has no category 'pencils': pens, stained-paper" in wrong.err
    (cwd / "hotpapers.toml").write_text(settings + publication)
    assert "'inkwell' is no server" in run_process("status").err  # it needs the package


@pytest.mark.long
def test_its_papers_are_found_ranked_and_published(with_server: str, cwd: Path) -> None:
    (cwd / "note.txt").write_text("see inkwell.example/paper/2405.0001v2")
    assert good(with_server, "find", "--any-server", "note.txt") == "10.55555/ink.2405.0001v2  inkwell at 4\n"
    subprocess.run(
        [sys.executable, "-m", "tests.wings.outside_papers", "s.db"],
        env=environment(PYTHONPATH=with_server), check=True,
    )  # fmt: skip
    store = ("--store", "s.db")
    good(with_server, "publish", "--all", "--to", "site", "--output", "out", *store)
    page = (cwd / "out" / "paper" / "10.55555" / "ink.2405.0001" / "index.html").read_text("utf-8")
    assert "Inkwell" in page and 'href="https://inkwell.example/pdf/2405.0001"' in page and "Nibs that seldom" in page
    assert not (cwd / "out" / "paper" / "10.55555" / "ink.2405.0002").exists(), "it is in another field"
    assert "verified" in good(with_server, "verify", "--all", *store)

"""Fixtures for the command line: the demo, and a small store of made-up listings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.site import demo as week
from tests.cli.run import good
from tests.conftest import shared_folder
from tests.wings.classic import classic_issues

DAYS = ("2021-03-02", "2021-03-03", "2021-03-04")
DAILY_SETTINGS = '[[publication]]\nname = "daily"\ntitle = "Tea & Papers"\nzone = "Europe/Zurich"\n'
SECOND = '\n[[publication]]\nname = "again"\ntitle = "The Same Again"\n'
"""Settings of a second publication beside the demo's week."""


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder, created once; tests must not change it."""
    return shared_folder(tmp_path_factory, "demo", lambda folder: good("demo", folder / "demo")) / "demo"


@pytest.fixture
def demo(demo_folder: Path, tmp_path: Path) -> Path:
    """A copy of the demo's store."""
    return Path(shutil.copy(demo_folder / "hotpapers.db", tmp_path / "demo.db"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with three made-up listings."""
    posts = tmp_path / "posts"
    posts.mkdir()
    for day in DAYS:
        good("import", "classic", classic_issues.file(posts, day), "--store", tmp_path / "papers.db")
    return tmp_path / "papers.db"


@pytest.fixture
def cwd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run commands in."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def site(cwd: Path, demo_folder: Path) -> Path:
    """A folder with the settings and the store of the demo's week."""
    for name in ("hotpapers.toml", "hotpapers.db"):
        shutil.copy(demo_folder / week.FOLDER / name, cwd / name)
    return cwd


@pytest.fixture
def project(cwd: Path) -> Path:
    """A folder with settings, a listing, and a daily publication of its own."""
    (cwd / settings.FILE).write_text(DAILY_SETTINGS, "utf-8")
    good("import", "classic", classic_issues.file(cwd))
    return cwd

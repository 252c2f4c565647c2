"""The built wheel has the whole package, and runs the demo in an empty environment outside the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hotpapers.cli.about import SUBJECTS
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    return file


def test_it_holds_every_file_of_the_package(wheel: Path) -> None:
    names_in_wheel = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("hotpapers/")}
    files = (file for file in (ROOT / "src" / "hotpapers").rglob("*") if file.is_file())
    pages = {file for subject in SUBJECTS for file in (ROOT / "docs" / subject).rglob("*") if file.is_file()}
    assert names_in_wheel == {
        *(f.relative_to(ROOT / "src").as_posix() for f in files if "__pycache__" not in f.parts),
        *(f"hotpapers/{page.relative_to(ROOT).as_posix()}" for page in pages),
    }


@pytest.mark.long
def test_it_runs_the_demo_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "empty"], cwd=tmp_path, check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(tmp_path / "empty/bin/python")]
    pip += ["--disable-pip-version-check", "--quiet", "install", "--no-compile"]
    process = subprocess.run(
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "core.txt")],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    if process.returncode:
        pytest.skip(f"no package index is reachable: {process.stderr.strip().splitlines()[-1]}")
    subprocess.run([*pip, "--no-deps", str(wheel)], cwd=tmp_path, check=True, capture_output=True)
    command = str(tmp_path / "empty/bin/hotpapers")
    output = subprocess.run([command, "demo"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert output.startswith("Hot Papers, 2021-05-11\n")
    assert (tmp_path / "hotpapers-demo/site/2021-01-14/index.html").is_file()
    pages = subprocess.run([command, "docs"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "wings/mailing " in pages
    command_to_verify = [command, "verify", "--all", "--store", "hotpapers-demo/hotpapers.db"]
    assert (
        "verified: 5 issues"
        in subprocess.run(command_to_verify, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    )

"""Printed commands exist as the program was started, and can be pasted into a shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hotpapers.cli.called_as import Start, source_of, words_of

HERE = Path("/srv/env")
DIRECT = Start(HERE / "bin/hotpapers", HERE, HERE / "bin/python", by_uv=False, source="")
UVX = Start(Path("/c/uv/archive-v0/Ab1/bin/hotpapers"), Path("/c/uv/archive-v0/Ab1"), HERE, by_uv=True, source="")
PIPX = Start(Path("/c/pipx/0e55/bin/hotpapers"), Path("/c/pipx/0e55"), HERE, by_uv=False, source="")
COMMIT = "git+https://git.example/papers.git@abc123"


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (UVX, "uvx hotpapers"),
        (UVX._replace(source=COMMIT), f"uvx --from {COMMIT} hotpapers"),
        (UVX._replace(prefix=HERE, called=HERE / "bin/hotpapers"), "uv run hotpapers"),
        (PIPX, "pipx run hotpapers"),
        (PIPX._replace(source="/my wheels/h.whl"), "pipx run --spec '/my wheels/h.whl' hotpapers"),
        (DIRECT, "/srv/env/bin/hotpapers"),
        (DIRECT._replace(called=Path("my env/bin/hotpapers")), "'my env/bin/hotpapers'"),
        (DIRECT._replace(called=HERE / "lib/hotpapers/__main__.py"), "/srv/env/bin/python -m hotpapers"),
        (DIRECT._replace(called=Path("/usr/bin/pytest")), "hotpapers"),
    ],
)
def test_how_it_is_called_again(start: Start, words: str) -> None:
    assert words_of(start) == words


def test_by_name_only_if_the_shell_finds_this_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        (folder / "hotpapers").write_text("#!/bin/sh\n")
        (folder / "hotpapers").chmod(0o755)
    start = DIRECT._replace(called=own / "hotpapers")
    monkeypatch.setenv("PATH", str(own))
    assert words_of(start) == "hotpapers"
    monkeypatch.setenv("PATH", str(other))
    assert words_of(start) == str(own / "hotpapers")


def test_from_another_folder_the_path_is_whole() -> None:
    start = DIRECT._replace(called=Path(".venv/bin/hotpapers"))
    assert words_of(start) == ".venv/bin/hotpapers"
    assert words_of(start, elsewhere=True) == str(Path.cwd() / ".venv/bin/hotpapers")


def test_the_source_is_as_it_was_installed() -> None:
    commit = {"vcs": "git", "requested_revision": "main", "commit_id": "abc123"}
    assert source_of({"url": "https://git.example/papers.git", "vcs_info": commit}) == COMMIT
    assert source_of({"url": "file:///my%20wheels/h.whl", "archive_info": {}}) == "/my wheels/h.whl"
    assert source_of({}) == ""


def test_what_init_and_errors_print_runs(tmp_path: Path) -> None:
    """As a module, in a folder whose name a shell would split."""
    started = [sys.executable, "-m", "hotpapers"]
    folder = "Ann's papers; 2026"
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def output(*words: str) -> str:
        result = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return result.stdout + result.stderr

    *_, line = output(*started, "init", folder).splitlines()
    command = line.removeprefix("next: ").partition("   (")[0]
    assert command.endswith(f"{sys.executable} -m hotpapers run")
    assert "running    no" in output("sh", "-c", command.removesuffix("run") + "status")
    assert f"`{sys.executable} -m hotpapers run` starts it" in output(
        "sh", "-c", command.removesuffix("run") + "status"
    )
    assert output(*started).startswith(f"{sys.executable} -m hotpapers demo --open ")

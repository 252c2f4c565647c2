"""The permissions of the files that the program writes, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers import file_modes
from hotpapers.deliver.files import write_files
from hotpapers.model import RenderedFile
from hotpapers.store import Record
from hotpapers.transfer.backup import backup, restore
from tests.cli import classic_issues
from tests.cli.run import good, run


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Sets a umask for the test."""
    umask_before = os.umask(request.param)
    yield request.param
    os.umask(umask_before)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run commands in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def modes(paths: Iterator[Path]) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in paths}


def test_the_operator_s_files_are_private(folder: Path, umask: int) -> None:
    listing = classic_issues.file(folder)
    good("init")
    good("import", "classic", listing)
    good("issue", "--publication", "hot-papers")
    good("backup", "copy.db")
    good("export", "--output", "whole.jsonl")
    good("export", "--output", "whole.jsonl.zst")
    good("backup", "copy.db", "--restore", "--replace")
    good("backup", "copy.db", "--restore", "--as-backed-up", "--store", "other.db")
    with Record("hotpapers.db") as record:
        record.database.run("INSERT INTO pace VALUES ('papers.example', 1)")
        own_files = [path for path in folder.iterdir() if path != listing and path.is_file()]
        modes_by_name = modes(iter(own_files))
    assert set(modes_by_name) - {"hotpapers.key"} == {  # created where signing is available
        "hotpapers.toml", "hotpapers.db", "hotpapers.db-wal", "hotpapers.db-shm", "hotpapers.db.forgotten",
        "copy.db", "other.db", "other.db.forgotten", "whole.jsonl", "whole.jsonl.zst",
    }  # fmt: skip
    assert set(modes_by_name.values()) == {"0o600"}, modes_by_name


def test_published_files_are_readable_by_everybody(folder: Path, umask: int) -> None:
    good("init")
    good("import", "classic", classic_issues.file(folder))
    good("issue", "--publication", "hot-papers")
    good("publish", "--publication", "hot-papers", "--all", "--to", "site", "--to", "feeds", "--output", "public")
    public = [folder / "public", *(folder / "public").rglob("*")]
    assert set(modes(path for path in public if path.is_dir()).values()) == {"0o755"}
    assert set(modes(path for path in public if path.is_file()).values()) == {"0o644"}


def test_folders_that_are_there_keep_their_rights(tmp_path: Path, umask: int) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine").chmod(0o700)
    write_files(tmp_path / "mine" / "site", [RenderedFile("a/b.html", b"b")])
    assert modes(iter([tmp_path / "mine"])) == {"mine": "0o700"}
    assert modes(iter([tmp_path / "mine" / "site" / "a"])) == {"a": "0o755"}


def test_a_backup_of_a_server_is_private(postgres_url: str, tmp_path: Path, umask: int) -> None:
    with Record(postgres_url) as record:
        backup(record, tmp_path / "copy.db")
    restore(tmp_path / "copy.db", str(tmp_path / "other.db"), as_backed_up=True)
    assert modes(tmp_path.iterdir()) == dict.fromkeys(("copy.db", "other.db", "other.db.forgotten"), "0o600")


def test_status_names_files_that_others_may_read(folder: Path) -> None:
    good("init")
    good("import", "classic", classic_issues.file(folder))
    good("backup", "copy of it.db")
    assert run("status", "--json").json["exposed"] == []
    for name, mode in (("hotpapers.toml", 0o644), ("hotpapers.db", 0o640), ("copy of it.db", 0o602)):
        (folder / name).chmod(mode)
    exposed_lines = [line for line in good("status").splitlines() if line.startswith("exposed")]
    copy = folder / "copy of it.db"
    assert exposed_lines == [
        "exposed    hotpapers.toml: other users can read it; run chmod 600 hotpapers.toml",
        "exposed    hotpapers.db: other users can read it; run chmod 600 hotpapers.db",
        f"exposed    {copy}: other users can read it; run chmod 600 '{copy}'",
    ]
    assert len(run("status", "--json").json["exposed"]) == 3


def test_a_readable_leftover_of_a_crash_is_made_private_again(tmp_path: Path) -> None:
    leftover = tmp_path / "whole.jsonl.part"
    leftover.write_bytes(b"old")
    leftover.chmod(0o666)
    with file_modes.open_private(leftover) as out:
        assert modes(iter([leftover])) == {leftover.name: "0o600"}
        out.write(b"new")
    assert leftover.read_bytes() == b"new"

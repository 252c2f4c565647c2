"""The permissions of the files that the program writes, whatever the umask."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import file_modes
from hotpapers.base.model import RenderedFile
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.publish.deliver.files import write_files
from hotpapers.record import Record
from tests.cli.run import good, run
from tests.wings.classic import classic_issues


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
        back_up_store(record, tmp_path / "copy.db")
    restore_backup(tmp_path / "copy.db", str(tmp_path / "other.db"), as_backed_up=True)
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


TOKEN = "0123456789abcdef"


@pytest.fixture
def known_names(monkeypatch: pytest.MonkeyPatch) -> str:
    """An attacker who guesses every random name."""
    monkeypatch.setattr(secrets, "token_hex", lambda size: TOKEN)
    return TOKEN


@pytest.mark.parametrize("planted", ["link", "link to nowhere", "file"])
def test_nothing_is_written_through_a_name_that_somebody_took(tmp_path: Path, known_names: str, planted: str) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "folder"
    folder.mkdir()
    part = folder / f".hotpapers-{TOKEN}.part"
    if planted == "link":
        victim.write_bytes(b"precious")
    if planted == "file":
        part.write_bytes(b"precious")
    else:
        part.symlink_to(victim)
    with pytest.raises(FileExistsError):
        file_modes.write_atomically(folder / "key", b"secret", file_modes.PRIVATE)
    assert part.is_symlink() or part.read_bytes() == b"precious"
    assert victim.exists() == (planted == "link") and not (folder / "key").exists()


def test_names_of_temporary_files_are_never_the_same(tmp_path: Path) -> None:
    with file_modes.temporary_file(tmp_path, 0o600) as first, file_modes.temporary_file(tmp_path, 0o600) as second:
        assert first.path != second.path
        assert {Path(first.path), Path(second.path)} == set(file_modes.temporary_files(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_file_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    with pytest.raises(IsADirectoryError):
        file_modes.write_atomically(tmp_path / "page", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_only_temporary_files_of_a_kind_are_removed(tmp_path: Path) -> None:
    names = (f".hotpapers-{TOKEN}.part", f".hotpapers-copy-{TOKEN}.part", ".hotpapers-mine.part", f"{TOKEN}.part")
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / f".hotpapers-{TOKEN[::-1]}.part").symlink_to(tmp_path / names[0])
    file_modes.remove_temporary_files(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], f".hotpapers-{TOKEN[::-1]}.part"}
    assert file_modes.temporary_files(tmp_path, "copy") == [tmp_path / names[1]]


def test_a_new_file_does_not_replace_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "shared.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        file_modes.write_new(tmp_path / "shared.key", b"secret")
    assert not (tmp_path / "elsewhere").exists()
    (tmp_path / "hotpapers.toml").symlink_to(tmp_path / "elsewhere")
    assert "already exists; nothing was changed" in run("init", tmp_path).err
    assert not (tmp_path / "elsewhere").exists()


PLANTED = (".hotpapers.part", ".hotpapers.part2", "whole.jsonl.part", "copy.db.part", "hotpapers.key.part", "key.part",
    "entries.part", "1.part", "report.md.part")  # fmt: skip


def test_links_planted_under_the_names_of_earlier_versions_are_not_followed(folder: Path) -> None:
    good("init")
    good("import", "classic", classic_issues.file(folder))
    victim = folder / "victim"
    victim.write_bytes(b"precious")
    (folder / "public").mkdir()
    for name in PLANTED:
        for place in (folder, folder / "public"):
            (place / name).symlink_to(victim)
    good("issue", "--publication", "hot-papers")
    good("publish", "--publication", "hot-papers", "--all", "--to", "site", "--output", "public", "--force")
    good("export", "--output", "whole.jsonl")
    good("backup", "copy.db")
    good("explain", "--help")
    assert victim.read_bytes() == b"precious"

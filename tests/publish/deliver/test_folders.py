"""Folders as deliveries name them: they move with their store, and a copy of the store leaves them alone."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from hotpapers.publish.deliver.export_site import PublishedFolder, folder_of, publications_in, site_forecasts, target_of
from hotpapers.record import Record
from hotpapers.record.record import open_database
from tests.cli.run import good, run
from tests.wings.classic import classic_issues as listings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a store and a site beside it, and another site elsewhere."""
    folder = tmp_path / "home"
    folder.mkdir()
    store = folder / "hotpapers.db"
    good("import", "classic", listings.file(tmp_path), "--store", store)
    for site in (folder / "site", tmp_path / "www"):
        good("publish", "--all", "--to", "site", "--output", site, "--store", store)
    return folder


POST = f"x:{listings.post(100).id}"


def pages(folder: Path) -> dict[Path, int]:
    return {file: os.stat(file).st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def folders(store: Path) -> list[PublishedFolder | None]:
    with Record(str(store)) as record:
        rows = record.database.rows("SELECT DISTINCT target FROM delivery_state ORDER BY target")
        return [folder_of(record.database, target) for (target,) in rows]


# ---- names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["site", "a b/c?d=e#f", "ä", "?store=x", "100%", os.fsdecode(b"\xff")])
def test_a_target_names_its_folder(tmp_path: Path, name: str) -> None:
    with Record(str(tmp_path / "hotpapers.db")) as record:
        database = record.database
        for output in (tmp_path / name, tmp_path.parent / name):
            target = target_of(database, output)
            assert target.isascii() and folder_of(database, target) == PublishedFolder(output.resolve())
        assert target_of(database, tmp_path / "site") == "file:site?store=hotpapers.db"
        assert target_of(database, tmp_path) == "file:.?store=hotpapers.db"
        assert folder_of(database, "https://chat.example/") is None


def test_of_a_store_on_a_server(postgres_url: str, tmp_path: Path) -> None:
    with closing(open_database(postgres_url)) as database:
        target = target_of(database, tmp_path)
        assert folder_of(database, target) == PublishedFolder(tmp_path.resolve())
        assert folder_of(database, f"{target}2") == PublishedFolder(tmp_path.resolve(), f"{target.rpartition('=')[2]}2")


def test_a_server_owns_the_folders_of_a_file_that_was_moved_to_it(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "hotpapers.db"
    with closing(open_database(str(file))) as database:
        targets = [target_of(database, output) for output in (tmp_path / "site", tmp_path.parent / "site")]
    with closing(open_database(postgres_url)) as database:
        owners = [folder_of(database, target) for target in targets]
        file.unlink()
        later = [folder_of(database, target) for target in targets]
    paths = [tmp_path / "site", tmp_path.parent / "site"]
    assert owners == [PublishedFolder(path, str(file)) for path in paths]
    assert later == [PublishedFolder(path) for path in paths], "nobody else can take care of them"


def test_a_store_that_was_moved_to_a_server_finds_its_folders_from_everywhere(
    home: Path, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "backup.db"
    good("backup", backup, "--store", home / "hotpapers.db")
    good("backup", backup, "--restore", "--as-backed-up", "--store", postgres_url)
    (home / "hotpapers.db").unlink()
    monkeypatch.chdir("/")
    good("forget", POST, "--yes", "--store", postgres_url)
    texts = [file.read_text("utf-8") for folder in (home, tmp_path / "www") for file in folder.rglob("*.html")]
    assert len(texts) > 10 and not [text for text in texts if listings.post(100).text in text]


def test_a_store_that_came_back_from_a_server_to_another_folder_finds_its_folders(
    home: Path, postgres_url: str, tmp_path: Path
) -> None:
    backup, elsewhere = tmp_path / "backup.db", tmp_path / "elsewhere"
    elsewhere.mkdir()
    good("backup", backup, "--store", home / "hotpapers.db")
    good("backup", backup, "--restore", "--as-backed-up", "--store", postgres_url)
    (home / "hotpapers.db").unlink()
    good("backup", tmp_path / "second.db", "--store", postgres_url)
    store = elsewhere / "hotpapers.db"
    good("backup", tmp_path / "second.db", "--restore", "--as-backed-up", "--store", store)
    good("forget", POST, "--yes", "--store", store)
    texts = [file.read_text("utf-8") for folder in (home, tmp_path / "www") for file in folder.rglob("*.html")]
    assert len(texts) > 10 and not [text for text in texts if listings.post(100).text in text]


def test_a_file_does_not_own_the_folders_of_the_database_that_it_was_copied_from(
    postgres_url: str, tmp_path: Path
) -> None:
    with closing(open_database(postgres_url)) as database, closing(open_database(str(tmp_path / "copy.db"))) as copy:
        for output in (tmp_path / "site", tmp_path.parent / "site"):
            target = target_of(database, output)
            assert folder_of(copy, target) == PublishedFolder(output.resolve(), target.rpartition("=")[2])


def test_a_renamed_store_knows_whose_files_are_in_a_folder(home: Path) -> None:
    store = (home / "hotpapers.db").rename(home / "papers.db")
    with Record(str(store)) as record:
        assert publications_in(record, home / "site", "site") == {"hot-papers"}
        assert publications_in(record, home / "site", "feeds") == publications_in(record, home, "site") == set()


def test_what_a_store_wrote_where_a_server_s_had_is_its_own(home: Path) -> None:
    with Record(str(home / "hotpapers.db")) as record:
        columns = 'publication, "day", edition, channel, state, receipt, at'
        copied = f"""INSERT INTO delivery_state ({columns}, target) SELECT {columns}, ?
            FROM delivery_state WHERE target LIKE 'file:site%'"""
        with record.database.write():
            record.database.run(copied, [f"file:{home / 'site'}?store=papers"])
    result = run("forget", POST, "--yes", "--store", home / "hotpapers.db")
    assert result.out.count("rendered again") == 2 and "belongs to" not in result.err


# ---- copies --------------------------------------------------------------------------------------------


def test_forgetting_in_a_copy_leaves_the_original_s_pages_alone(home: Path, tmp_path: Path) -> None:
    pages_before = pages(home / "site") | pages(tmp_path / "www")
    for copy in (home / "copy.db", tmp_path / "hotpapers.db"):
        shutil.copy(home / "hotpapers.db", copy)
        result = run("forget", POST, "--yes", "--store", copy)
        assert (result.status, "rendered again" in result.out) == (0, False), result
        assert f"{tmp_path / 'www'}: belongs to {home / 'hotpapers.db'}, of which this store is a copy" in result.err
    assert pages(home / "site") | pages(tmp_path / "www") == pages_before
    result = run("forget", POST, "--yes", "--store", home / "hotpapers.db")
    assert result.out.count("rendered again") == 2
    pages_after = pages(home / "site") | pages(tmp_path / "www")
    assert pages_after != pages_before and pages_after.keys() == pages_before.keys()


def test_a_copy_of_the_whole_folder_renders_its_own_pages(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "twin")
    pages_before = pages(home / "site")
    result = run("forget", POST, "--yes", "--store", tmp_path / "twin" / "hotpapers.db")
    assert f"rendered again: {tmp_path / 'twin' / 'site'}\n" in result.out and result.out.count("rendered again") == 1
    assert pages(home / "site") == pages_before


def test_a_store_that_was_moved_keeps_its_folders(home: Path, tmp_path: Path) -> None:
    home.rename(tmp_path / "new")
    result = run("forget", POST, "--yes", "--store", tmp_path / "new" / "hotpapers.db")
    assert sorted(result.out.splitlines()[1:]) == [
        f"rendered again: {tmp_path / 'new' / 'site'}", f"rendered again: {tmp_path / 'www'}",
    ]  # fmt: skip
    assert folders(tmp_path / "new" / "hotpapers.db") == [
        PublishedFolder(tmp_path / "www"),
        PublishedFolder(tmp_path / "new" / "site"),
    ]


def test_a_copy_forecasts_nothing_of_the_originals_sites(home: Path) -> None:
    shutil.copy(home / "hotpapers.db", home / "copy.db")
    assert len(run("status", "--json", "--store", home / "hotpapers.db").json["sites"]) == 2
    assert run("status", "--json", "--store", home / "copy.db").json["sites"] == []


def test_a_folder_is_forecast_once(home: Path) -> None:
    with Record(str(home / "hotpapers.db")) as record:
        before = site_forecasts(record, 10**9)
    (home / "hotpapers.db").rename(home / "papers.db")
    good("publish", "--all", "--to", "site", "--output", home / "site", "--store", home / "papers.db")
    with Record(str(home / "papers.db")) as record:
        assert site_forecasts(record, 10**9) == before

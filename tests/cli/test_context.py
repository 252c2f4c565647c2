"""A command's settings and store: hotpapers.toml, --config, --store."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.base.settings import default_settings
from hotpapers.site.configured_site import store_address
from hotpapers.site.site import Site
from tests.cli.run import good, misuse, run
from tests.wings.classic import classic_issues

WEEKLY = '[[publication]]\nname = "weekly"\nwindow = "weekly"\nzone = "Asia/Tokyo"\n'


def write_settings(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / settings.FILE
    file.write_text(text, "utf-8")
    return file


def test_without_settings_the_store_is_in_this_folder(cwd: Path) -> None:
    site = Site.open()
    assert (site.settings, site.file, site.store) == (default_settings(), Path("hotpapers.toml"), "hotpapers.db")
    good("import", "classic", classic_issues.file(cwd))
    assert (cwd / "hotpapers.db").is_file()
    assert "store      hotpapers.db (" in good("status")


def test_the_settings_of_this_folder_name_the_store(cwd: Path) -> None:
    write_settings(cwd, 'store = "kept/papers.db"\n' + WEEKLY)
    (cwd / "kept").mkdir()
    good("import", "classic", classic_issues.file(cwd))
    assert (cwd / "kept" / "papers.db").is_file() and not (cwd / "hotpapers.db").exists()


def test_paths_in_settings_start_from_their_folder(cwd: Path) -> None:
    file = write_settings(cwd.parent / "project", 'store = "papers.db"\n[publish]\nchannels = ["classic"]\n')
    good("import", "classic", classic_issues.file(cwd), "--config", file)
    output = good("publish", "--all", "--config", file)
    assert output == f"classic: 1 file in {cwd.parent / 'project' / 'public'}, 1 changed\n"
    assert {f.name for f in file.parent.iterdir()} == {"hotpapers.toml", "papers.db", "public"}


@pytest.mark.parametrize(
    ("store", "address"),
    [
        ("papers.db", "set/papers.db"),
        ("/abs/papers.db", "/abs/papers.db"),
        ("~/papers.db", "/home/you/papers.db"),
        ("sqlite:////abs/papers.db", "sqlite:////abs/papers.db"),
        ("sqlite:///papers.db", "sqlite:///set/papers.db"),
        ("postgresql://host/papers", "postgresql://host/papers"),
    ],
)
def test_a_stores_address_in_settings(store: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/you")
    assert store_address(Path("set"), store) == address


def test_settings_do_not_reach_another_store(cwd: Path, store: Path) -> None:
    """The publications in this folder's hotpapers.toml don't apply to another store."""
    write_settings(cwd, WEEKLY)
    assert "1 publication\n" in good("status", "--store", store)
    good("issue", "--store", store)  # one publication, so none must be chosen
    assert "issues     1 frozen, of 1 publication\n" in good("status", "--store", store)


def test_settings_reach_their_own_store_by_any_name(cwd: Path) -> None:
    write_settings(cwd, WEEKLY)
    good("import", "classic", classic_issues.file(cwd))
    for name in ("hotpapers.db", "./hotpapers.db", f"sqlite:///{cwd / 'hotpapers.db'}"):
        assert Site.open(store=name).settings.publication[0].name == "weekly"
    assert Site.open(store="postgresql:///hotpapers.db").settings == default_settings()


def test_settings_that_are_named_reach_the_store_that_is_named(cwd: Path, store: Path) -> None:
    file = write_settings(cwd.parent / "project", WEEKLY)
    assert good("issue", "--store", store, "--config", file).startswith("# "), "of the first publication"


def test_publications_are_taken_over_once_and_only_where_they_are_wanted(cwd: Path, store: Path) -> None:
    file = write_settings(cwd, WEEKLY)
    options = ("--store", store, "--config", file)
    status = good("status", "--store", store, "--json")
    for command in (["verify", "--all"], ["status"], ["prune"], ["export"], ["export", "--format", "csv"]):
        good(*command, *options)
    assert good("status", "--store", store, "--json") == status
    good("publish", "--all", "--publication", "hot-papers", "--to", "classic", "--output", cwd / "a", *options)
    batches = run("status", "--store", store, "--json").json["batches"]
    good("publish", "--all", "--publication", "hot-papers", "--to", "classic", "--output", cwd / "a", *options)
    assert run("status", "--store", store, "--json").json["batches"] == batches
    write_settings(cwd, WEEKLY.replace("weekly", "sunday", 1))
    assert misuse("issue", *options, "--publication", "no").endswith(": hot-papers, sunday, weekly")


@pytest.mark.parametrize("command", [["status"], ["import", "classic", "x"], ["publish", "--all"], ["verify", "--all"]])
def test_settings_that_cannot_be_used_stop_every_command(cwd: Path, command: list[str]) -> None:
    write_settings(cwd, "sotre = 'x'")
    assert (
        misuse(*command)
        == "hotpapers.toml: sotre: no such setting; did you mean store? (store: a path, or postgresql://…)"
    )


def test_a_store_needs_a_name(cwd: Path) -> None:
    assert misuse("status", "--store", "") == "--store: is empty; write a path, such as hotpapers.db"


def test_named_settings_must_be_there(cwd: Path) -> None:
    assert misuse("status", "--config", "no.toml") == "no.toml: no such file; `hotpapers init` creates one"


def test_rankings_and_channels_are_checked_where_they_are_known(cwd: Path) -> None:
    good("import", "classic", classic_issues.file(cwd))
    write_settings(cwd, WEEKLY + 'ranking = "luck/1"\n')
    message = misuse("issue")
    assert (
        message == "hotpapers.toml: publication 'weekly': ranking: 'luck/1' is not one of classic/1, rarity/1, rarity/2"
    )
    write_settings(cwd, '[publish]\nchannels = ["site", "pigeon"]\n')
    assert (
        misuse("publish", "--all")
        == "hotpapers.toml: publish.channels: 'pigeon' is not one of feeds, markdown, site, classic"
    )


def test_the_store_file_is_known_by_any_name(cwd: Path) -> None:
    site = Site.open(store="a.db")
    for name in ("a.db", "./a.db", cwd / "a.db", "a.db-wal", "a.db-shm"):
        assert site.is_store_file(Path(name))
    assert not site.is_store_file(Path("b.db"))
    assert not Site.open(store="postgresql:///a.db").is_store_file(Path("a.db"))

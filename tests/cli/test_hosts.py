"""Hosts: the files that `init` writes for them, and the command for hosts that start the program on a schedule."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from hotpapers import settings
from hotpapers.cli import init
from tests.cli.run import good, misuse

UNITS = ("hotpapers.service", "hotpapers-serve.service")

# ---- init for hosts ------------------------------------------------------------------------------------


def test_init_writes_a_host_beside_new_and_beside_old_settings(here: Path) -> None:
    said = good("init", "new", "--systemd", "--contact", "desk@paper.example")
    assert said.splitlines()[-2:] == ["new/hotpapers.service", "new/hotpapers-serve.service"]
    (here / "old").mkdir()
    (here / "old" / "hotpapers.toml").write_text('[[publication]]\nname = "daily"\n')
    assert good("init", "old", "--systemd").splitlines() == ["old/hotpapers.service", "old/hotpapers-serve.service"]
    assert {file.name for file in (here / "old").iterdir()} == {"hotpapers.toml", *UNITS}
    assert misuse("init", "old", "--systemd", "--contact", "x") == (
        "old/hotpapers.toml: already exists; set the contact there"
    )


def test_init_writes_over_nothing_unless_it_is_told_to(here: Path) -> None:
    good("init", "--github-pages")
    workflow = here / ".github" / "workflows" / "hotpapers.yml"
    good("init", "--github-pages")  # running it again changes nothing
    (here / ".gitignore").write_text("mine\n")
    workflow.write_text("mine\n")
    assert misuse("init", "--container", "--github-pages").endswith(
        "hotpapers.yml: already exists; --replace overwrites it. Nothing was changed."
    )
    assert workflow.read_text() == "mine\n" and not (here / "Containerfile").exists()
    said = good("init", "--github-pages", "--replace")
    assert ".gitignore: already exists and was kept" in said
    assert workflow.read_text("utf-8").startswith("# Collects") and (here / ".gitignore").read_text() == "mine\n"


def test_a_workflow_needs_a_store_beside_it(here: Path) -> None:
    for store in ("postgresql://db.example/papers", "/srv/hotpapers.db", "~/hotpapers.db", "../hotpapers.db"):
        (here / "hotpapers.toml").write_text(f'store = "{store}"\n')
        assert "GitHub Pages needs a file next to hotpapers.toml" in misuse("init", "--github-pages")


def test_a_new_container_answers_its_health_check(here: Path) -> None:
    good("init", "--container", "--contact", "")
    assert settings.load(here / "hotpapers.toml").run.listen == "127.0.0.1:9464"
    assert "127.0.0.1:9464/health" in (here / "Containerfile").read_text()
    (here / "old").mkdir()
    (here / "old" / "hotpapers.toml").write_text("")
    assert 'to do: set listen = "127.0.0.1:9464" in [run]' in good("init", "old", "--container")


def test_units_name_this_machine(here: Path) -> None:
    good("init", "--systemd", "--contact", "")
    unit = (here / "hotpapers.service").read_text()
    assert f"\nWorkingDirectory={here}\n" in unit and f"\nReadWritePaths={here}\n" in unit
    assert re.search(r"^ExecStart=/\S+ .*run$", unit, re.M) and re.search(r"^User=(?!root)\w+$", unit, re.M)
    assert "@" not in re.sub(r"SystemCallFilter.*", "", unit)


def test_the_program_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "hotpapers")])
    assert init._program() == (str(tmp_path / "hotpapers"),)
    monkeypatch.setattr(sys, "argv", ["/somewhere/pytest"])
    assert init._program() == (sys.executable, "-m", "hotpapers")


# ---- the command and the site ----------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    file = tmp_path / "hotpapers.toml"
    file.write_text('[[publication]]\nname = "daily"\ntitle = "The Daily Kettle"\n')
    return file


def test_the_command_notes_and_renders(home: Path, tmp_path: Path) -> None:
    assert "min after its planned time" in good("scheduled", "begin", "--config", home)
    assert "UTC, by hand" in good("scheduled", "begin", "--because", "workflow_dispatch", "--config", home)
    output = tmp_path / "out"
    said = good("scheduled", "end", "--outcome", "success", "--output", output, "--config", home)
    assert said.startswith("success: no problems\n") and "the next run is due by " in said
    assert (output / "index.html").is_file() and (output / "feeds" / "issues.atom").is_file()
    assert set(json.loads((output / "schedule.json").read_text())) == {"outcome", "began", "ended", "next_by", "where"}
    assert "is not empty" in misuse("scheduled", "end", "--outcome", "success", "--output", output, "--config", home)


def test_the_command_as_json(home: Path, tmp_path: Path) -> None:
    good("scheduled", "begin", "--config", home)
    ends = ("scheduled", "end", "--outcome", "skipped", "--output", tmp_path / "out", "--config", home)
    told = json.loads(good(*ends, "--where", "https://log.example/7", "--json"))
    assert told["outcome"] == "failure" and told["problems"] == ["the run ended with skipped"] and told["files"] > 5
    public = json.loads((tmp_path / "out" / "schedule.json").read_text())
    assert public["where"] == told["where"] == "https://log.example/7" and "problems" not in public


def test_what_the_command_needs(home: Path, tmp_path: Path) -> None:
    assert "end needs --outcome and --output" in misuse("scheduled", "end", "--config", home)
    good("scheduled", "begin", "--config", home)
    home.write_text("")
    assert "no publication configured" in misuse(
        "scheduled", "end", "--outcome", "success", "--output", tmp_path / "out", "--config", home
    )


def test_several_publications_have_a_folder_each_and_a_door(home: Path, tmp_path: Path) -> None:
    home.write_text(
        '[[publication]]\nname = "daily"\ntitle = "Kettles & <Tea>"\n'
        '[[publication]]\nname = "weekly"\nwindow = "weekly"\n'
    )
    good("scheduled", "begin", "--config", home)
    output = tmp_path / "out"
    ends = ("scheduled", "end", "--outcome", "success", "--output", output, "--config", home)
    good(*ends, "--base", "https://papers.example")
    door = (output / "index.html").read_text()
    assert '<a href="daily/index.html">Kettles &amp; &lt;Tea&gt;</a>' in door and 'href="weekly/index.html"' in door
    feed = (output / "weekly" / "feeds" / "issues.atom").read_text()
    assert "https://papers.example/weekly/feeds/issues.atom" in feed


def test_an_address_in_the_settings_goes_first(home: Path, tmp_path: Path) -> None:
    home.write_text(home.read_text() + '[publish]\nbase = "https://own.example/"\n')
    good("scheduled", "begin", "--config", home)
    ends = ("scheduled", "end", "--outcome", "success", "--output", tmp_path / "out", "--config", home)
    good(*ends, "--base", "https://host.example/papers/")
    assert "https://own.example/feeds/" in (tmp_path / "out" / "feeds" / "issues.atom").read_text()

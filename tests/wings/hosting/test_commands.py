"""Hosts: the files that `init` writes for them, and the command for hosts that start the program on a schedule."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from hotpapers.base.model import HOUR
from hotpapers.cli import init
from hotpapers.jobs.job_state import JobState
from hotpapers.jobs.queries import save_state
from hotpapers.record import Record, current_time
from tests.cli.run import good, misuse

UNITS = ("hotpapers.service", "hotpapers-serve.service")

# ---- init for hosts ------------------------------------------------------------------------------------


def test_init_writes_a_host_beside_new_and_beside_old_settings(cwd: Path) -> None:
    output = good("init", "new", "--systemd", "--contact", "desk@paper.example")
    to_do = "to do: `hotpapers docs hosting`: copy the units to /etc/systemd/system, and enable and start them"
    assert output.splitlines()[-3:] == [*(f"new/{unit}" for unit in UNITS), to_do]
    (cwd / "old").mkdir()
    (cwd / "old" / "hotpapers.toml").write_text('[[publication]]\nname = "daily"\n')
    assert good("init", "old", "--systemd").splitlines() == [*(f"old/{unit}" for unit in UNITS), to_do]
    assert {file.name for file in (cwd / "old").iterdir()} == {"hotpapers.toml", *UNITS}
    assert misuse("init", "old", "--systemd", "--contact", "a@b.example") == (
        "old/hotpapers.toml: already exists; set the contact there"
    )


def test_init_writes_over_nothing_unless_it_is_told_to(cwd: Path) -> None:
    good("init", "--github-pages")
    workflow = cwd / ".github" / "workflows" / "hotpapers.yml"
    good("init", "--github-pages")  # running it again changes nothing
    (cwd / ".gitignore").write_text("mine\n")
    workflow.write_text("mine\n")
    assert misuse("init", "--container", "--github-pages").endswith(
        "hotpapers.yml: already exists; --replace overwrites it. Nothing was changed."
    )
    assert workflow.read_text() == "mine\n" and not (cwd / "Containerfile").exists()
    output = good("init", "--github-pages", "--replace")
    assert ".gitignore: already exists and was kept" in output
    assert workflow.read_text("utf-8").startswith("# Collects") and (cwd / ".gitignore").read_text() == "mine\n"


def test_a_workflow_needs_a_store_beside_it(cwd: Path) -> None:
    for store in ("postgresql://db.example/papers", "/srv/hotpapers.db", "~/hotpapers.db", "../hotpapers.db"):
        (cwd / "hotpapers.toml").write_text(f'store = "{store}"\n')
        assert "GitHub Pages needs a file next to hotpapers.toml" in misuse("init", "--github-pages")


def test_a_new_container_needs_no_setting_for_its_health_check(cwd: Path) -> None:
    good("init", "--container", "--contact", "")
    assert (
        "hotpapers" in (cwd / "Containerfile").read_text() and "9464/health" not in (cwd / "Containerfile").read_text()
    )
    (cwd / "old").mkdir()
    (cwd / "old" / "hotpapers.toml").write_text("")
    assert "set listen" not in good("init", "old", "--container")


def test_units_name_this_machine(cwd: Path) -> None:
    good("init", "--systemd", "--contact", "")
    unit = (cwd / "hotpapers.service").read_text()
    assert f"\nWorkingDirectory={cwd}\n" in unit and f"\nReadWritePaths={cwd}\n" in unit
    assert re.search(r"^ExecStart=/\S+ .*run$", unit, re.M) and re.search(r"^User=(?!root)\w+$", unit, re.M)
    assert "@" not in re.sub(r"SystemCallFilter.*", "", unit)


def test_the_program_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "hotpapers")])
    assert init._program() == (str(tmp_path / "hotpapers"),)
    monkeypatch.setattr(sys, "argv", ["/somewhere/pytest"])
    assert init._program() == (sys.executable, "-m", "hotpapers")


# ---- the command and the site ----------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config_file = tmp_path / "hotpapers.toml"
    config_file.write_text('[[publication]]\nname = "daily"\ntitle = "The Daily Kettle"\n')
    return config_file


def test_the_command_notes_and_renders(config: Path, tmp_path: Path) -> None:
    assert re.search(r"\d (min|h|days|s) after its planned time", good("scheduled", "begin", "--config", config))
    assert "UTC, by hand" in good("scheduled", "begin", "--because", "workflow_dispatch", "--config", config)
    output = tmp_path / "out"
    text = good("scheduled", "end", "--outcome", "success", "--output", output, "--config", config)
    assert text.startswith("success: no problems\n") and "the next run is due by " in text
    assert (output / "index.html").is_file() and (output / "feeds" / "issues.atom").is_file()
    assert set(json.loads((output / "schedule.json").read_text())) == {"outcome", "began", "ended", "next_by", "where"}
    assert "is not empty" in misuse("scheduled", "end", "--outcome", "success", "--output", output, "--config", config)


def test_a_job_that_is_done_early_is_no_problem_of_a_long_run(config: Path, tmp_path: Path) -> None:
    good("scheduled", "begin", "--config", config)
    with Record(str(tmp_path / "hotpapers.db")) as record:
        done_at = current_time() - HOUR
        save_state(record, JobState(source="lobsters", started_at=done_at, success_at=done_at))
    text = good("scheduled", "end", "--outcome", "success", "--output", tmp_path / "out", "--config", config)
    assert text.startswith("success: no problems\n")


def test_the_command_as_json(config: Path, tmp_path: Path) -> None:
    good("scheduled", "begin", "--config", config)
    command = ("scheduled", "end", "--outcome", "skipped", "--output", tmp_path / "out", "--config", config)
    result = json.loads(good(*command, "--where", "https://log.example/7", "--json"))
    assert (
        result["outcome"] == "failure" and result["problems"] == ["the run ended with skipped"] and result["files"] > 5
    )
    public = json.loads((tmp_path / "out" / "schedule.json").read_text())
    assert public["where"] == result["where"] == "https://log.example/7" and "problems" not in public


def test_what_the_command_needs(config: Path, tmp_path: Path) -> None:
    assert "end needs --outcome and --output" in misuse("scheduled", "end", "--config", config)
    good("scheduled", "begin", "--config", config)
    config.write_text("")
    assert "no publication configured" in misuse(
        "scheduled", "end", "--outcome", "success", "--output", tmp_path / "out", "--config", config
    )


DAILY = '[[publication]]\nname = "daily"\ntitle = "Kettles & <Tea>"\n'
WEEKLY = '[[publication]]\nname = "weekly"\nwindow = "weekly"\n'


def test_the_first_publication_stays_at_the_top_and_the_others_have_folders(config: Path, tmp_path: Path) -> None:
    config.write_text(DAILY)
    good("scheduled", "begin", "--config", config)
    good("scheduled", "end", "--outcome", "success", "--output", tmp_path / "before", "--config", config)
    config.write_text(DAILY + WEEKLY)
    good("scheduled", "begin", "--config", config)
    output = tmp_path / "out"
    command = ("scheduled", "end", "--outcome", "success", "--output", output, "--config", config)
    good(*command, "--base", "https://papers.example")
    for folder in (tmp_path / "before", output):
        assert '<a href="index.html" tabindex="-1">Kettles &amp; &lt;Tea&gt;</a>' in (folder / "index.html").read_text()
    assert "https://papers.example/feeds/issues.atom" in (output / "feeds" / "issues.atom").read_text()
    feed = (output / "weekly" / "feeds" / "issues.atom").read_text()
    assert "https://papers.example/weekly/feeds/issues.atom" in feed
    config.write_text(WEEKLY + DAILY)
    assert misuse(*command[:-3], tmp_path / "moved", *command[-2:]) == (
        f"weekly: its pages are at weekly/ and would move to the top, to other addresses; write the publications in "
        f"{config} in the order that they had"
    )


def test_an_address_in_the_settings_goes_first(config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text() + '[publish]\nbase = "https://own.example/"\n')
    good("scheduled", "begin", "--config", config)
    command = ("scheduled", "end", "--outcome", "success", "--output", tmp_path / "out", "--config", config)
    good(*command, "--base", "https://host.example/papers/")
    assert "https://own.example/feeds/" in (tmp_path / "out" / "feeds" / "issues.atom").read_text()

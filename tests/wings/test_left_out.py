"""The core works where wings are left out of the installation."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hotpapers.wings import BUILT_IN
from tests.cli.run import Result, command_line, environment, run_process
from tests.cli.test_start import page
from tests.wings.test_absent import copy_without

COMMANDS = {"log", "follow", "mail"}
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package."""
    folder = tmp_path_factory.mktemp("core")
    copy_without(BUILT_IN, folder)
    return folder


def test_a_site_begins_publishes_and_verifies(core: Path, cwd: Path) -> None:
    def run(*args: str | Path) -> Result:
        result = run_process(*args, PYTHONPATH=str(core))
        assert (result.status, result.err) == (0, ""), result
        return result

    listed = {line.split()[0] for line in run("--help").out.partition("Begin:")[2].splitlines() if line.strip()}
    assert {"publish", "verify"} <= listed and not listed & COMMANDS
    run("init", "--contact", "")
    assert {path.name for path in cwd.iterdir()} == {"hotpapers.toml", "hotpapers.db"}
    assert "[transparency]" not in (cwd / "hotpapers.toml").read_text("utf-8")
    run("demo", "demo")
    week = ("--config", "demo/made-up-week/hotpapers.toml")
    run("publish", "--all", *week)
    site = cwd / "demo/made-up-week/public/site"
    assert (site / "index.html").is_file() and not (site / "log").exists()
    assert run("verify", "--all", *week).out.startswith("verified")
    assert "sound      yes" in run("status", *week).out


def test_settings_of_a_wing_that_is_left_out_say_so(core: Path, cwd: Path) -> None:
    (cwd / "hotpapers.toml").write_text('[mailing]\nrelay = "smtp.papers.example"\n')
    result = run_process("status", PYTHONPATH=str(core))
    assert result.status == 2 and "mailing: no such table; it may belong to a wing that is not" in result.message
    room = '[[chat]]\nname = "lab"\npublication = "daily"\nurl = "json://localhost"\n'
    (cwd / "hotpapers.toml").write_text(f'[[publication]]\nname = "daily"\n{room}')
    result = run_process("status", PYTHONPATH=str(core))
    assert result.status == 2 and "chat: no wing that is installed sends it" in result.message
    assert [line.split()[0] for line in run_process("wings", PYTHONPATH=str(core)).out.splitlines()] == []


def test_saved_pages_cannot_be_verified(core: Path, cwd: Path) -> None:
    for args in (("saved.html",), ("--site", ".")):
        result = run_process("verify", *args, PYTHONPATH=str(core))
        assert result.status == 2 and result.message == "this installation can verify stores only, not what was saved"


def test_the_app_answers(core: Path, demo: Path) -> None:
    command = command_line("serve", "--port", "0", "--store", demo, "--publication", "hot-papers")
    variables = environment(PYTHONPATH=str(core), PYTHONUNBUFFERED="1")
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            address = child.stdout.readline().partition(": ")[2].split()[0]
            assert "<h1" in page(address)
            assert '"proof":""' in page(f"{address}api/v1/publications/hot-papers/issues/2021-01-14")
        finally:
            child.kill()

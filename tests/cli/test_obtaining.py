"""The first minutes: the program without a command, the demo in a browser, and what `init` asks on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hotpapers.base import settings
from hotpapers.cli import init
from tests.cli.run import good, misuse, run, run_process


def test_alone_it_says_what_to_do_next_in_three_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    elsewhere = good()
    (tmp_path / "hotpapers.toml").write_text("")
    for text in (elsewhere, good()):
        lines = text.splitlines()
        assert len(lines) == 3 and all(line.startswith("hotpapers ") for line in lines)
        for line in lines:
            assert run(line.split()[1], "--help").status == 0
    assert elsewhere.startswith("hotpapers demo --open") and good().startswith("hotpapers check")


@pytest.mark.long
def test_the_demo_opens_in_a_browser(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!{sys.executable}\nimport sys\nopen({str(tmp_path / "opened")!r}, "a").write(sys.argv[1] + "\\n")'
    )
    browser.chmod(0o755)
    result = run_process("demo", tmp_path / "demo", "--open", BROWSER=f"{browser} %s")
    assert result.status == 0, result.err
    for line in (tmp_path / "opened").read_text().split():
        assert Path(line.removeprefix("file://")).is_file()
    assert len((tmp_path / "opened").read_text().split()) == 2


def init_output(folder: Path, monkeypatch: pytest.MonkeyPatch, answers: str, *options: str) -> str:
    """What `init` prints if somebody answers its questions."""
    monkeypatch.setattr(init, "is_terminal", lambda: True)
    result = run("init", folder, *options, input=answers.encode())
    assert result.status == 0, result
    return result.out


def test_init_asks_for_what_most_people_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    out = init_output(
        tmp_path, monkeypatch, "cs.LG\nhttps://library.example/\ncs.XX\ncs.LG, stat.ML\nMachine Papers\n25\n6\n\nhere\n"
    )
    [publication] = settings.load(tmp_path / "hotpapers.toml").publication
    assert (publication.categories, publication.title) == (("cs.LG", "stat.ML"), "Machine Papers")
    assert (publication.hour, publication.zone) == (6, "Asia/Tokyo")
    assert "reads, without a key: arxiv, bluesky," in out and "reads x with on = true in [source.x], token" in out


def test_init_asks_only_for_what_options_leave_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--contact", "", "--field", "math.NT", "--title", "Numbers", "--hour", "9", "--zone", "Europe/Zurich")
    out = init_output(tmp_path, monkeypatch, "systemd\n", *options)
    assert (tmp_path / "hotpapers.service").is_file() and "hotpapers.service" in out
    assert settings.load(tmp_path / "hotpapers.toml").publication[0].zone == "Europe/Zurich"


def test_init_asks_nothing_without_a_terminal(tmp_path: Path) -> None:
    good("init", tmp_path)
    assert (tmp_path / "hotpapers.toml").read_text() == settings.template()


@pytest.mark.parametrize(
    ("options", "categories", "papers"),
    [
        (["biorxiv: neuroscience"], (), ("biorxiv: neuroscience",)),
        (["medrxiv", "cs.LG"], ("cs.LG",), ("medrxiv",)),
        (["cs.LG stat.ML", "arxiv: q-bio,biorxiv: Cell Biology"], ("cs.LG", "stat.ML"),
         ("arxiv: q-bio", "biorxiv: Cell Biology")),
    ],
)  # fmt: skip
def test_init_takes_fields_of_any_server(
    options: list[str], categories: tuple[str, ...], papers: tuple[str, ...], tmp_path: Path
) -> None:
    good("init", tmp_path, *(part for option in options for part in ("--field", option)))
    [publication] = settings.load(tmp_path / "hotpapers.toml").publication
    assert (publication.categories, publication.papers) == (categories, papers)


def test_init_refuses_what_settings_refuse(tmp_path: Path) -> None:
    assert "Europe/Zurch" in misuse("init", tmp_path / "a", "--zone", "Europe/Zurch")
    assert "cs.XX" in misuse("init", tmp_path / "a", "--field", "cs.XX")
    assert "did you mean neuroscience?" in misuse("init", tmp_path / "a", "--field", "biorxiv: neurosience")
    assert "write biorxiv alone" in misuse("init", tmp_path / "a", "--field", "biorxiv:")
    assert not (tmp_path / "a").exists()
    good("init", tmp_path / "b")
    assert "set the title there" in misuse("init", tmp_path / "b", "--systemd", "--title", "Other")


def test_the_time_zone_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, zone in ((":America/Lima", "America/Lima"), ("EST5EDT,M3.2.0", "UTC"), ("No/Where", "UTC")):
        monkeypatch.setenv("TZ", value)
        assert init.system_zone() == zone

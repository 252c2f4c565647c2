"""A publication that gets another name or window, and a folder that is deleted: told with what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hotpapers.site import demo as week
from tests.cli.run import good, misuse, run

OFF = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
OFF += '[source.lobsters]\nbase = "http://127.0.0.1:9"\n'
DAY = week.DAYS[-1]


@pytest.fixture
def going_on(site: Path) -> Path:
    """The demo's week as a publication that goes on, published."""
    file = site / "hotpapers.toml"
    file.write_text(file.read_text().replace("last_day = ", "# ") + OFF)
    good("publish", "--all", "--to", "site")
    return file


def check_output(file: Path) -> str:
    return run("check", "--config", file).out


def test_another_name_is_told_with_both_remedies(going_on: Path) -> None:
    going_on.write_text(going_on.read_text().replace(f'name = "{week.NAME}"', 'name = "week-of-papers"'))
    remedies = (
        f'if it is the same publication, write name = "{week.NAME}" again, and change its title, which readers see; '
        f"if '{week.NAME}' has ended, keep its [[publication]] with last_day = \"{DAY}\", and give the new one an "
        "output of its own"
    )
    issues = f"the store has 29 issues of '{week.NAME}', which is no longer in the settings"
    expected = f"hotpapers.toml: publication 'week-of-papers': name: {issues}; {remedies}"
    assert misuse("run", "--once") == expected
    assert expected in check_output(going_on)
    ended = (
        f'[[publication]]\nname = "{week.NAME}"\ntitle = "Old"\nlast_day = "{DAY}"\n\n[[publication]]\noutput = "new"'
    )
    going_on.write_text(going_on.read_text().replace("[[publication]]", ended))
    assert "no longer in the settings" not in check_output(going_on) + run("run", "--once").err


def test_another_window_is_told_with_both_remedies(going_on: Path) -> None:
    text = going_on.read_text()
    going_on.write_text(text.replace("title =", 'window = "weekly"\ntitle ='))
    expected = (
        f"hotpapers.toml: publication '{week.NAME}': window: its issues so far are daily; to go on with them, write "
        'window = "daily" again; for weekly issues, add another [[publication]] with a name of its own'
    )
    for command in (("run", "--once"), ("publish", "--all"), ("issue",)):
        assert misuse(*command) == expected
    assert expected in check_output(going_on)
    going_on.write_text(text)
    assert "window:" not in check_output(going_on)
    good("publish", "--all", "--to", "site")


def test_a_publication_without_issues_may_change(cwd: Path) -> None:
    good("init", ".", "--contact", "https://library.example.org/")
    file = cwd / "hotpapers.toml"
    file.write_text(file.read_text().replace('name = "daily"', 'name = "other"\nwindow = "weekly"') + OFF)
    assert "write name" not in check_output(file) and "window:" not in check_output(file)


def test_publish_writes_a_deleted_folder_again(going_on: Path) -> None:
    folder = going_on.parent / "public" / "site"
    pages = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    result = run("publish", DAY, "--to", "site")
    assert result.err == "hotpapers: public/site: site was deleted, and is written again with 29 issues\n"
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == pages
